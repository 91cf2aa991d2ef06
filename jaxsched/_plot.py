"""Pictures of schedules, with matplotlib (the extra `plot`), imported where it is used."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from numbers import Real
from pathlib import Path
from typing import Any

import numpy as np

from jaxsched._algebra import as_schedule
from jaxsched._files import Entry
from jaxsched._grid import Grid
from jaxsched._names import suggestion
from jaxsched._samples import Samples, samples
from jaxsched._schedule import Schedule, is_known
from jaxsched._sweep import Sweep
from jaxsched.fields import Kind, is_concrete

NAMED = 12  # more curves than these in a panel have no legend
BARS = 20  # of the best points along a single axis
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
        ax: the matplotlib axes to draw on; by default pyplot's current ones.
        steps_per_epoch: counts in an epoch: a second axis counts epochs.
        log: whether the axis of values is logarithmic; it ends at a millionth of the highest value
            where a curve reaches 0.
        boundaries: whether dots mark where the parts of a curve meet, unless these are very many.
        by: the axis of the grid that decides the colours; by default the first of numbers.
        cmap: matplotlib's name of a colour map, for a grid.
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
        steps_per_epoch = _scalar(Kind(above=0), "plot(steps_per_epoch=...)", steps_per_epoch)
    style = cbook.normalize_kwargs(style, Line2D)
    if "label" in style and len(named) > 1:
        raise ValueError("plot(label=...) is for one schedule; a mapping gives each its name")
    if ax is None:
        import matplotlib.pyplot as plt

        ax = plt.gca()
    elif not isinstance(ax, Axes):
        raise TypeError(f"plot(ax=...) must be one matplotlib Axes, got {ax!r}")
    if grid is not None:
        styles = _coloured(ax, grid, by, cmap)
    else:
        styles = [{"label": name} for name in named]
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
        ax.secondary_xaxis("top", functions=epochs).set_xlabel("epoch")
    if ax.get_legend_handles_labels()[1]:
        ax.legend()
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
        raise ValueError(f"plot(schedule) needs at least one schedule, got {schedule!r}")
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
                f"{which} holds traced numbers or a batch of them, got {named[name]!r}; js.stack "
                "and js.grid hold many schedules that can be drawn"
            )
    return named


def _shown(named: Mapping[Any, Schedule], steps: Any) -> int:
    """The last count that is drawn."""
    if steps is not None:
        return int(_scalar(Kind(integral=True, least=1, whole=True), "plot(steps=...)", steps))
    durations = [s.duration for s in named.values() if s.duration is not None]
    if not durations:
        raise ValueError(
            f"plot(steps=...) is needed: {next(iter(named.values()))!r} has no duration"
        )
    return max(1, int(np.ceil(max(durations))))


def _scalar(kind: Kind, where: str, x: Any) -> Any:
    x = kind.coerce(where, x)
    if not is_concrete(x) or np.ndim(x):
        raise TypeError(f"{where} must be one known number, got {x!r}")
    return x


def _curve(ax: Any, schedule: Schedule, steps: int, marked: bool, **style: Any) -> Samples:
    """Draw a schedule, with dots at its turns."""
    curve = samples(schedule, steps, COLUMNS)
    inside = curve.turns[curve.turns < steps]
    if marked and 0 < len(inside) <= MARKED:
        at = np.searchsorted(curve.counts, inside).tolist()
        style = {"marker": "o", "markersize": 3.5, "markevery": at, **style}
    ax.plot(curve.counts, curve.values, **style)
    return curve


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
        ax.figure.colorbar(shades, ax=ax, label=by)
        return [{"color": shades.to_rgba(values[i])} for i in index]
    first = {k: index.index(k) for k in range(len(values))}
    return [
        {"color": f"C{k % 10}", "label": _text(values[k]) if first[k] == i else None}
        for i, k in enumerate(index)
    ]


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
            style = {"color": colour, "linewidth": 0.9} if many else {"linewidth": 1.4}
            _curve(ax, entry.schedule, entry.steps, not many, label=entry.label, **style)
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
