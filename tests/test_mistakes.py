"""What a newcomer is told: natural mistakes, each with the one line that it prints."""

import re
from types import SimpleNamespace

import optax
import pytest

import jaxsched as js
from jaxsched.dialects import timm, torch, transformers
from jaxsched.testing import check_laws

SCOPE = {
    "js": js,
    "optax": optax,
    "timm": timm,
    "torch": torch,
    "transformers": transformers,
    "check_laws": check_laws,
    "C": js.Cosine(1e-3, 0.0, 100),
    "sgd": SimpleNamespace(param_groups=[{"lr": 0.1}]),  # looks like an optimizer of PyTorch
}

# the code, and the error as Python prints it
MISTAKES = """
C.warmup(0.1)
    ValueError: Warmup(steps=...) must be in counts, not a fraction of the run (take round(fraction * total), or '10%' in a file), got 0.1
js.warmup_cosine(1e-3, 0.1, 100)
    ValueError: warmup_cosine(warmup=...) must be in counts, not a fraction of the run (take round(fraction * total), or '10%' in a file), got 0.1
js.Cosine(1.0, 0.0, 0.5)
    ValueError: Cosine(steps=...) must be in counts, not a fraction of the run (take round(fraction * total), or '10%' in a file), got 0.5
js.PiecewiseConstant([0.5, 0.8], [1.0, 0.1, 0.01])
    ValueError: PiecewiseConstant(boundaries=...) must be in counts, not a fraction of the run (take round(fraction * total), or '10%' in a file), got [0.5, 0.8]
js.one_cycle(1e-3, 100, 30)
    ValueError: one_cycle(warmup_fraction=...) must be at most 1, got 30.0
js.Cosine(1000, 1e-3, 0.0)
    ValueError: Cosine(start, end, steps): start=1000 looks like the length, and steps, got 0.0, like a value
js.Cosine(1e-3, 0.0)
    TypeError: Cosine() missing 1 required positional argument: 'steps'
js.Cosine(1e-3, 0.0, -100)
    ValueError: Cosine(steps=...) must not be negative, got -100
js.Cosine(1e-3, 0.0, "100")
    TypeError: Cosine(steps=...) must be a number of counts, got '100'
js.Cosine("1e-3", 0.0, 100)
    TypeError: Cosine(start=...) must be a real number, got '1e-3'
js.Cosine(1e-3, None, 100)
    TypeError: Cosine(end=...) must be a real number, got None
js.Cosine(float("nan"), 0.0, 100)
    ValueError: Cosine(start=...) must be finite, got nan
js.Cosine(1e39, 0.0, 10)
    ValueError: Cosine(start=...) must be finite in float32, got 1e+39
js.Cosine(1.0, 0.0, 2**31)
    ValueError: Cosine(steps=...) must be at most 2147483647 as an int (a float such as 2e12, jax_enable_x64 or a coarser unit of counts goes further), got 2147483648
js.Cosine(1.0, 0.0, step=100)
    TypeError: Cosine() has no argument 'step'; did you mean 'steps'?
js.Cosine(1.0, 0.0, 100, power=2.0)
    TypeError: Cosine() has no argument 'power'; known are end, exponent, start, steps, warp
js.Cosine([1.0, 0.5], 0.0, 100)(3)
    ValueError: Cosine(start=...) has shape (2,) where a scalar is expected; js.grid and js.stack evaluate many schedules, as jax.vmap(lambda s: s(counts))(schedules) does
js.PiecewiseConstant({100: 0.1, 200: 0.1}, [1.0, 0.1, 0.01])
    TypeError: PiecewiseConstant(boundaries=...) must be a sequence of numbers, got {100: 0.1, 200: 0.1}
js.PiecewiseConstant([100, 200], [1.0, 0.1])
    ValueError: PiecewiseConstant needs one value more than boundaries, got 2 boundaries and 2 values
js.PiecewiseConstant([200, 100], [1.0, 0.1, 0.01])
    ValueError: PiecewiseConstant(boundaries=...) must be in order, got [200, 100]
js.Table({0.1, 0.2})
    TypeError: Table(values=...) must be a sequence of numbers, got {0.1, 0.2}
js.Table("12")
    TypeError: Table(values=...) must be a sequence of numbers, got '12'
js.Table([])
    ValueError: Table(values=...) must hold at least one value
js.Interpolate([0, 5], [1.0, 2.0], "spline")
    ValueError: Interpolate(shape=...) must be linear or cosine, got 'spline'
js.Geometric(1e-3, 0.0, 100)
    ValueError: Geometric(end=...) must be positive, got 0.0
js.Join([C, C], [])
    ValueError: Join(schedules, boundaries) needs one boundary between each two schedules, got 2 schedules and 0 boundaries
js.Join([js.Linear, C], [100])
    TypeError: Join(schedules=...)[0]: an instance is expected, js.Linear is a class
C.then(js.Linear)
    TypeError: .then(): an instance is expected, js.Linear is a class
C.then(None)
    TypeError: .then(): a schedule, a number or a function of a count is expected, got None
C.then(optax.adam)
    TypeError: .then(): adam is no function of one count: it gives no number: GradientTransformationExtraArgs(init=<function chain.<lo ...
C.then(lambda n: 0.1 if n < 5 else 0.2)
    TypeError: .then(): <lambda> is no function that JAX can trace: take jnp.where instead of if, and jnp instead of math
js.as_schedule("cosine")
    TypeError: a schedule, a number or a function of a count is expected, got 'cosine'
js.Exponential(1e-3, 0.9).then(C)
    ValueError: .then() needs a schedule with a duration, and Exponential has none: give it one with .stop(steps) (or .hold(steps) for a Constant), or place the parts yourself with Join(schedules, boundaries)
js.Constant(0.1).then(C)
    ValueError: .then() needs a schedule with a duration, and Constant has none: give it one with .stop(steps) (or .hold(steps) for a Constant), or place the parts yourself with Join(schedules, boundaries)
js.Exponential(1e-3, 0.9).repeat()
    ValueError: Repeat needs a schedule with a duration, and Exponential has none: give it one with .stop(steps) (or .hold(steps) for a Constant), or place the parts yourself with Join(schedules, boundaries)
C.repeat(3)
    TypeError: repeat() takes no argument: it goes on forever, .restarts(n) makes n cycles, got 3
C.restarts(2.5)
    TypeError: restarts(cycles=...) must be a known int, got 2.5
C.restarts(3, growth=0.5)
    ValueError: restarts(growth=...) must be >= 1, got 0.5
C.cooldown(boundary=500, steps=10)
    ValueError: a cooldown at 500 changes nothing: the schedule, whose duration is 100, ends with 0
C.cooldown(boundary=0.8, steps=0.2)
    ValueError: Cooldown(boundary=...) must be in counts, not a fraction of the run (take round(fraction * total), or '10%' in a file), got 0.8
C.cooldown(50, 10, shape="exp")
    ValueError: Cooldown(shape=...) must be linear or cosine or sqrt or geometric, got 'exp'
C.cooldown(50, 10, shape="geometric")
    ValueError: Cooldown(end=...) must be positive, it is geometric, got 0.0
C.clip(1.0, 0.5)
    ValueError: Clip(high=...) must be at least low=1.0, got 0.5
C.per(0)
    ValueError: Per(steps=...) must be at least 1, got 0
C(True)
    TypeError: a count must be an integer or a float, got True
C("10")
    TypeError: a count must be an integer or a float, got '10'
C.rounded(0)
    ValueError: Rounded(multiple=...) must be at least 1, got 0
js.wsd(1e-3, 10, 100, 20, shape="exponential")
    ValueError: wsd(shape=...) must be linear or cosine or sqrt or geometric, got 'exponential'
js.wsd(1e-3, warmpu=10, stable=100, decay=20)
    TypeError: wsd() has no argument 'warmpu'; did you mean 'warmup'?
js.warmup_cosine(1e-3, 100, 50)
    ValueError: warmup_cosine(steps=...) must be at least warmup=100, got 50
js.grid(js.Cosine)
    ValueError: grid(make, ...) needs at least one axis, such as peak=[1e-4, 1e-3]
js.grid(lambda peak: peak, peak=[0.1])
    TypeError: grid: make at peak=0.1 must be a schedule (js.as_schedule makes one), got 0.1
js.grid(lambda peak: js.Constant(peak), peak=0.1)
    TypeError: grid(peak=...) must be a sequence of values, got 0.1
js.stack([C, 0.5])
    TypeError: stack: schedule 1 must be a schedule (js.as_schedule makes one), got 0.5
js.stack([])
    ValueError: stack(schedules) needs at least one schedule
js.Switch([C, 0.1], 2)
    ValueError: Switch(index=...) must be an int from 0 to 1, got 2
js.sweep(C, [C])
    TypeError: sweep(train, ...) must be a function of a schedule, got Cosine(start=0.001, end=0.0, steps=100)
js.sweep(lambda s: s(0), C)
    TypeError: sweep(train, grid) must be a grid or a list of schedules, got Cosine(start=0.001, end=0.0, steps=100)
js.load("nope.yaml")
    FileNotFoundError: nope.yaml: No such file or directory
js.load("schedule.txt")
    FileNotFoundError: schedule.txt: No such file or directory
js.save("x.yaml", C)
    TypeError: save(schedule, path): the schedule comes first, got 'x.yaml'
js.save(C, "x.ini")
    ValueError: x.ini: .yaml (or .yml) and .json can be written, got '.ini'
js.from_config({"_target_": "jaxsched.Cosine", "start": 1.0})
    ValueError: config has no kind: its key is 'kind', not '_target_', as in kind: Cosine
js.from_config({"name": "Cosine"})
    ValueError: config has no kind: its key is 'kind', not 'name', as in kind: Cosine
js.from_config({"kind": "Cosin", "start": 1.0, "end": 0.0, "steps": 5})
    ValueError: config: unknown kind 'Cosin'; did you mean 'Cosine'?
js.from_config({"kind": "Cosine", "start": 1.0, "end": 0.0, "step": 5})
    ValueError: config: Cosine has no key 'step'; did you mean 'steps'?
js.from_config({"kind": "Cosine", "start": 1.0, "end": 0.0})
    ValueError: config: Cosine needs steps
js.from_config({"kind": "Cosine", "start": 1.0, "end": 0.0, "steps": "10%"})
    ValueError: config: Cosine(steps=...): '10%' needs total_steps
js.from_config({"kind": "Cosine", "start": 1.0, "end": 0.0, "steps": "5 epoch"})
    ValueError: config: Cosine(steps=...): '5 epoch' needs steps_per_epoch
js.from_config({"kind": "Cosine", "start": 1.0, "end": 0.0, "steps": "5 days"})
    ValueError: config: Cosine(steps=...): unknown unit 'days' in '5 days'; known are %, epoch, epochs, step, steps, token, tokens
js.from_config({"kind": "torch.StepLr", "base_lr": 0.1, "step_size": 5})
    ValueError: config: unknown kind 'torch.StepLr'; did you mean 'torch.StepLR'?
check_laws(js.Cosine)
    TypeError: check_laws(schedule): an instance is expected, js.Cosine is a class
torch.CosineAnnealingLR(sgd, 900)
    TypeError: CosineAnnealingLR(base_lr=...): give the learning rate; torch.from_scheduler takes a live scheduler of PyTorch, got an object of the class SimpleNamespace
torch.ReduceLROnPlateau
    AttributeError: ReduceLROnPlateau follows a metric: it is no function of the count
torch.MultiplicativeLR
    AttributeError: MultiplicativeLR multiplies by a Python function at every count: it is no function of the count alone; LambdaLR takes their product as one
timm.CosineLRScheduler(sgd, 900)
    TypeError: CosineLRScheduler(base_lr=...): give the learning rate; torch.from_scheduler takes a live scheduler of PyTorch, got an object of the class SimpleNamespace
transformers.get_linear_schedule_with_warmup(sgd, 10, 100)
    TypeError: get_linear_schedule_with_warmup(base_lr=...): give the learning rate; torch.from_scheduler takes a live scheduler of PyTorch, got an object of the class SimpleNamespace
torch.StepLR(0.1, step=5)
    TypeError: StepLR() has no argument 'step'; did you mean 'step_size'?
js.plot(js.Exponential(1.0, 0.9))
    ValueError: plot(steps=...) is needed: Exponential(start=1.0, rate=0.9, steps=1, staircase=False) has no duration
""".strip().splitlines()  # noqa: E501
INTERNAL = re.compile(r"\b_\w|__|\bKind\b|\bPart\b|0x[0-9a-f]|\bjaxsched\._")


@pytest.mark.parametrize(
    "code, line", list(zip(MISTAKES[::2], MISTAKES[1::2], strict=True)), ids=MISTAKES[::2]
)
def test_a_mistake_prints_one_line(code, line, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises((TypeError, ValueError, OSError, AttributeError)) as caught:
        eval(code, dict(SCOPE))
    assert f"{caught.type.__name__}: {caught.value}" == line.strip()
    assert not INTERNAL.search(str(caught.value).replace("_target_", ""))
    assert not list(tmp_path.iterdir())


def test_there_are_enough_of_them():
    assert len(MISTAKES) // 2 >= 60
