"""Pictures of what a sweep found out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from jaxsched.pictures.plots import brief, plain_numbers

BARS = 20  # of the best points along a single axis

Array = np.ndarray[Any, Any]


def figure(
    axes: Mapping[str, tuple[Any, ...]],
    metric: str,
    values: Array,
    curves: Mapping[str, Array],
    mode: str = "min",
) -> Any:
    """A figure of a sweep: a panel for every metric that has a curve, and one for `metric`.

    Curves are coloured by rank, the best drawn last; the other panel is a heat map over the
    first two axes of the grid (the best along the others), or points along a single axis.

    Args:
        axes: those of the grid.
        metric: by which the points are ranked.
        values: its values, of the grid's shape; NaN for what is left out.
        curves: a row for each point.
        mode: whether the best value is the smallest, "min", or the largest, "max".
    """
    from matplotlib.cm import ScalarMappable
    from matplotlib.colors import Normalize
    from matplotlib.figure import Figure

    drawn = Figure(figsize=(9, 3.6 * (1 + len(curves))), layout="constrained", dpi=120)
    # each with its own margins: names of schedules are long, numbers are not
    panels = [part.subplots() for part in drawn.subfigures(1 + len(curves), 1, squeeze=False)[:, 0]]
    worst_first = np.argsort(values.ravel() if mode == "max" else -values.ravel())
    worst_first = worst_first[: int(np.isfinite(values).sum())]  # NaN is sorted last
    ranks: Any = ScalarMappable(Normalize(1, max(2, len(worst_first))), "viridis")
    for ax, (name, curve) in zip(panels, curves.items(), strict=False):
        for rank, i in zip(range(len(worst_first), 0, -1), worst_first, strict=True):
            ax.plot(curve[i], color=ranks.to_rgba(rank), linewidth=0.9)
        shown = curve[worst_first]
        if shown.size and (shown > 0).all() and shown.max() > 30 * shown.min():
            ax.set_yscale("log")
        ax.set(ylabel=name, xlabel="count")
        ax.set_title(name, loc="left", fontsize=10)
        ax.grid(alpha=0.25)
        plain_numbers(ax.xaxis, ax.yaxis)
        if len(worst_first) > 1:
            some = np.linspace(1, len(worst_first), 5).round()
            bar = ax.figure.colorbar(ranks, ax=ax, label=f"rank by {metric}", ticks=np.unique(some))
            bar.ax.invert_yaxis()  # the first on top
    _map(panels[-1], axes, metric, values, mode)
    return drawn


def _map(ax: Any, axes: Mapping[str, tuple[Any, ...]], metric: str, values: Any, mode: str) -> None:
    """The values over the first two axes as a heat map, or those of the only one as bars."""
    if values.ndim == 1:
        order = np.argsort(-values if mode == "max" else values)
        first = order[: min(BARS, int(np.isfinite(values).sum()))][::-1]
        (name, across), *_ = axes.items()
        ax.barh([brief(across[i]) for i in first], values[first])
        ax.tick_params(axis="y", labelsize=8)
        ax.set(xlabel=metric, ylabel=name)
        if len(first):
            low, high = values[first].min(), values[first].max()
            ax.set_xlim(low - 0.2 * (high - low or 1), high + 0.05 * (high - low or 1))
        plain_numbers(ax.xaxis)
        ax.set_title(f"{metric}, the best {len(first)} of {len(values)}", loc="left", fontsize=10)
        return
    best = np.fmax if mode == "max" else np.fmin
    shown = best.reduce(values.reshape(*values.shape[:2], -1), axis=2)  # NaN where all diverged
    image = ax.imshow(shown, aspect="auto", cmap="viridis")
    bar = ax.figure.colorbar(image, ax=ax, label=metric)
    plain_numbers(bar.ax.yaxis)
    (vertical, down), (horizontal, across) = list(axes.items())[:2]
    ax.set_yticks(range(len(down)), map(brief, down), fontsize=8)
    ax.set_xticks(range(len(across)), map(brief, across), fontsize=8)
    ax.set(xlabel=horizontal, ylabel=vertical)
    if shown.size <= 100:
        for i, j in np.argwhere(np.isfinite(shown)):
            dark = image.norm(shown[i, j]) < 0.6
            style = {"ha": "center", "va": "center", "fontsize": 8, "color": "w" if dark else "k"}
            ax.text(j, i, f"{shown[i, j]:.3g}", **style)
    rest = list(axes)[2:]
    more = f", the best over {' and '.join(rest)}" if rest else ""
    ax.set_title(f"{metric}{more}", loc="left", fontsize=10)
