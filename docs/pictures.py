"""Draw the README's pictures of other systems' schedules: `python docs/pictures.py`.

A picture a dialect, a panel an example of `jaxsched/examples/DIALECT.json`.
"""

import json
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

import jaxsched as js
from jaxsched import config, plot

HERE = Path(__file__).parent
EXAMPLES = HERE.parent / "jaxsched" / "examples"
COLUMNS = 4
PAST = 1.15  # a little of what comes after the end


def picture(dialect: str) -> Figure:
    """All examples of a dialect, each from count 0 to past its end."""
    examples = json.loads((EXAMPLES / f"{dialect}.json").read_text())
    rows = -(-len(examples) // COLUMNS)
    figure = Figure(figsize=(11, 1.7 * rows), layout="constrained", dpi=110)
    axes = figure.subplots(rows, COLUMNS, squeeze=False).ravel()
    for ax, example in zip(axes, examples, strict=False):
        schedule = js.from_config(example)
        end = schedule.duration or 1000
        counts = plot.counts(round(PAST * end))
        ax.plot(counts, np.asarray(schedule(counts)), linewidth=1.3)
        if schedule.duration is not None:
            ax.axvline(end, color="0.8", linewidth=0.8, zorder=0)
        name = example["kind"].split(".")[1]
        name = f"{name}: {example['name']}" if "name" in example else name
        ax.set_title(name, fontsize=min(8, 270 / len(name)))
        ax.tick_params(labelsize=6)
        ax.set_ylim(bottom=min(0.0, ax.get_ylim()[0]))
    for ax in axes[len(examples) :]:
        ax.set_axis_off()
    return figure


if __name__ == "__main__":
    for dialect in config.dialects():
        if config.entries(dialect):
            picture(dialect).savefig(HERE / f"{dialect}.png")
