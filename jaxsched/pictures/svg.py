"""What a notebook shows of schedules: an SVG of about a kB, without matplotlib."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import Any

import numpy as np

from jaxsched.grids import Grid
from jaxsched.pictures.turns import extent, line, samples
from jaxsched.schedule import Schedule, is_known

WIDTH, HEIGHT = 380, 150
LEFT, RIGHT, TOP, BOTTOM = 64, 370, 26, 126  # of the curves
TITLE = 58  # characters
END = 17  # characters of the name of the first or the last curve
FAMILY = 24  # curves of a grid
GREY = "#808080"  # with the colours below readable on white and on black
NEAR = 0.2  # pixels that a curve may be off


def of_schedule(schedule: Schedule) -> str | None:
    """The curve of a schedule, or None where its numbers are not known."""
    return _picture([schedule], repr(schedule), []) if is_known(schedule) else None


def of_grid(grid: Grid) -> str | None:
    """The curves of a grid, or some of them, evenly chosen; None where numbers are not known."""
    points = list(grid)
    chosen = np.linspace(0, len(points) - 1, min(len(points), FAMILY)).round().astype(int)
    if not all(is_known(points[i]) for i in chosen):
        return None
    some = f"{len(chosen)} of {len(points)} in " if len(chosen) < len(points) else ""
    ends = [grid.records()[i].values() for i in (0, -1)]
    names = [", ".join(_named(value) for value in values) for values in ends]
    return _picture([points[i] for i in chosen], some + repr(grid), names)


def _named(value: Any) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def _shortened(text: str, longest: int) -> str:
    return escape(text if len(text) <= longest else f"{text[: longest - 4]} ...", quote=False)


def _picture(schedules: Sequence[Schedule], title: str, ends: Sequence[str]) -> str:
    """The curves; `ends` are the names of the first and the last of several."""
    steps = max(map(extent, schedules))
    columns = (RIGHT - LEFT) // (1 + len(schedules) // 8)  # or a family would be a big file
    curves = [line(s, samples(s, steps, columns)) for s in schedules]
    known = np.concatenate([values[np.isfinite(values)] for _, values in curves])
    low, high = (known.min(), known.max()) if len(known) else (0.0, 0.0)
    lines = []

    def colour(i: int) -> str:
        return f"hsl({210 + 180 * i // max(1, len(curves) - 1)},60%,50%)"  # from blue to orange

    for i, (counts, values) in enumerate(curves):
        finite = np.isfinite(values)
        if not finite.any():
            continue
        x = LEFT + (RIGHT - LEFT) * counts[finite] / steps
        y = TOP + (BOTTOM - TOP) * (high - values[finite]) / ((high - low) or 1.0)
        points = " ".join(f"{a:.1f},{b:.1f}" for a, b in _thinned(x, y))
        lines.append(f'<polyline stroke="{colour(i)}" points="{points}"/>')

    def text(x: float, y: float, anchor: str, words: str, fill: str = GREY) -> str:
        return f'<text x="{x}" y="{y}" text-anchor="{anchor}" fill="{fill}">{words}</text>'

    shown = _shortened(title, TITLE)
    labels = [
        text(WIDTH / 2, 14, "middle", shown),
        text(LEFT - 6, TOP + 4, "end", f"{high:.4g}"),
        text(LEFT, HEIGHT - 8, "middle", "0"),
        text(RIGHT, HEIGHT - 8, "end", f"{steps}"),
    ]
    if low < high:
        labels.append(text(LEFT - 6, BOTTOM + 4, "end", f"{low:.4g}"))
    if len(curves) > 1:
        middle = (LEFT + RIGHT) / 2 - 12  # the last count is wider than the first
        first, last = (_shortened(name, END) for name in ends)
        labels.append(text(middle - 12, HEIGHT - 8, "end", first, colour(0)))
        labels.append(text(middle + 12, HEIGHT - 8, "start", last, colour(len(curves) - 1)))
    if len(curves) > 2:
        labels.append(text(middle, HEIGHT - 8, "middle", "…"))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{HEIGHT}" '
        f'viewBox="0 0 {WIDTH} {HEIGHT}" role="img"><title>{shown}</title>'
        f'<path d="M{LEFT} {TOP}V{BOTTOM}H{RIGHT}" fill="none" stroke="{GREY}"/>'
        f'<g fill="none" stroke-width="1.5" stroke-linejoin="round">{"".join(lines)}</g>'
        f'<g font-family="sans-serif" font-size="11">{"".join(labels)}</g></svg>'
    )


def _thinned(x: Any, y: Any) -> Any:
    """The points of a line without those next to the straight way between the others.

    Source: Douglas and Peucker 1973, with distances along y.
    """
    last = len(x) - 1
    kept, segments = {0, last}, [(0, last)]
    while segments:
        first, last = segments.pop()
        between = slice(first + 1, last)
        away = np.abs(y[between] - np.interp(x[between], x[[first, last]], y[[first, last]]))
        if away.size and away.max() > NEAR:
            middle = first + 1 + int(away.argmax())
            kept.add(middle)
            segments += [(first, middle), (middle, last)]
    chosen = sorted(kept)
    return zip(x[chosen], y[chosen], strict=True)


Schedule._repr_svg_, Grid._repr_svg_ = of_schedule, of_grid
