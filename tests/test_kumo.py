"""The Kumo dialect: published values, live references, the float64 oracle, exact restarts."""

import json
import math
import random
import re
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from oracles import kumo as oracle

from jaxsched.dialects import kumo

HERE = Path(__file__).parent
GOLDEN = json.loads((HERE / "golden/kumo.json").read_text())
LONG = 2**31 - 1
WIDTH = 192  # every array of steps is as long: one compilation for many settings
WITH_WARMUP = [name for name in kumo.SCHEDULERS if name != "exponential"]


def one(name, kwargs, **shared):
    """The schedule of a list of one scheduler."""
    return kumo.lr_scheduler([{"name": name, "kwargs": kwargs}], **shared)[0]


def steps_of(total, past=20):
    """All steps and some past the end where they fit, or both ends and random ones."""
    rng = random.Random(total)
    if total + past < WIDTH:
        steps = range(total + past + 1)
    else:
        drawn = [rng.randint(0, total) for _ in range(WIDTH // 2)]
        steps = sorted({*range(40), *drawn, *range(total - 30, total + past)})
    return np.resize(np.array(steps, np.int64), WIDTH)


def close(got, expected):
    """2e-6 of the value, and 2e-7 of the largest."""
    expected = np.asarray(expected, float)
    atol = 2e-7 * np.abs(expected).max()
    np.testing.assert_allclose(np.asarray(got, float), expected, rtol=2e-6, atol=atol)


# --- the published values and the references ----------------------------------------------------


@pytest.mark.parametrize("name", kumo.SCHEDULERS)
def test_golden(name):
    entries = [entry for entry in GOLDEN if entry["schedule"] == name]
    assert entries
    for entry in entries:
        steps, values = np.array(entry["steps"]), entry["values"]
        assert len(steps) <= WIDTH
        shared = {key: entry[key] for key in ("base_lr", "num_training_steps")}
        schedule = one(name, entry["kwargs"], **shared)
        close(schedule(np.resize(steps, WIDTH))[: len(steps)], values)


def uniform(rng, low, high):
    """A number that float32 has: hundreds of cycles or steps multiply its rounding."""
    return float(np.float32(rng.uniform(low, high)))


def draw(rng, name):
    """Random kwargs of one scheduler, for a base_lr above 0.01."""
    if name == "exponential":
        return {"gamma": uniform(rng, 0.8, 1.02)}
    kwargs = rng.choice([{}, {"warmup_ratio_or_steps": rng.choice([0, 0.0, 1, 7, 0.25, 0.5, 1.0])}])
    if name.startswith("cosine_with_warmup"):
        cycles = [0.5, 1, 2.5, uniform(rng, 0.1, 4)]
        cycles = [1, 2, 3, 5, 2.5] if name.endswith("restarts") else cycles
        kwargs |= rng.choice([{}, {"num_cycles": rng.choice(cycles)}])
    if name.startswith("polynomial"):
        kwargs |= rng.choice([{}, {"lr_end": uniform(rng, 0, 0.009)}])
        kwargs |= rng.choice([{}, {"power": rng.choice([0.0, 0.5, 2.0, uniform(rng, 0.3, 5)])}])
    return kwargs


def live(name, kwargs, base_lr, total, steps):
    """The learning rates of the public reference, in a loop of optimizer and scheduler steps."""
    why = "the live reference needs torch and torch_geometric"
    torch = pytest.importorskip("torch", reason=why)
    pyg = pytest.importorskip("torch_geometric.nn.lr_scheduler", reason=why)
    optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=base_lr)
    if name == "exponential":
        scheduler = torch.optim.lr_scheduler.ExponentialLR(optimizer, kwargs["gamma"])
    else:
        plain = "".join(word.title() for word in name.removesuffix("_restarts").split("_"))
        cls = getattr(pyg, plain + ("RestartsLR" if name.endswith("restarts") else "LR"))
        own = {k: v for k, v in kwargs.items() if k != "warmup_ratio_or_steps"}
        warmup = kwargs.get("warmup_ratio_or_steps", 0.1)
        own["num_warmup_steps"] = oracle.warmup_steps(warmup, total)
        if name != "constant_with_warmup":
            own["num_training_steps"] = total
        scheduler = cls(optimizer, **own)
    rates = scheduler.get_last_lr()
    for _ in range(steps - 1):
        optimizer.step()
        scheduler.step()
        rates.append(scheduler.get_last_lr()[0])
    return rates


@pytest.mark.parametrize("name", kumo.SCHEDULERS)
def test_against_the_live_reference(name):
    rng = random.Random(name)
    counts = np.arange(100)
    for _ in range(12):
        kwargs, base_lr, total = draw(rng, name), uniform(rng, 0.01, 1), rng.randint(20, 90)
        schedule = one(name, kwargs, base_lr=base_lr, num_training_steps=total)
        past = len(counts)
        if name == "polynomial_with_warmup" and kwargs.get("warmup_ratio_or_steps") == 1.0:
            past = total  # the reference divides by zero there
        close(schedule(counts)[:past], live(name, kwargs, base_lr, total, past))


@pytest.mark.parametrize("interval", ["step", "epoch"])
@pytest.mark.parametrize("name", kumo.SCHEDULERS)
def test_against_the_oracle(name, interval):
    rng = random.Random(name + interval)
    for _ in range(15):
        scheduler = {"name": name, "interval": interval, "kwargs": draw(rng, name)}
        total = rng.choice([1, 2, rng.randint(3, 150), rng.randint(3, 150), 10**6 + 3])
        epoch = rng.choice([1, rng.randint(1, total), rng.randint(1, total), total + 5])
        shared = {"base_lr": uniform(rng, 0.01, 1), "num_training_steps": total}
        shared["steps_per_epoch"] = epoch
        if name == "exponential" and interval == "step" and total > 150:
            continue  # 0, or out of range
        steps = steps_of(total)
        expected = [oracle.candidate(scheduler, n, **shared) for n in steps.tolist()]
        close(kumo.lr_scheduler([scheduler], **shared)[0](steps), expected)


def test_lists_of_schedulers_multiply():
    rng = random.Random(0)
    for _ in range(12):
        element = [
            {"name": name, "interval": rng.choice(["step", "epoch"]), "kwargs": draw(rng, name)}
            for name in rng.sample(list(kumo.SCHEDULERS), rng.choice([1, 2, 3]))
        ]
        total = rng.randint(1, 150)
        shared = {"base_lr": uniform(rng, 0.01, 1), "num_training_steps": total}
        shared["steps_per_epoch"] = rng.randint(1, 60)
        steps = steps_of(total)
        expected = [oracle.candidate(element, n, **shared) for n in steps.tolist()]
        close(kumo.lr_scheduler([element], **shared)[0](steps), expected)


def test_a_polynomial_without_decay_is_at_its_end():
    """Documented: the reference divides by zero at the last step of a warmup over all steps."""
    kwargs = {"warmup_ratio_or_steps": 10, "lr_end": 0.25}
    schedule = one("polynomial_with_warmup", kwargs, base_lr=0.5, num_training_steps=10)
    close(schedule([0, 5, 9, 10, 11, 99]), [0.0, 0.25, 0.45, 0.25, 0.25, 0.25])


def test_a_ratio_is_rounded_half_to_even():
    halves = [(0.5, 1, 0), (0.5, 3, 2), (0.5, 5, 2), (0.25, 10, 2), (0.1, 35, 4)]
    for ratio, total, warmup in halves:
        schedule = one(
            "constant_with_warmup",
            {"warmup_ratio_or_steps": np.float64(ratio)},
            base_lr=1.0,
            num_training_steps=total,
        )
        assert schedule.duration is None
        assert int(np.argmax(np.asarray(schedule(np.arange(8))) == 1.0)) == warmup


def test_an_int_is_a_number_of_steps():
    """1 is a step and 1.0 all of them."""
    for given, warmup in [(1, 1), (np.int64(1), 1), (1.0, 20), (0, 0), (0.0, 0)]:
        kwargs = {"warmup_ratio_or_steps": given}
        schedule = one("constant_with_warmup", kwargs, base_lr=1.0, num_training_steps=20)
        assert int(np.argmax(np.asarray(schedule(np.arange(32))) == 1.0)) == warmup


# --- restarts -----------------------------------------------------------------------------------


def first_steps(total, warmup, cycles):
    """Where the reference's phase, cycles * (step / length) in float64, reaches each cycle."""
    length = max(1, total - warmup)
    found = []
    for i in range(1, cycles):
        low, high = 0, length
        while low < high:
            middle = (low + high) // 2
            low, high = (low, middle) if cycles * (middle / length) >= i else (middle + 1, high)
        found.append(warmup + low)
    return [*found, warmup + length]


@pytest.mark.parametrize("warmup", [0, 11])
@pytest.mark.parametrize("cycles", [1, 2, 3, 7, 16, 22, 40, 100])
def test_restarts_are_exact(cycles, warmup):
    """The level jumps at exactly the step where float64 puts it, by the whole of it."""
    for total in (25, 157, 10**6 + 3, 10**8 + 7):
        kwargs = {"warmup_ratio_or_steps": warmup, "num_cycles": cycles}
        shared = {"base_lr": 1.0, "num_training_steps": total}
        near = {b + i for b in first_steps(total, warmup, cycles) for i in (-2, -1, 0, 1, 2)}
        steps = sorted(n for n in near | {0, 1, warmup} if n >= 0)
        assert len(steps) <= 512
        expected = [oracle.value("cosine_with_warmup_restarts", kwargs, n, **shared) for n in steps]
        schedule = one("cosine_with_warmup_restarts", kwargs, **shared)
        got = np.asarray(schedule(np.resize(np.array(steps), 512)))[: len(steps)]
        close(got, expected)


def test_restarts_of_a_fraction():
    for cycles in (0.5, 1.5, 2.5, 3.7):
        for total in (25, 157, 10**6 + 3):
            kwargs = {"warmup_ratio_or_steps": 3, "num_cycles": cycles}
            shared = {"base_lr": 1.0, "num_training_steps": total}
            steps = steps_of(total)
            name = "cosine_with_warmup_restarts"
            expected = [oracle.value(name, kwargs, n, **shared) for n in steps.tolist()]
            close(one(name, kwargs, **shared)(steps), expected)


def test_the_longest():
    """Up to 2^31 - 1 steps, at both ends."""
    steps = np.r_[0, 1, 2, LONG // 10 + np.arange(-2, 3), LONG // 2, LONG + np.arange(-2, 1)]
    for name in WITH_WARMUP:
        shared = {"base_lr": 0.5, "num_training_steps": LONG}
        expected = [oracle.value(name, {}, n, **shared) for n in steps.tolist()]
        close(one(name, {}, **shared)(steps), expected)


# --- names, nothing, the page -------------------------------------------------------------------


@pytest.mark.parametrize(
    "name",
    ["cosine_with_warmup", "COSINE_WITH_WARMUP", "Cosine-With Warmup", "cosinewithwarmup",
     "  cosine - with_warmup_ "],
)  # fmt: skip
def test_names_match_without_regard_to_case_and_separators(name):
    shared = {"base_lr": 1.0, "num_training_steps": 10}
    expected = one("cosine_with_warmup", {}, **shared)
    assert repr(one(name, {}, **shared)) == repr(expected)


@pytest.mark.parametrize(
    "name",
    ["cosine_with_warumup_restarts", "Cosine-With Warumup_Restarts", "COSINEWITHWARUMUPRESTARTS"],
)
def test_the_page_misspells_a_name(name):
    shared = {"base_lr": 1.0, "num_training_steps": 10}
    message = rf"lr_scheduler\[0\]: '{name}' is read as 'cosine_with_warmup_restarts'"
    with pytest.warns(UserWarning, match=message) as caught:
        schedule = one(name, {}, **shared)
    assert len(caught) == 1
    assert repr(schedule) == repr(one("cosine_with_warmup_restarts", {}, **shared))


def test_a_warning_points_at_the_caller():
    with pytest.warns(UserWarning) as caught:
        kumo.lr_scheduler(
            [{"name": "cosine_with_warumup_restarts"}], base_lr=1.0, num_training_steps=10
        )
    assert caught[0].filename == __file__


def test_exponential_ignores_a_warmup():
    kwargs = {"gamma": 0.5, "warmup_ratio_or_steps": 0.1}
    message = r"lr_scheduler\[0\]: exponential has no warmup_ratio_or_steps; ignored"
    with pytest.warns(UserWarning, match=message):
        schedule = one("exponential", kwargs, base_lr=1.0, num_training_steps=10)
    assert schedule([0, 1, 2]).tolist() == [1.0, 0.5, 0.25]


@pytest.mark.parametrize("config", [None, [None], [[]], [{}], [""], [[None]], [[{}, None]]])
def test_no_scheduling_is_constant(config):
    [schedule] = kumo.lr_scheduler(config, base_lr=0.25, num_training_steps=10)
    assert schedule([0, 5, 99]).tolist() == [0.25] * 3


def test_an_empty_list_holds_nothing():
    assert kumo.lr_scheduler([], base_lr=0.25, num_training_steps=10) == []


def test_a_mapping_is_a_list_of_one():
    scheduler = {"name": "exponential", "kwargs": {"gamma": 0.5}}
    [schedule] = kumo.lr_scheduler(scheduler, base_lr=1.0, num_training_steps=10)
    assert schedule(2).item() == 0.25


def test_kwargs_and_interval_may_be_left_out():
    [schedule] = kumo.lr_scheduler(
        [{"name": "linear_with_warmup", "kwargs": None}], base_lr=1.0, num_training_steps=10
    )
    assert schedule([0, 1, 10]).tolist() == [0.0, 1.0, 0.0]


def test_page_example():
    yaml = pytest.importorskip("yaml", reason="the page's example is YAML")
    config = yaml.safe_load((HERE / "data/kumo.yaml").read_text())["lr_scheduler"]
    assert config[0] is None
    shared = {"base_lr": 0.1, "num_training_steps": 150, "steps_per_epoch": 20}
    with pytest.warns(UserWarning, match="cosine_with_warmup_restarts"):
        schedules = kumo.lr_scheduler(config, **shared)
    steps = steps_of(150)
    config[1] |= {"name": "cosine_with_warmup_restarts"}
    for schedule, element in zip(schedules, config, strict=True):
        expected = [oracle.candidate(element, n, **shared) for n in steps.tolist()]
        close(schedule(steps), expected)


# --- what is refused ----------------------------------------------------------------------------

LINEAR = {"name": "linear_with_warmup"}


def kwargs(name, **given):
    return [None, {"name": name, "kwargs": given}]


REFUSED = [
    ("linear", "lr_scheduler must be a list of schedulers, got 'linear'"),
    (3, "lr_scheduler must be a list of schedulers, got 3"),
    ([None, 3], "lr_scheduler[1] must be empty, a scheduler or a list of them, got 3"),
    (["linear"], "lr_scheduler[0] must be empty, a scheduler or a list of them, got 'linear'"),
    ([[LINEAR, 3]], "lr_scheduler[0][1] must be a mapping with a name, got 3"),
    ([[LINEAR, [LINEAR]]], "lr_scheduler[0][1] must be a mapping with a name, got [{"),
    ([{"interval": "step"}], "lr_scheduler[0] has no name; known are constant_with_warmup, lin"),
    ([LINEAR | {"kwarg": {}}], "lr_scheduler[0] has no key 'kwarg'; did you mean 'kwargs'?"),
    (
        [None, {"name": "cosine_with_warmups"}],
        "lr_scheduler[1]: unknown name 'cosine_with_warmups'; did you mean 'cosine_with_warmup'?",
    ),
    ([{"name": "step"}], "lr_scheduler[0]: unknown name 'step'; "),
    ([{"name": None}], "lr_scheduler[0]: unknown name None; "),
    (
        [LINEAR | {"interval": "update"}],
        "lr_scheduler[0]: interval must be step or epoch, got 'update'",
    ),
    ([LINEAR | {"interval": None}], "lr_scheduler[0]: interval must be step or epoch, got None"),
    (
        [LINEAR | {"interval": "epoch"}],
        "lr_scheduler[0]: linear_with_warmup: interval epoch needs steps_per_epoch",
    ),
    ([LINEAR | {"kwargs": [0.1]}], "lr_scheduler[0]: kwargs must be a mapping, got [0.1]"),
    ([LINEAR | {"kwargs": "x"}], "lr_scheduler[0]: kwargs must be a mapping, got 'x'"),
    (
        kwargs("linear_with_warmup", warmup_ratio=0.1),
        "lr_scheduler[1]: linear_with_warmup has no key 'warmup_ratio'; did you mean "
        "'warmup_ratio_or_steps'?",
    ),
    (
        kwargs("linear_with_warmup", gamma=0.1),
        "lr_scheduler[1]: linear_with_warmup has no key 'gamma'",
    ),
    (
        kwargs("linear_with_warmup", total=0.1),
        "lr_scheduler[1]: linear_with_warmup has no key 'total'",
    ),
    (
        kwargs("exponential", gamma=0.1, gama=0.1),
        "lr_scheduler[1]: exponential has no key 'gama'; did you mean 'gamma'?",
    ),
    (kwargs("exponential"), "lr_scheduler[1]: exponential needs gamma"),
    (kwargs("exponential", gamma=0.0), "lr_scheduler[1]: exponential: Exponential(rate=...) must"),
    (kwargs("exponential", gamma=-1.0), "lr_scheduler[1]: exponential: Exponential(rate=...) must"),
    (kwargs("exponential", gamma="x"), "lr_scheduler[1]: exponential: Exponential(rate=...) must"),
    *(
        (
            kwargs(name, warmup_ratio_or_steps=wrong),
            f"lr_scheduler[1]: {name}: warmup_ratio_or_steps must be a float in [0, 1] (a ratio) "
            f"or an int >= 0 (steps), got {wrong!r}",
        )
        for name in WITH_WARMUP
        for wrong in (-0.1, 1.5, -1, True, "0.1", None, math.nan, [0.1])
    ),
    *(
        (
            kwargs(name, num_cycles=wrong),
            f"lr_scheduler[1]: {name}: num_cycles must be {rule}",
        )
        for name in ("cosine_with_warmup", "cosine_with_warmup_restarts")
        for wrong, rule in (
            (0, "positive, got 0"),
            (-1, "positive, got -1"),
            ("x", "a real number, got 'x'"),
            (True, "a real number, got True"),
            (math.inf, "finite, got inf"),
        )
    ),
    (
        kwargs("cosine_with_warmup_restarts", num_cycles=10**6),
        "cosine_with_warmup_restarts: num_cycles must be at most 4096, got 1000000",
    ),
    (
        kwargs("polynomial_with_warmup", lr_end=1.0),
        "lr_scheduler[1]: polynomial_with_warmup: lr_end=1.0 must be less than base_lr, got 0.1",
    ),
    (
        kwargs("polynomial_with_warmup", lr_end=0.1),
        "lr_scheduler[1]: polynomial_with_warmup: lr_end=0.1 must be less than base_lr, got 0.1",
    ),
    (
        kwargs("polynomial_with_warmup", lr_end=-0.1),
        "lr_scheduler[1]: polynomial_with_warmup: lr_end must not be negative, got -0.1",
    ),
    (
        kwargs("polynomial_with_warmup", power=-0.1),
        "lr_scheduler[1]: polynomial_with_warmup: Polynomial(power=...) must not be negative",
    ),
]


@pytest.mark.parametrize(("config", "message"), REFUSED)
def test_refused(config, message):
    """Always a ValueError, with the place in the list."""
    with pytest.raises(ValueError, match=re.escape(message)):
        kumo.lr_scheduler(config, base_lr=0.1, num_training_steps=100)


@pytest.mark.parametrize(
    ("shared", "message"),
    [
        ({"base_lr": -0.1}, "base_lr must not be negative, got -0.1"),
        ({"base_lr": math.nan}, "base_lr must be finite, got nan"),
        ({"num_training_steps": 0}, f"num_training_steps must be in 1 ... {LONG}, got 0"),
        ({"num_training_steps": 2**31}, f"num_training_steps must be in 1 ... {LONG}, got {2**31}"),
        ({"num_training_steps": 10.0}, "num_training_steps must be an int, got 10.0"),
        ({"num_training_steps": True}, "num_training_steps must be an int, got True"),
        ({"steps_per_epoch": 0}, f"steps_per_epoch must be in 1 ... {LONG}, got 0"),
        ({"steps_per_epoch": "9"}, "steps_per_epoch must be an int, got '9'"),
    ],
)
def test_refused_inputs(shared, message):
    with pytest.raises(ValueError, match=re.escape(message)):
        kumo.lr_scheduler([None], **({"base_lr": 0.1, "num_training_steps": 100} | shared))


def test_base_lr_must_be_a_number():
    with pytest.raises(TypeError, match="base_lr must be a real number, got 'x'"):
        kumo.lr_scheduler([None], base_lr="x", num_training_steps=100)


def test_an_argument_that_there_is_not():
    message = "lr_scheduler() has no argument 'training_steps'; did you mean 'num_training_steps'?"
    with pytest.raises(TypeError, match=re.escape(message)):
        kumo.lr_scheduler([None], base_lr=0.1, training_steps=100)


@pytest.mark.parametrize("warmup", [8, 1.0, 9], ids=repr)
@pytest.mark.parametrize("interval", ["step", "epoch"])
@pytest.mark.parametrize("name", [name for name in kumo.SCHEDULERS if name != "exponential"])
def test_a_warmup_and_nothing(name, interval, warmup):
    """A run as long as its warmup rises, as the reference does."""
    scheduler = {"name": name, "interval": interval, "kwargs": {"warmup_ratio_or_steps": warmup}}
    shared = {"base_lr": 0.5, "num_training_steps": 8, "steps_per_epoch": 1}
    expected = [oracle.candidate(scheduler, n, **shared) for n in range(12)]
    steps = 8 if isinstance(warmup, float) else warmup
    assert expected[:steps] == [0.5 * n / steps for n in range(steps)]
    close(kumo.lr_scheduler([scheduler], **shared)[0](np.arange(12)), expected)


# --- hyperparameters ----------------------------------------------------------------------------


@pytest.mark.parametrize("name", kumo.SCHEDULERS)
def test_vmap_over_base_lr(name):
    own = {"gamma": 0.9} if name == "exponential" else {}
    rates, steps = [0.1, 0.5, 2.0], np.arange(60)

    def values(lr):
        return one(name, own, base_lr=lr, num_training_steps=50)(steps)

    got = jax.jit(jax.vmap(values))(jnp.array(rates))
    for row, lr in zip(got, rates, strict=True):
        shared = {"base_lr": lr, "num_training_steps": 50}
        close(row, [oracle.value(name, own, n, **shared) for n in steps.tolist()])


def test_vmap_over_base_lr_of_a_product():
    element = [
        {"name": "polynomial_with_warmup", "kwargs": {"lr_end": 0.01}},
        {"name": "exponential", "interval": "epoch", "kwargs": {"gamma": 0.5}},
    ]
    rates, steps = [0.1, 0.5, 2.0], np.arange(60)
    shared = {"num_training_steps": 50, "steps_per_epoch": 8}
    got = jax.vmap(lambda lr: kumo.lr_scheduler([element], base_lr=lr, **shared)[0](steps))(
        jnp.array(rates)
    )
    for row, lr in zip(got, rates, strict=True):
        close(row, [oracle.candidate(element, n, base_lr=lr, **shared) for n in steps.tolist()])


def test_gradients():
    def value(lr, gamma):
        return one("exponential", {"gamma": gamma}, base_lr=lr, num_training_steps=9)(3)

    slopes = jax.grad(value, argnums=(0, 1))(2.0, 0.5)
    close(jnp.stack(slopes), [0.5**3, 2.0 * 3 * 0.5**2])


def test_what_decides_the_structure_must_be_known():
    def value(cycles):
        kwargs = {"num_cycles": cycles}
        return one("cosine_with_warmup", kwargs, base_lr=1.0, num_training_steps=9)(3)

    with pytest.raises(ValueError, match="num_cycles must be a known number, it decides the struc"):
        jax.jit(value)(2.0)
    close(value(jnp.array(2.0)), value(2.0))
