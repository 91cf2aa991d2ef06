"""PyTorch's schedulers, against the float64 oracles of their rules."""

from oracles import torch as oracle

from cases.table import LONG, add, linear as line, loose, phase, polynomial, r
from jaxsched.dialects import torch

BASE = 0.1


def case(entry, label, schedule, reference, largest=BASE, **bound):
    bound = bound or loose(largest)
    add(f"torch.{entry.__name__}({label})", schedule, reference, **bound, entry=entry)


def momentum(entry, label, schedule, lr, other, largest=BASE):
    """Both streams of a schedule with momentum."""
    case(entry, label, schedule, lr, largest)
    case(entry, f"{label}, momentum", schedule.momentum, other, 0.95)


for size, gamma in ((13, 0.7), (10**5, 0.1), (1, 0.9999)):
    label = f"{size}, {gamma}"
    case(torch.StepLR, label, torch.StepLR(BASE, size, gamma), oracle.step(BASE, size, gamma))
for counts in ([5, 33, 17, 5], [0, 10], [333_333, LONG]):
    schedule = torch.MultiStepLR(BASE, counts, 0.3)
    case(torch.MultiStepLR, counts, schedule, oracle.multi_step(BASE, counts, 0.3))
for numbers in ((1 / 3, 5), (0.0, 100), (0.4, 0)):
    case(
        torch.ConstantLR, numbers, torch.ConstantLR(BASE, *numbers), oracle.constant(BASE, *numbers)
    )
for start, end, total in ((0.1, 0.7, 33), (1.0, 0.0, 10**6 + 3), (0.5, 1.0, 0)):
    factor = line(start, end if total else start, total)
    reference = lambda k, factor=factor: r(BASE) * factor(k)  # noqa: E731
    numbers = (start, end, total)
    # the product rounds once more
    case(torch.LinearLR, numbers, torch.LinearLR(BASE, *numbers), reference, ulps=4.0)
for gamma in (0.9, 0.999999):
    case(
        torch.ExponentialLR,
        gamma,
        torch.ExponentialLR(BASE, gamma),
        oracle.exponential(BASE, gamma),
    )
for total, power in ((37, 2.0), (10**6 + 3, 0.9), (0, 2.0)):
    reference = polynomial(BASE, 0.0 if total else BASE, total, power)
    numbers = (total, power)
    case(torch.PolynomialLR, numbers, torch.PolynomialLR(BASE, *numbers), reference, ulps=4.0)
for half, low in ((50, 0.0), (1, 0.01), (10**6 + 3, 1e-5), (LONG - 1, 0.0)):
    schedule = torch.CosineAnnealingLR(BASE, half, low)
    bound = phase(BASE, 0.5 / half) if half > LONG // 2 else {"ulps": 4.0}
    reference = oracle.annealing(r(BASE), half, r(low))
    case(torch.CosineAnnealingLR, (half, low), schedule, reference, **bound)
schedule = torch.CosineAnnealingLR(BASE, 12.5)
case(torch.CosineAnnealingLR, 12.5, schedule, oracle.annealing(BASE, 12.5), **phase(BASE, 1 / 25))
for first, growth in ((10, 1), (1, 2), (7, 3), (500, 2)):
    schedule = torch.CosineAnnealingWarmRestarts(BASE, first, growth, 0.01)
    reference = oracle.warm_restarts(BASE, first, growth, 0.01)
    case(torch.CosineAnnealingWarmRestarts, (first, growth), schedule, reference)
SCALES = {
    "triangular": lambda cycle, k: 1.0,
    "triangular2": lambda cycle, k: 0.5 ** (cycle - 1),
    "exp_range": lambda cycle, k: 0.99**k,
}
for mode, scale in SCALES.items():
    schedule = torch.CyclicLR(0.01, 0.1, 11, 4, mode, 0.99)
    lr, other = (oracle.cyclic(*ends, 11, 4, scale) for ends in ((0.01, 0.1), (0.9, 0.8)))
    momentum(torch.CyclicLR, mode, schedule, lr, other)
schedule = torch.CyclicLR(
    0.01, 0.1, 20, scale_fn=torch.ExponentialLR(1.0, 0.9), cycle_momentum=False
)
case(
    torch.CyclicLR,
    "scale_fn",
    schedule,
    oracle.cyclic(0.01, 0.1, 20, 20, lambda cycle, k: 0.9**cycle),
)
for total, share, strategy, phases in (
    (100, 0.3, "cos", 2),
    (97, 0.37, "linear", 2),
    (97, 0.37, "cos", 3),
    (53, 0.25, "linear", 3),
    (40, 0.6, "cos", 3),
    (20, 0.0, "cos", 2),
    (10**7, 0.3, "cos", 2),
):
    schedule = torch.OneCycleLR(
        BASE, 0.3, total, pct_start=share, anneal_strategy=strategy, three_phase=phases == 3
    )
    levels = [0.3 / 25, 0.3, 0.3 / 25, 0.3 / 25 / 1e4], [0.95, 0.85, 0.95, 0.95]
    if phases == 2:
        levels = [[*four[:2], four[3]] for four in levels]
    lr, other = (oracle.one_cycle(some, total, share, strategy == "cos") for some in levels)
    momentum(torch.OneCycleLR, (total, share, strategy, phases), schedule, lr, other, 0.3)
schedule = torch.LambdaLR(BASE, torch.LinearLR(1.0, 0.5, total_iters=20))
case(torch.LambdaLR, "schedule", schedule, oracle.linear(BASE, 0.5, 1.0, 20))
schedule = torch.SequentialLR(
    BASE,
    [
        torch.LinearLR(BASE, 0.1, total_iters=10),
        torch.StepLR(0.2, 7, 0.5),
        torch.CosineAnnealingLR(BASE, 90, 0.01),
    ],
    [10, 40],
)
parts = [
    oracle.linear(BASE, 0.1, 1.0, 10),
    oracle.step(0.2, 7, 0.5),
    oracle.annealing(BASE, 90, 0.01),
]
case(torch.SequentialLR, "3", schedule, oracle.sequential(parts, [10, 40]), 0.2)
schedule = torch.ChainedScheduler(
    [torch.StepLR(BASE, 10, 0.5), torch.MultiStepLR(BASE, [15, 33]), torch.PolynomialLR(BASE, 77)]
)
factors = [
    oracle.step(1, 10, 0.5),
    oracle.multi_step(1, [15, 33], 0.1),
    oracle.polynomial(1, 77, 1.0),
]
case(torch.ChainedScheduler, "product", schedule, oracle.chained(BASE, factors))
schedule = torch.ChainedScheduler(
    [
        torch.LinearLR(BASE, 0.5, 0.8, 30),
        torch.CosineAnnealingLR(BASE, 20),
        torch.StepLR(BASE, 30, 0.9),
    ]
)
before, after = [oracle.linear(1, 0.5, 0.8, 30)], [oracle.step(1, 30, 0.9)]


def annealed(k):
    # far away its stairs have the phase of nearer ones, and 0.9^30 is a float
    k = 20 + (k - 20) % 120 + 120 if k > 260 else k
    return oracle.chained_annealing(BASE, 20, before, after)(k)


case(torch.ChainedScheduler, "annealing", schedule, annealed)
schedule = torch.ChainedScheduler(
    [torch.CosineAnnealingWarmRestarts(BASE, 10), torch.ExponentialLR(BASE, 0.9)]
)
case(
    torch.ChainedScheduler,
    "overwritten",
    schedule,
    lambda k: oracle.warm_restarts(BASE, 10, 1)(k) * (0.9 if k else 1.0),
)
