"""Random schedules of every native kind, for Hypothesis."""

import inspect

from hypothesis import reject, strategies as st

import jaxsched as js
from jaxsched.configs import kinds
from jaxsched.fields import LONGEST, NumberField

numbers = st.floats(allow_nan=False, allow_infinity=False) | st.integers(-(10**6), 10**6)
positive = st.floats(min_value=0, exclude_min=True, allow_infinity=False)
lengths = st.integers(0, 2000) | st.floats(0, 1e9) | st.sampled_from([2**24 + 1, LONGEST])
RECIPES = {
    "peak": numbers,
    "low": numbers,
    "high": numbers,
    "scale": numbers,
    "start": numbers,
    "end": positive,
    "warmup": st.integers(1, 100),
    "stable": lengths,
    "decay": lengths,
    "steps": st.integers(100, 2000),
    "width": st.integers(1, 4096),
    "warmup_fraction": st.floats(0, 1),
}


@st.composite
def schedules(draw, depth=4, kind=None):
    """A tree of classes and recipes, at most so deep; what they refuse is not drawn."""
    if kind is None:
        known = [kind for kind in sorted(kinds.KINDS) if depth or not _has_parts(kind)]
        kind = draw(st.sampled_from(known))
    given = {}
    for name, parameter in kinds.parameters(kinds.KINDS[kind]).items():
        if parameter.default is not inspect.Parameter.empty and draw(st.booleans()):
            continue
        given[parameter.name] = draw(_held(name, parameter.annotation, depth))
    try:
        return kinds.KINDS[kind](**_fitting(draw, kind, given))
    except ValueError:
        reject()


def _has_parts(kind):
    return any(_is_part(p.annotation) for p in kinds.parameters(kinds.KINDS[kind]).values())


def _is_part(holds):
    return hasattr(holds, "several")


def _held(name, holds, depth):
    """What an argument may be, by its declaration."""
    if _is_part(holds):
        part = schedules(depth=depth - 1) | numbers
        return st.lists(part, min_size=1, max_size=3) if holds.several else part
    if isinstance(holds, NumberField):
        if holds.rank:
            item = lengths if holds.integral else numbers
            return st.lists(item, min_size=1, max_size=5)
        one = lengths if holds.integral else numbers
        if holds.least is not None:
            one = one.filter(lambda x: x >= holds.least)
        if holds.above is not None:
            one = lengths.filter(bool) if holds.integral else positive
        return one
    if name == "cycles":
        return st.integers(1, 40)
    options = getattr(holds, "__args__", ())
    if all(isinstance(option, str | bool) for option in options) and options:
        return st.sampled_from(options)
    return RECIPES[name]


def _fitting(draw, kind, given):
    """Arguments that go together, where chance would seldom have it so."""
    more = {"Join": -1, "PiecewiseConstant": -1, "Interpolate": 0}.get(kind)
    if more is not None:
        many = len(given.get("schedules", given.get("values"))) + more
        given["boundaries"] = sorted(draw(st.lists(lengths, min_size=many, max_size=many)))
    if kind == "Switch":
        given["index"] = draw(st.integers(0, len(given["schedules"]) - 1))
    if kind == "Relaxation":
        given["ratio"] = draw(st.floats(0, 1, exclude_min=True, exclude_max=True))
    if kind in ("Hold", "Repeat", "Restart"):
        given["schedule"] = js.as_schedule(given["schedule"]).stop(draw(st.integers(0, 1000)))
    return given
