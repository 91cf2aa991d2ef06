"""Pictures of schedules, with matplotlib (the extra `plot`), imported where it is used."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from jaxsched._files import Entry
from jaxsched._sweep import Sweep

NAMED = 12  # more curves than these in a panel have no legend
BARS = 20  # of the best points along a single axis
POINTS = 2000  # samples a curve: more than a picture has pixels across


def counts(steps: int, points: int = POINTS) -> np.ndarray[Any, np.dtype[np.int64]]:
    """At most `points` counts, evenly from 0 to `steps`, both included."""
    return np.unique(np.linspace(0, steps, min(points, steps + 1)).round().astype(np.int64))


def require_format(path: Path) -> None:
    """A ValueError where matplotlib is missing or cannot draw files of this name."""
    try:
        from matplotlib.backends.backend_agg import FigureCanvasAgg
    except ImportError:
        raise ValueError("drawing needs matplotlib: pip install jaxsched[plot]") from None
    known = FigureCanvasAgg.get_supported_filetypes()
    if path.suffix and path.suffix[1:].lower() not in known:
        raise ValueError(f"{path}: cannot draw {path.suffix}, only {', '.join(sorted(known))}")


def figure(entries: Sequence[Entry]) -> Any:
    """A matplotlib figure with a panel for each source of the entries."""
    import matplotlib
    from matplotlib.figure import Figure

    panels: dict[str, list[Entry]] = {}
    for entry in entries:
        panels.setdefault(entry.source, []).append(entry)
    drawn = Figure(figsize=(9, 0.5 + 2.4 * len(panels)), layout="constrained", dpi=120)
    axes = drawn.subplots(len(panels), 1, squeeze=False)[:, 0]
    for ax, (source, members) in zip(axes, panels.items(), strict=True):
        many = len(members) > NAMED
        colours = matplotlib.colormaps["viridis"](np.linspace(0.0, 0.95, len(members)))
        for entry, colour in zip(members, colours, strict=True):
            x = counts(entry.steps)
            style = {"color": colour, "linewidth": 0.9} if many else {"linewidth": 1.4}
            ax.plot(x, np.asarray(entry.schedule(x)), label=entry.label, **style)
        ax.set_title(source, loc="left", fontsize=10)
        ax.set_ylabel("value")
        ax.grid(alpha=0.25)
        ax.margins(x=0.01)
        if many:
            ax.set_title(f"{source}: {len(members)} schedules", loc="left", fontsize=10)
        else:
            ax.legend(fontsize=7, loc="upper left", bbox_to_anchor=(1, 1), frameon=False)
    axes[-1].set_xlabel("count (optimizer updates)")
    return drawn


def sweep(result: Sweep, metric: str | None = None, mode: str = "min") -> Any:
    """A figure of a sweep: a panel for every metric that has a curve, and one for `metric`.

    Curves are coloured by rank, best last and darkest; the other panel is a heat map over the
    first two axes of the grid (the best along the others), or points along a single axis. What
    diverged or is missing is left out.
    """
    import matplotlib
    from matplotlib.figure import Figure

    metric, values = result.ranked_by(metric)
    bad = result.diverged | result.missing
    values = np.where(bad, np.nan, values.astype(float))
    single = result.missing.ndim
    curves = {
        name: curve.reshape(-1, curve.shape[-1])
        for name, curve in result.named_metrics().items()
        if curve.ndim == single + 1 and curve.shape[-1] > 1
    }
    drawn = Figure(figsize=(9, 3.6 * (1 + len(curves))), layout="constrained", dpi=120)
    axes = drawn.subplots(1 + len(curves), 1, squeeze=False)[:, 0]
    worst_first = np.argsort(values.ravel() if mode == "max" else -values.ravel())
    worst_first = worst_first[: int((~bad).sum())]  # NaN is sorted last
    colours = matplotlib.colormaps["viridis_r"](np.linspace(0.0, 1.0, len(worst_first)))
    for ax, (name, curve) in zip(axes, curves.items(), strict=False):
        for i, colour in zip(worst_first, colours, strict=True):
            ax.plot(curve[i], color=colour, linewidth=0.9)
        shown = curve[worst_first]
        if shown.size and (shown > 0).all() and shown.max() > 30 * shown.min():
            ax.set_yscale("log")
        ax.set(ylabel=name, xlabel="count")
        ax.set_title(f"{name}, darker is better by {metric}", loc="left", fontsize=10)
        ax.grid(alpha=0.25)
    _map(axes[-1], result.grid.axes, metric, values, mode)
    return drawn


def _map(ax: Any, axes: dict[str, tuple[Any, ...]], metric: str, values: Any, mode: str) -> None:
    """The values over the first two axes as a heat map, or those of the only one as bars."""
    if values.ndim == 1:
        order = np.argsort(-values if mode == "max" else values)
        first = order[: min(BARS, int(np.isfinite(values).sum()))][::-1]
        (name, across), *_ = axes.items()
        ax.barh([_text(across[i]) for i in first], values[first])
        ax.tick_params(axis="y", labelsize=6)
        ax.set(xlabel=metric, ylabel=name)
        if len(first):
            low, high = values[first].min(), values[first].max()
            ax.set_xlim(low - 0.2 * (high - low or 1), high + 0.05 * (high - low or 1))
        ax.set_title(f"{metric}, the best {len(first)} of {len(values)}", loc="left", fontsize=10)
        return
    best = np.fmax if mode == "max" else np.fmin
    shown = best.reduce(values.reshape(*values.shape[:2], -1), axis=2)  # NaN where all diverged
    image = ax.imshow(shown, aspect="auto", cmap="viridis")
    ax.figure.colorbar(image, ax=ax, label=metric)
    (vertical, down), (horizontal, across) = list(axes.items())[:2]
    ax.set_yticks(range(len(down)), map(_text, down), fontsize=7)
    ax.set_xticks(range(len(across)), map(_text, across), fontsize=7)
    ax.set(xlabel=horizontal, ylabel=vertical)
    if shown.size <= 100:
        for i, j in np.argwhere(np.isfinite(shown)):
            dark = image.norm(shown[i, j]) < 0.6
            style = {"ha": "center", "va": "center", "fontsize": 6, "color": "w" if dark else "k"}
            ax.text(j, i, f"{shown[i, j]:.3g}", **style)
    rest = list(axes)[2:]
    more = f", the best over {' and '.join(rest)}" if rest else ""
    ax.set_title(f"{metric}{more}", loc="left", fontsize=10)


def _text(value: Any) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)
