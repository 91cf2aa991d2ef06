"""Draw the pictures of schedules in README.md and the pages: `python docs/pictures.py`.

One is of what `js.plot` draws, the others have a dialect each, with a panel for every example of
`jaxsched/examples/DIALECT.json`.
"""

import json
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.figure import Figure

import jaxsched as js

HERE = Path(__file__).parent
EXAMPLES = HERE.parent / "jaxsched" / "examples"
ASSETS = HERE / "pages" / "assets"
DIALECTS = ("optax", "torch", "transformers", "timm")  # `show --plot` draws the others
COLUMNS = 3
PAST = 1.15  # a little of what comes after the end


def plots() -> Figure:
    """Named schedules over epochs, and a grid with a logarithmic axis."""
    figure = Figure(figsize=(9, 6.4), layout="constrained", dpi=120)
    parts: Any = figure.subfigures(2, 1)
    named, family = (part.subplots() for part in parts)
    constant = js.Constant(3e-4).warmup(500)
    schedules = {
        "warmup_cosine": js.warmup_cosine(3e-4, 500, 10_000),
        "restarts": js.Cosine(3e-4, 3e-5, 1_400).restarts(3, growth=2.0, gain=0.9),
        "cooldown": constant.cooldown(boundary=8_000, steps=2_000, shape="sqrt"),
    }
    js.plot(schedules, 10_000, named, steps_per_epoch=1_250)

    def make(peak: float, warmup: int) -> js.Schedule:
        return js.Cosine(peak, peak / 100, 10_000 - warmup).warmup(warmup, start=peak / 100)

    grid = js.grid(make, peak=np.geomspace(1e-5, 1e-3, 9), warmup=[200, 1_000, 2_000])
    js.plot(grid, ax=family, log=True)
    return figure


def picture(dialect: str) -> Figure:
    """All examples of a dialect, each from count 0 to past its end."""
    examples = json.loads((EXAMPLES / f"{dialect}.json").read_text())
    rows = -(-len(examples) // COLUMNS)
    figure = Figure(figsize=(9, 1.9 * rows), layout="constrained", dpi=120)
    axes = figure.subplots(rows, COLUMNS, squeeze=False).ravel()
    for ax, example in zip(axes, examples, strict=False):
        schedule = js.from_config(example)
        end = schedule.duration or 1000
        js.plot(schedule, round(PAST * end), ax, boundaries=False, linewidth=1.3)
        ax.set(xlabel="", ylabel="")
        if schedule.duration is not None:
            ax.axvline(end, color="0.8", linewidth=0.8, zorder=0)
        name = example["kind"].split(".")[1]
        name = f"{name}: {example['name']}" if "name" in example else name
        ax.set_title(name, fontsize=min(9, 330 / len(name)))
        ax.tick_params(labelsize=8)
        ax.set_ylim(bottom=min(0.0, ax.get_ylim()[0]))
    for ax in axes[len(examples) :]:
        ax.set_axis_off()
    return figure


if __name__ == "__main__":
    plots().savefig(ASSETS / "plot.png")
    for dialect in DIALECTS:
        picture(dialect).savefig(ASSETS / f"{dialect}.png")
