"""Pictures of schedules, with matplotlib (the extra `plot`), imported where it is used."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from jaxsched._files import Entry

POINTS = 2000  # samples a curve: more than a picture has pixels across


def counts(steps: int, points: int = POINTS) -> np.ndarray[Any, np.dtype[np.int64]]:
    """At most `points` counts, evenly from 0 to `steps`, both included."""
    return np.unique(np.linspace(0, steps, min(points, steps + 1)).round().astype(np.int64))


def figure(entries: Sequence[Entry]) -> Any:
    """A matplotlib figure with a panel for each source of the entries."""
    from matplotlib.figure import Figure

    panels: dict[str, list[Entry]] = {}
    for entry in entries:
        panels.setdefault(entry.source, []).append(entry)
    drawn = Figure(figsize=(9, 0.5 + 2.4 * len(panels)), layout="constrained", dpi=120)
    axes = drawn.subplots(len(panels), 1, squeeze=False)[:, 0]
    for ax, (source, members) in zip(axes, panels.items(), strict=True):
        for entry in members:
            x = counts(entry.steps)
            ax.plot(x, np.asarray(entry.schedule(x)), label=entry.label, linewidth=1.4)
        ax.set_title(source, loc="left", fontsize=10)
        ax.set_ylabel("value")
        ax.grid(alpha=0.25)
        ax.margins(x=0.01)
        ax.legend(fontsize=7, loc="upper left", bbox_to_anchor=(1, 1), frameon=False)
    axes[-1].set_xlabel("count (optimizer updates)")
    return drawn
