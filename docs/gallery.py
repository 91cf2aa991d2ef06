"""The gallery: a picture of every public schedule, and the line of code that draws it."""

import inspect
from typing import Any

import jax.numpy as jnp

import jaxsched as js
from jaxsched.testing import parts

# what a card shows, by its name in the reference, and how it is made
GALLERY = {
    "Pieces": {
        "Constant": "js.Constant(0.5).hold(100)",
        "Linear": "js.Linear(1.0, 0.1, steps=100)",
        "Cosine": "js.Cosine(1.0, 0.1, steps=100)",
        "Polynomial": "js.Polynomial(1.0, 0.1, steps=100, power=3)",
        "Power": "js.Power(1.0, 0.1, steps=100, power=0.5)",
        "Geometric": "js.Geometric(1.0, 0.01, steps=100)",
        "Relaxation": "js.Relaxation(1.0, 0.1, steps=100, ratio=0.02)",
        "Tanh": "js.Tanh(1.0, 0.1, steps=100)",
        "Wave": "js.Wave(1.0, 0.1, steps=100, cycles=2.5).stop(100)",
        "Exponential": "js.Exponential(1.0, 0.5, steps=20, staircase=True).stop(100)",
        "InverseSqrt": "js.InverseSqrt(1.0, timescale=10).stop(100)",
        "InversePower": "js.InversePower(1.0, timescale=10, power=2).stop(100)",
        "InverseTime": "js.InverseTime(1.0, rate=0.1).stop(100)",
        "PiecewiseConstant": "js.PiecewiseConstant([40, 70], [1.0, 0.4, 0.1]).stop(100)",
        "Interpolate": "js.Interpolate([0, 30, 60, 100], [0.1, 1.0, 0.3, 0.1], 'cosine')",
        "Table": "js.Table([0.2, 1.0, 0.8, 0.9, 0.4, 0.3, 0.1]).per(10)",
    },
    "One after another": {
        "Schedule.then": "js.Linear(0.0, 1.0, 20).then(js.Cosine(1.0, 0.1, 80))",
        "Join": "js.Join((js.Cosine(1.0, 0.1, 100), js.Constant(0.5)), (50,)).stop(100)",
        "Schedule.warmup": "js.Cosine(1.0, 0.1, 80).warmup(20)",
        "Schedule.restarts": "js.Cosine(1.0, 0.1, 20).restarts(5, gain=0.8)",
        "Restart": "js.Restart(js.Tanh(1.0, 0.1, 25), cycles=4)",
        "Schedule.cooldown": "js.Constant(1.0).cooldown(60, steps=40, end=0.1, shape='sqrt')",
        "Schedule.repeat": "js.Power(1.0, 0.1, 25, power=0.5).repeat().stop(100)",
    },
    "Another clock": {
        "Schedule.delay": "js.Cosine(1.0, 0.1, 60).delay(40)",
        "Schedule.skip": "js.Cosine(1.0, 0.1, 100).skip(40)",
        "Schedule.stop": "js.Cosine(1.0, 0.1, 100).stop(60).hold(40)",
        "Schedule.hold": "js.Linear(1.0, 0.4, 40).hold(30).then(js.Linear(0.4, 0.1, 30))",
        "Schedule.every": "js.Cosine(1.0, 0.1, 100).every(10)",
        "Schedule.per": "js.Exponential(1.0, 0.7).stop(10).per(10)",
    },
    "Arithmetic": {
        "Product": "js.Wave(1.0, 0.5, 20).stop(100) * js.Linear(1.0, 0.0, 100)",
        "Sum": "js.Linear(0.8, 0.0, 100) + js.Wave(0.1, -0.1, 25).stop(100)",
        "Difference": "1.0 - js.Cosine(1.0, 0.1, 100)",
        "Quotient": "js.Linear(0.0, 1.0, 100) / js.Linear(0.1, 1.0, 100)",
        "Schedule.clip": "js.Cosine(1.2, -0.1, 100).clip(0.1, 1.0)",
        "Schedule.rounded": "js.Geometric(1.0, 64.0, 100).rounded(8)",
        "Switch": "js.Switch([js.Linear(1.0, 0.1, 100), js.Cosine(1.0, 0.1, 100)], index=1)",
        "as_schedule": "js.as_schedule(lambda n: jnp.exp(-n / 40) * jnp.cos(n / 8) ** 2).stop(100)",
        "WithMomentum": "js.WithMomentum(js.one_cycle(1.0, 100), js.Linear(0.95, 0.85, 100))",
    },
    "Recipes": {
        "warmup_cosine": "js.warmup_cosine(1.0, warmup=10, steps=100, end=0.1)",
        "wsd": "js.wsd(1.0, warmup=10, stable=60, decay=30, shape='sqrt')",
        "one_cycle": "js.one_cycle(1.0, steps=100)",
        "triangular": "js.triangular(0.1, 1.0, steps=50).repeat().stop(100)",
        "noam": "js.noam(1.0, width=512, warmup=20).stop(100)",
    },
    "Many at once": {
        "grid": "js.grid(lambda peak: js.Cosine(peak, 0.0, 80).warmup(20), peak=[0.25, 0.5, 1.0])",
        "stack": "js.stack([js.Linear(1.0, 0.0, 100), js.Cosine(1.0, 0.0, 100)])",
    },
}
OF_FILES = ("from_config", "load")  # functions that give whatever they are given


def made(code: str) -> Any:
    """The schedule or grid that a line of the gallery makes."""
    return eval(code, {"js": js, "jnp": jnp})


def shown() -> set[str]:
    """Every public name that has a picture, as what is drawn or as a part of it."""
    cards = [(name, made(code)) for section in GALLERY.values() for name, code in section.items()]
    inside = {type(part).__name__ for _, drawn in cards for part in parts(drawn)}
    return {name for name, _ in cards} | inside


def drawable() -> set[str]:
    """Every public name that ought to have one: classes, functions and methods of schedules."""
    methods = {f"Schedule.{name}": x for name, x in vars(js.Schedule).items() if name[0] != "_"}
    found = {name for name, x in {**vars(js), **methods}.items() if _gives_schedules(x)}
    return found.difference(OF_FILES)


def _gives_schedules(x: Any) -> bool:
    if isinstance(x, type):
        return issubclass(x, js.Schedule) and x is not js.Schedule
    if not inspect.isfunction(x):
        return False
    return inspect.signature(x).return_annotation in ("Schedule", "Grid")


def cards() -> str:
    """The gallery as Markdown: sections of cards, each linked to the reference."""
    text = []
    for title, section in GALLERY.items():
        text += [f"## {title}", '<div class="gallery" markdown>']
        for name, code in section.items():
            picture = made(code)._repr_svg_()
            text += [
                '<div class="card" markdown>',
                f"[`{name.removeprefix('Schedule')}`][jaxsched.{name}]",
                f'<div class="picture">{picture}</div>',
                f"```python\n{code}\n```",
                "</div>",
            ]
        text.append("</div>")
    return "\n\n".join(text)
