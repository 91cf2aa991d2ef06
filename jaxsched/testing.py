"""The laws that every schedule obeys, as one call for schedules of your own.

>>> import jax, jaxsched as js
>>> from jaxsched.testing import check_laws
>>> class Sawtooth(js.Schedule):
...     peak: float
...     steps: int = js.fields.length(least=1)
...     def at(self, t: jax.Array) -> jax.Array:
...         return self.peak * (t % self.steps) / self.steps
>>> check_laws(Sawtooth(1.0, steps=4), reference=lambda n: (n % 4) / 4)
>>> check_laws(Sawtooth(1.0, steps=4), reference=lambda n: (n % 5) / 5)  # doctest: +ELLIPSIS
Traceback (most recent call last):
AssertionError: law 5 (the reference): Sawtooth(peak=1.0, steps=4) at counts [15, 35, ...
"""

from __future__ import annotations

import itertools
import pickle
import sys
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import chex
import jax
import jax.numpy as jnp
import numpy as np
import optax

import jaxsched
from jaxsched.errors import shown, suggesting
from jaxsched.fields import LONGEST, is_concrete, is_float
from jaxsched.schedule import Function, Schedule, in_floats, lengths, refuse_class

# every dtype and every number of axes; those of one kind and shape share a trace
SHAPES = {
    "int8": (2, 3),
    "int32": (),
    "uint32": (2, 3),
    "float16": (2, 0),
    "float32": (),
    "bfloat16": (2, 0),
}


@suggesting
def check_laws(
    schedule: Schedule,
    reference: Callable[[int], float] | None = None,
    *,
    ulps: float = 4.0,
    scale: float = 0.0,
) -> None:
    """Raise an AssertionError, with the law and the counts, where the schedule breaks one.

    1. jit and vmap change nothing: a jitted function of the schedule gives the same bits; with its
       numbers as constants, by vmap and count by count it is the same to 2 ULP (16 in float64,
       where XLA has several versions of its functions).
       Integers are the same everywhere: choose numbers that come to no middle of two multiples.
    2. The result has the shape of the count and the default float, or the default int where the
       schedule is `integral`; counts too large saturate.
    3. Any count is legal: below 0 the value at 0, from `duration` on constant, an infinite one
       the largest float, and values and gradients with respect to every float are finite. Integers
       have no gradients.
    4. A vmap over stacked schedules equals the loop as closely; new numbers do not retrace.
    5. Values are within `ulps` of the reference, a float64 function of one int count.
    7. pickle, `eval(repr(s))` and `from_config(to_config(s))` give the same tree: where the class
       can be found by its name, the class is known to `jaxsched`, and no `Function` is inside.
    8. Optax takes it: adamw in jit and scan, plain and by `inject_hyperparams`; the first update
       uses the value at 0. `MultiSteps` takes integers.

    Nor may unflattening check anything: JAX rebuilds trees with whatever it likes as leaves.

    Args:
        schedule: what to check, made of known numbers.
        reference: the value at a count >= 0.
        ulps: the bound of law 5, in units in the last place of the default float.
        scale: values smaller than this are measured in the ULP of `scale`: the size of the
            largest summand, for a schedule that subtracts. A value that is no normal float32
            may be 0.
    """
    refuse_class(schedule, "check_laws(schedule)")
    if not isinstance(schedule, Schedule):
        raise TypeError(f"check_laws(schedule) must be a schedule, got {shown(schedule)}")
    counts = counts_of(schedule)
    check_tree(schedule)
    check_any_count(schedule, counts)  # first: what is NaN is close to nothing
    check_infinite_counts(schedule, counts)
    check_batches(schedule, counts, scale=scale)
    check_compiled(schedule, counts, scale=scale)
    check_shapes(schedule)
    check_gradients(schedule, counts)
    if reference is not None:
        check_values(schedule, reference, counts, ulps=ulps, scale=scale)
    check_data(schedule)
    check_optax(schedule)


def counts_of(schedule: Schedule, points: Iterable[float] = (), size: int = 2048) -> np.ndarray:
    """`size` counts in order: each one near 0, its lengths and their sums, more from all others.

    `points` adds places to be looked at closely.
    """
    random = np.random.default_rng(0)

    def near(places: list[int], radius: int) -> list[int]:
        every = {n + i for n in places for i in range(-radius, radius + 2)}
        return list(random.permutation([n for n in every if -3 <= n <= LONGEST]).tolist())

    places = sorted({int(n) for n in (0, *_lengths(schedule), *points)})
    sums = sorted({*places, *itertools.accumulate(places)})
    close = (
        near(places, max(2, size // (8 * len(places))))
        + near(sums, size // (3 * len(sums)))[: size // 2]
    )
    last = min(LONGEST, sums[-1])
    uniform = random.integers(0, last, size // 2, endpoint=True).tolist()
    far = (2 ** random.uniform(0, 31, 2 * size)).astype(np.int64).tolist()
    chosen = list(dict.fromkeys([-LONGEST - 1, -3, LONGEST, *close, *uniform, *far]))
    return np.sort(np.array(chosen[:size])).astype(jnp.result_type(int))


def check_tree(schedule: Schedule) -> None:
    """The tree holds anything, and a round trip through it changes nothing."""
    jax.tree.map(lambda _: object(), schedule)
    leaves, tree = jax.tree.flatten(schedule)
    _check_same_tree("the tree: a round trip", schedule, jax.tree.unflatten(tree, leaves))


def check_compiled(schedule: Schedule, counts: np.ndarray, *, scale: float = 0.0) -> None:
    """Law 1, but for vmap."""

    def _evaluate(s: Schedule, n: Any) -> Any:  # a cache finds the eager program by this name, too
        return s(n)

    values = schedule(counts)
    jitted = jax.jit(_evaluate)(schedule, counts)
    _check_close("law 1 (jit of s and n)", schedule, counts, jitted, values, ulps=0)
    constants = jax.jit(schedule)(counts)
    _check_close("law 1 (jit(s))", schedule, counts, constants, values, scale=scale)
    some = np.linspace(0, len(counts) - 1, 8).astype(int)
    single = jnp.stack([schedule(count) for count in counts[some]])
    _check_close("law 1 (one count)", schedule, counts[some], single, values[some], scale=scale)


def check_shapes(schedule: Schedule) -> None:
    """Law 2."""
    default = jnp.result_type(int if schedule.integral else float)
    for dtype, shape in SHAPES.items():
        value = jax.eval_shape(schedule, jax.ShapeDtypeStruct(shape, dtype))
        if (value.shape, value.dtype) != (shape, default):
            given = f"{dtype}{list(shape)}"
            raise AssertionError(f"law 2 (shape, dtype): {schedule!r} of {given} gives {value}")
    top = np.iinfo(jnp.result_type(int)).max
    floats = in_floats(schedule)
    # JAX would wrap all of these silently
    for count in (top + 1, 2**63, 10**30, np.uint64(2**64 - 1), np.int64(2**63 - 1)):
        last = schedule(float(count) if floats else top)
        _check_close("law 2 (saturation)", schedule, count, schedule(count), last, ulps=0)
    _check_close("law 2 (saturation)", schedule, -(2**70), schedule(-(2**70)), schedule(0), ulps=0)


def check_any_count(schedule: Schedule, counts: np.ndarray) -> None:
    """Law 3, of values at integers."""
    values = schedule(counts)
    _check_finite("law 3 (finite values)", schedule, counts, values)
    first = schedule(np.maximum(counts, 0))
    _check_close("law 3 (before 0)", schedule, counts, values, first, ulps=0)
    if schedule.duration is not None:
        held = np.asarray(schedule(np.minimum(counts, int(np.ceil(schedule.duration)))))
        _check_close("law 3 (after the end)", schedule, counts, values, held, ulps=0)


def check_infinite_counts(schedule: Schedule, counts: np.ndarray) -> None:
    """Law 3, of values at infinite counts, among others."""
    counts = counts.astype(jnp.result_type(float))
    finite = counts.copy()
    counts[[0, -1]] = -np.inf, np.inf
    finite[[0, -1]] = 0.0, np.finfo(counts.dtype).max
    values = schedule(counts)
    _check_finite("law 3 (infinite counts)", schedule, counts, values)
    _check_close("law 3 (infinite counts)", schedule, counts, values, schedule(finite), ulps=0)


def check_gradients(schedule: Schedule, counts: np.ndarray) -> None:
    """Law 3, of gradients with respect to every float leaf."""
    if schedule.integral:
        return
    numbers, rest = _split(schedule)
    for path, gradient in jax.tree.leaves_with_path(_gradients(numbers, rest, counts)):
        finite = jnp.isfinite(gradient).reshape(len(counts), -1).all(axis=1)
        what = f"law 3 (finite gradient of {jax.tree_util.keystr(path)})"
        _check_finite(what, schedule, counts, jnp.where(finite, 0.0, jnp.nan))


def check_batches(schedule: Schedule, counts: np.ndarray, *, scale: float = 0.0) -> None:
    """Law 4, and law 1 of vmap: one program maps over schedules and counts."""
    batch = [_varied(schedule, k) for k in range(3)]
    chex.clear_trace_counter()  # it takes the function of the call before for this one
    once = jax.jit(chex.assert_max_traces(lambda s, n: s(n), n=1))
    try:
        for one in batch:
            once.trace(one, 0)
    except AssertionError as error:
        raise AssertionError(f"law 4 (one trace): {schedule!r}") from error
    stacked = jax.tree.map(lambda *leaves: np.stack(leaves), *batch)
    if jax.tree.leaves(stacked):
        values = jax.vmap(lambda s: jax.vmap(s)(counts))(stacked)
    else:
        batch, values = [schedule], jax.vmap(schedule)(counts)[None]
    names = ["1 (vmap)", "4 (vmap of a stack)", "4 (vmap of a stack)"][: len(batch)]
    for law, one, value in zip(names, batch, values, strict=True):
        _check_close(f"law {law}", one, counts, value, one(counts), scale=scale)


def check_values(
    schedule: Schedule,
    reference: Callable[[int], float],
    counts: np.ndarray,
    *,
    ulps: float = 4.0,
    scale: float = 0.0,
    relative: float = 0.0,
    absolute: Callable[[Any], Any] | None = None,
) -> None:
    """Law 5; `relative`, and `absolute` of the counts, widen the bound."""
    values, legal = schedule(counts), counts >= 0
    values, counts = values[legal], counts[legal]
    expected = np.array([reference(count) for count in counts.tolist()])
    widened = relative * np.abs(expected) + (absolute(counts) if absolute else 0.0)
    what = "law 5 (the reference)"
    _check_close(what, schedule, counts, values, expected, ulps=ulps, scale=scale, more=widened)


def check_data(schedule: Schedule) -> None:
    """Law 7."""
    kinds = {type(s) for s in parts(schedule)}
    if Function in kinds:
        return
    if all(_found(kind) for kind in kinds):
        copy = pickle.loads(pickle.dumps(schedule))
        _check_same_tree("law 7 (pickle)", schedule, copy)
    names = {**vars(jaxsched), **{kind.__name__: kind for kind in kinds}}
    _check_same_tree("law 7 (eval of repr)", schedule, eval(repr(schedule), names))
    if all(vars(jaxsched).get(kind.__name__) is kind for kind in kinds):
        copy = jaxsched.from_config(jaxsched.to_config(schedule))
        _check_same_tree("law 7 (from_config of to_config)", schedule, copy)


def check_optax(schedule: Schedule) -> None:
    """Law 8: Adam's updates by a constant gradient are the learning rates themselves.

    jit and scan take it, and change no value by law 1: the updates here are eager ones, whose
    program of the schedule is that of a single count.
    """
    one, counts = jnp.ones(()), np.arange(3)
    rates = np.stack([schedule(count) for count in counts])
    injected = optax.inject_hyperparams(optax.adamw)
    for name, adamw in (("adamw", optax.adamw), ("inject_hyperparams(adamw)", injected)):
        with jax.numpy_dtype_promotion("standard"):  # Adam itself mixes ints and floats
            tx = adamw(schedule, weight_decay=0.0)

            def step(state: Any, _: None, tx: Any = tx) -> tuple[Any, jax.Array]:
                update, state = tx.update(one, state, one)
                return state, update

            state, updates = tx.init(one), []
            jax.eval_shape(lambda state: jax.lax.scan(step, state, length=3), state)
            for _ in counts:
                state, update = step(state, None)
                updates.append(update)
        # Adam's own bias correction costs a relative 1e-4 in float32
        size = 1e-3 * np.abs(np.asarray(rates, np.float64))
        _check_close(f"law 8 ({name})", schedule, counts, -np.stack(updates), rates, more=size)
    if schedule.integral:
        with jax.numpy_dtype_promotion("standard"):
            steps = optax.MultiSteps(optax.sgd(1.0), every_k_schedule=schedule)
            jax.eval_shape(lambda x: steps.update(x, steps.init(x), x), one)


def parts(schedule: Any) -> Iterator[Schedule]:
    """The schedule and all schedules inside it."""
    if isinstance(schedule, Schedule):
        yield schedule
        for part in schedule._parts():
            yield from parts(part)


@jax.jit
def _gradients(numbers: Any, rest: Any, counts: jax.Array) -> Any:
    def value(numbers: Any, count: jax.Array) -> Any:
        return _joined(numbers, rest)(count)

    return jax.vmap(jax.grad(value), (None, 0))(numbers, counts)


def _split(schedule: Schedule) -> tuple[Any, Any]:
    """The tree of its floats and the tree of all else, None in the place of the others."""
    numbers = jax.tree.map(lambda x: x if is_float(x) else None, schedule)
    rest = jax.tree.map(lambda x: None if is_float(x) else x, schedule)
    return numbers, rest


def _joined(numbers: Any, rest: Any) -> Any:
    def either(number: Any, other: Any) -> Any:
        return other if number is None else number

    return jax.tree.map(either, numbers, rest, is_leaf=lambda x: x is None)


def _lengths(schedule: Schedule) -> list[Any]:
    """All lengths and boundaries inside, and the first multiples of the durations."""
    found = [
        x for length in lengths(schedule) for x in np.ravel(np.asarray(length, float)).tolist()
    ]
    for part in parts(schedule):
        if part.duration is not None and is_concrete(part.duration):
            found += [float(part.duration) * i for i in (1, 2, 3)]
    return [n for n in found if n <= LONGEST]


def _varied(schedule: Schedule, k: int) -> Any:
    """The schedule with other numbers of the same types: floats smaller, lengths longer."""

    def vary(leaf: Any) -> Any:
        if is_float(leaf):
            return leaf * (1 - k / 64)
        return leaf - k if np.max(leaf, initial=0) > LONGEST // 2 else leaf + k

    return jax.tree.map(vary, schedule)


def _found(kind: type) -> bool:
    """Whether pickle finds the class by its name."""
    module: Any = sys.modules.get(kind.__module__)
    return getattr(module, kind.__qualname__, None) is kind


def _check_same_tree(what: str, schedule: Schedule, other: Any) -> None:
    tree: Any = jax.tree.structure(schedule)
    same = tree == jax.tree.structure(other) and all(
        _same_number(a, b)
        for a, b in zip(jax.tree.leaves(schedule), jax.tree.leaves(other), strict=True)
    )
    if not same:
        raise AssertionError(f"{what}: {schedule!r} became {other!r}")


def _same_number(a: Any, b: Any) -> bool:
    if isinstance(a, jax.Array):  # printed as a Python number
        return np.array_equal(np.asarray(a), np.asarray(b, a.dtype))
    x, y = np.asarray(a), np.asarray(b)
    return type(a) is type(b) and x.dtype == y.dtype and x.tobytes() == y.tobytes()


def _check_finite(what: str, schedule: Schedule, counts: Any, values: Any) -> None:
    zeros = np.where(np.isfinite(values), 0.0, np.asarray(values, np.float64))
    _check_close(what, schedule, counts, zeros, np.zeros(np.shape(values)), ulps=0)


def _check_close(
    what: str,
    schedule: Schedule,
    counts: Any,
    got: Any,
    expected: Any,
    *,
    ulps: float | None = None,
    scale: float = 0.0,
    more: Any = 0.0,
) -> None:
    """Raise unless `got` is within `ulps` (that of law 1 by default) of `expected`, and `more`."""
    default = jnp.result_type(float)
    if ulps is None:
        ulps = 2.0 if default == np.float32 else 2.0**4
    tiny = float(np.finfo(default).tiny)
    counts, got, expected = (np.atleast_1d(np.asarray(x)) for x in (counts, got, expected))
    if got.dtype.kind == "i":
        ulps, scale = 0.0, 0.0
    got, expected = got.astype(np.float64), expected.astype(np.float64)
    # the largest float has no spacing
    size = np.clip(np.abs(expected), scale, float(np.finfo(default).max) / 2)
    bound = ulps * np.spacing(size.astype(default)).astype(np.float64) + more
    # what is below the normal floats may be flushed to zero
    bound = np.where(np.abs(expected) < tiny, np.maximum(bound, tiny if ulps else 0), bound)
    error = np.abs(got - expected)
    wrong = np.flatnonzero(~(error <= bound))
    if len(wrong):
        with np.errstate(over="ignore"):
            excess = error[wrong] / np.maximum(bound[wrong], tiny)
        wrong = wrong[np.argsort(-excess, kind="stable")[:5]]  # the worst ones
        raise AssertionError(
            f"{what}: {schedule!r} at counts {counts[wrong].tolist()}: got {got[wrong].tolist()}, "
            f"expected {expected[wrong].tolist()}"
        )
