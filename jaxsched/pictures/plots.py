"""Pictures of schedules, with matplotlib (the extra `plot`), imported where it is used."""

from __future__ import annotations

import functools
import math
import textwrap
from collections.abc import Mapping, Sequence
from numbers import Real
from pathlib import Path
from typing import Any

import numpy as np

from jaxsched.configs.files import Entry
from jaxsched.errors import shown, suggestion
from jaxsched.fields import NumberField, is_concrete
from jaxsched.grids import Grid
from jaxsched.pictures.turns import Samples, line, samples
from jaxsched.schedule import Schedule, as_schedule, is_known

NAMED = 10  # more curves than these, and than colours of a cycle, have a colour bar for a legend
NAMES = 16  # along a colour bar
NAME = 32  # characters of a name on a line
COLUMNS = 2000  # more than a picture has pixels across
MARKED = 30  # turns of a curve; more of them are no help to the eye
DEEPEST = 1e-6  # of the highest value: how far down a logarithmic axis follows a curve to 0


def plot(
    schedule: Any,
    steps: int | None = None,
    ax: Any = None,
    *,
    steps_per_epoch: float | None = None,
    log: bool = False,
    boundaries: bool = True,
    by: str | None = None,
    cmap: str = "viridis",
    **style: Any,
) -> Any:
    """Draw one or many schedules with matplotlib, and return the axes.

    A curve shows the highest and the lowest value of every pixel, and no part of a schedule is too
    short to be seen, among 10^9 counts either.

    Args:
        schedule: a schedule, a number or a callable; a list or mapping of them, whose names are
            the legend; or a `js.grid`, whose curves are coloured by one of its axes.
        steps: the last count that is drawn; by default the longest duration.
        ax: the matplotlib axes to draw on, whose figure had best have `layout="constrained"`; by
            default those of a new figure of pyplot's, kept until `plt.close(ax.figure)`.
        steps_per_epoch: counts in an epoch: a second axis counts epochs.
        log: whether the axis of values is logarithmic; it ends at a millionth of the highest value
            where a curve reaches 0.
        boundaries: whether dots mark where the parts of a curve meet, unless these are very many.
        by: the axis of the grid that decides the colours; by default the first of numbers.
        cmap: matplotlib's name of a colour map, for a grid or for more than ten schedules.
        **style: more for matplotlib's `Axes.plot`, such as a label, a color or a linewidth.

    Raises:
        TypeError, ValueError: for what is no schedule, one of unknown numbers, and where neither
            `steps` nor a duration says how much to draw.
        ImportError: without matplotlib, which the extra `plot` installs.

    >>> from jaxsched import Cosine, plot
    >>> ax = plot(Cosine(1.0, 0.0, 90).warmup(10), label="cosine", log=True)  # doctest: +SKIP
    >>> ax.figure.savefig("cosine.png")  # doctest: +SKIP
    """
    try:
        from matplotlib import cbook
        from matplotlib.axes import Axes
        from matplotlib.lines import Line2D
    except ImportError:
        raise ImportError("js.plot needs matplotlib: pip install jaxsched[plot]") from None
    grid = schedule if isinstance(schedule, Grid) else None
    if by is not None and (grid is None or by not in grid.axes):
        hint = suggestion(by, grid.axes) if grid else "; it names an axis of a js.grid"
        raise ValueError(f"plot(by=...): no axis {by!r}{hint}")
    named = _named(schedule)
    steps = _shown(named, steps)
    if steps_per_epoch is not None:
        steps_per_epoch = _scalar(
            NumberField(above=0), "plot(steps_per_epoch=...)", steps_per_epoch
        )
    style = cbook.normalize_kwargs(style, Line2D)
    if "label" in style and len(named) > 1:
        raise ValueError("plot(label=...) is for one schedule; a mapping gives each its name")
    if ax is None:
        import matplotlib.pyplot as plt

        ax = plt.figure(layout="constrained").add_subplot()
    elif not isinstance(ax, Axes):
        raise TypeError(f"plot(ax=...) must be one matplotlib Axes, got {shown(ax)}")
    styles: list[dict[str, Any]]
    if "color" in style and (grid is not None or len(named) > NAMED):
        styles = [{} for _ in named]  # which is which cannot be seen
    elif grid is not None:
        styles = _coloured(ax, grid, by, cmap)
    else:
        styles = _told_apart(ax, list(named), cmap)
    if len(named) > NAMED:
        styles = [{"linewidth": 0.9, "markersize": 2.0, **own} for own in styles]
    drawn = [
        _curve(ax, s, steps, boundaries, **{**own, **style})
        for s, own in zip(named.values(), styles, strict=True)
    ]
    ax.set(xlabel="count (optimizer updates)", ylabel="value")
    if log:
        _logarithmic(ax, np.concatenate([curve.values for curve in drawn]))
    if steps_per_epoch is not None:
        epochs = (lambda n: n / steps_per_epoch), (lambda n: n * steps_per_epoch)
        upper = ax.secondary_xaxis("top", functions=epochs)
        upper.set_xlabel("epoch")
        plain_numbers(upper.xaxis)
    plain_numbers(ax.xaxis, ax.yaxis)
    _legend(ax)
    return ax


def _named(schedule: Any) -> dict[Any, Schedule]:
    """The schedules by name: that of a single one is None."""
    if isinstance(schedule, Grid):
        named: dict[Any, Any] = dict(enumerate(schedule))
    elif isinstance(schedule, Mapping):
        named = {str(name): s for name, s in schedule.items()}
    elif isinstance(schedule, list | tuple):
        named = {str(i): s for i, s in enumerate(schedule)}
    else:
        named = {None: schedule}
    if not named:
        raise ValueError(f"plot(schedule) needs at least one schedule, got {shown(schedule)}")
    for name, given in named.items():
        which = "plot(schedule)" if name is None else f"plot(schedule): {name!r}"
        if isinstance(given, Grid):
            raise TypeError(f"{which} is a grid: plot it alone, or its points by themselves")
        try:
            named[name] = as_schedule(given)
        except TypeError as error:
            raise TypeError(f"{which}: {error}") from None
        if not is_known(named[name]):
            raise ValueError(
                f"{which} holds traced numbers or a batch of them, got {shown(named[name])}; "
                "js.stack and js.grid hold many schedules that can be drawn"
            )
    return named


def _shown(named: Mapping[Any, Schedule], steps: Any) -> int:
    """The last count that is drawn."""
    if steps is not None:
        return int(
            _scalar(NumberField(integral=True, least=1, whole=True), "plot(steps=...)", steps)
        )
    durations = [s.duration for s in named.values() if s.duration is not None]
    if not durations:
        raise ValueError(
            f"plot(steps=...) is needed: {shown(next(iter(named.values())))} has no duration"
        )
    return max(1, int(np.ceil(max(durations))))


def _scalar(kind: NumberField, where: str, x: Any) -> Any:
    x = kind.coerce(where, x)
    if not is_concrete(x) or np.ndim(x):
        raise TypeError(f"{where} must be one known number, got {shown(x)}")
    return x


def _curve(ax: Any, schedule: Schedule, steps: int, marked: bool, **style: Any) -> Samples:
    """Draw a schedule, with dots at its turns."""
    curve = samples(schedule, steps, COLUMNS)
    counts, values = line(schedule, curve)
    inside = curve.turns[curve.turns < steps]
    if marked and 0 < len(inside) <= MARKED:
        at = (np.searchsorted(counts, inside, side="right") - 1).tolist()
        style = {"marker": "o", "markersize": 3.5, "markevery": at, **style}
    ax.plot(counts, values, **style)
    return curve


def _legend(ax: Any) -> None:
    """Name the curves beside the axes, where none of them is."""
    from matplotlib.layout_engine import PlaceHolderLayoutEngine

    lines, names = ax.get_legend_handles_labels()
    if not names:
        return
    beside = {"loc": "upper left", "bbox_to_anchor": (1, 1)}
    legend = ax.legend(lines, map(_wrapped, names), fontsize="small", frameon=False, **beside)
    engine, cell = ax.figure.get_layout_engine(), ax.get_subplotspec()
    if cell is None or not (engine is None or isinstance(engine, PlaceHolderLayoutEngine)):
        return
    # no layout makes room: it is taken from the axes, as that of a colour bar
    within = legend.get_window_extent().transformed(ax.figure.transSubfigure.inverted())
    left, bottom, width, height = ax.get_position(original=True).bounds
    beyond = max(0.0, within.x1 - cell.get_position(ax.figure).x1)
    ax.set_position((left, bottom, max(width - beyond, width / 3), height))
    ax.set_in_layout(True)


def _told_apart(
    ax: Any, names: Sequence[Any], cmap: str = "viridis", **place: Any
) -> list[dict[str, Any]]:
    """A style for each name: of a legend, or where they are too many, of a colour bar."""
    import matplotlib
    from matplotlib.cm import ScalarMappable
    from matplotlib.colors import ListedColormap, Normalize

    if len(names) <= NAMED:
        return [{"label": name} for name in names]
    colours = matplotlib.colormaps[cmap](np.linspace(0.0, 0.95, len(names)))
    shades = ScalarMappable(Normalize(-0.5, len(names) - 0.5), ListedColormap(colours))
    bar = ax.figure.colorbar(shades, **(place or {"ax": ax}))
    some = range(0, len(names), math.ceil(len(names) / NAMES))
    bar.set_ticks(some, labels=[_wrapped(names[i], lines=1) for i in some], fontsize=7)
    bar.ax.invert_yaxis()  # in the order of reading
    return [{"color": colour} for colour in colours]


def _wrapped(name: Any, lines: int = 3) -> str:
    return textwrap.fill(str(name), NAME, max_lines=lines, placeholder=" …")


def plain_numbers(*axes: Any) -> None:
    """Label ticks as rates are written, 3e-4, not 0.00030, nor 3 with a 1e-5 elsewhere."""
    from matplotlib.ticker import FuncFormatter, ScalarFormatter

    for axis in axes:
        if isinstance(axis.get_major_formatter(), ScalarFormatter):
            axis.set_major_formatter(FuncFormatter(functools.partial(_tick, axis)))


def _tick(axis: Any, x: float, _: int | None = None) -> str:
    """The label at x: no more digits than there are between the ticks, alike along the axis."""
    low, high = sorted(map(float, axis.get_view_interval()))
    digit = math.floor(math.log10((high - low) / 20 or 1.0))
    x = round(float(x), 1 - digit)
    if x and not 1e-2 <= max(-low, high) < 1e6:
        return np.format_float_scientific(x, trim="-", exp_digits=1).replace("e+", "e")
    return f"{x:.12g}"


def _coloured(ax: Any, grid: Grid, by: str | None, cmap: str) -> list[dict[str, Any]]:
    """The style of each point of a grid, by an axis of it; one of numbers has a colour bar."""
    import matplotlib
    from matplotlib.cm import ScalarMappable
    from matplotlib.colors import LogNorm, Normalize

    if by is None:
        numeric = [name for name, values in grid.axes.items() if _are_numbers(values)]
        by = next(iter(numeric or grid.axes))
    values = grid.axes[by]
    axis = grid.names.index(by)
    index = np.indices(grid.shape)[axis].ravel().tolist()
    if _are_numbers(values):
        low, high = min(values), max(values)
        norm = LogNorm(low, high) if low > 0 and high >= 10 * low else Normalize(low, high)
        shades = ScalarMappable(norm, matplotlib.colormaps[cmap])
        bar = ax.figure.colorbar(shades, ax=ax, label=by)
        plain_numbers(bar.ax.yaxis)
        return [{"color": shades.to_rgba(values[i])} for i in index]
    styles = _told_apart(ax, list(map(brief, values)), cmap)
    if len(values) <= NAMED:
        styles = [{"color": f"C{k}", **style} for k, style in enumerate(styles)]
    first = {index.index(k) for k in range(len(values))}
    return [{**styles[k], **({} if i in first else {"label": None})} for i, k in enumerate(index)]


def _are_numbers(values: Sequence[Any]) -> bool:
    """Whether there is a scale of the values of an axis."""
    return (
        len(set(map(repr, values))) > 1
        and all(isinstance(x, Real) and not isinstance(x, bool) for x in values)
        and bool(np.isfinite(np.array(values, float)).all())
    )


def _logarithmic(ax: Any, values: Any) -> None:
    positive = values[values > 0]
    if not positive.size:
        raise ValueError("plot(log=True) needs values above 0, and there are none")
    ax.set_yscale("log", nonpositive="clip")
    if positive.size < values.size:
        ax.set_ylim(bottom=max(positive.min(), DEEPEST * positive.max()))


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
    from matplotlib.figure import Figure

    panels: dict[str, list[Entry]] = {}
    for entry in entries:
        panels.setdefault(entry.source, []).append(entry)
    drawn = Figure(figsize=(9, 0.5 + 2.4 * len(panels)), layout="constrained", dpi=120)
    axes = drawn.subplots(len(panels), 1, squeeze=False)[:, 0]
    for ax, (source, members) in zip(axes, panels.items(), strict=True):
        many = len(members) > NAMED
        width = 0.9 if many else 1.4
        beside = {"cax": ax.inset_axes((1.02, 0, 0.02, 1))} if many else {}  # as a legend is
        styles = _told_apart(ax, [entry.label for entry in members], **beside)
        for entry, style in zip(members, styles, strict=True):
            _curve(ax, entry.schedule, entry.steps, not many, linewidth=width, **style)
        title = f"{source}: {len(members)} schedules" if many else source
        ax.set_title(title, loc="left", fontsize=10)
        ax.set_ylabel("value")
        ax.grid(alpha=0.25)
        ax.margins(x=0.01)
        plain_numbers(ax.xaxis, ax.yaxis)
        _legend(ax)
    axes[-1].set_xlabel("count (optimizer updates)")
    return drawn


def brief(value: Any) -> str:
    """A value of an axis, as a label."""
    return f"{value:g}" if isinstance(value, float) else str(value)
