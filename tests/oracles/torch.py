"""The rules of `torch.optim.lr_scheduler` 2.13 in float64, each a function of one count.

Closed forms, so that they are right at any count; the tests hold them to PyTorch's own steps.
"""

import bisect
import math


def step(base, size, gamma):
    return lambda k: base * gamma ** (k // size)


def multi_step(base, milestones, gamma):
    return lambda k: base * gamma ** sum(m <= k for m in milestones)


def constant(base, factor, total):
    return lambda k: base * (factor if k < total or total == 0 else 1.0)


def linear(base, start, end, total):
    return lambda k: base * (start + (end - start) * min(k, total) / max(total, 1))


def exponential(base, gamma):
    return lambda k: base * gamma**k


def polynomial(base, total, power):
    return lambda k: base * (1 - min(k, total) / max(total, 1)) ** power


def half_cosine(base, low, part, whole):
    return low + (base - low) * (1 + math.cos(math.pi * part / whole)) / 2


def annealing(base, half, low=0.0):
    return lambda k: half_cosine(base, low, k % (2 * half), half)


def warm_restarts(base, first, growth, low=0.0):
    def value(k):
        length = first
        while k >= length and growth > 1:
            k, length = k - length, length * growth
        return half_cosine(base, low, k % length, length)

    return value


def cyclic(base, peak, up, down, scale=lambda cycle, k: 1.0):
    """`scale` of the cycle, from 1 on, and the count."""

    def value(k):
        cycle, part = divmod(k, up + down)
        height = part / up if part <= up else (up + down - part) / down
        return base + (peak - base) * height * scale(cycle + 1, k)

    return value


def one_cycle(levels, total, share, cosine=True):
    """`levels` are three, or four with three phases; it is held from `total` on."""
    ends = [share * total - 1, total - 1]
    if len(levels) == 4:
        ends.insert(1, 2 * share * total - 2)

    def value(k):
        k, begin = min(k, total), 0.0
        for i, end in enumerate(ends):
            if k <= end or end is ends[-1]:
                part = (k - begin) / (end - begin)
                if cosine:
                    return half_cosine(levels[i], levels[i + 1], part, 1)
                return levels[i] + (levels[i + 1] - levels[i]) * part
            begin = end

    return value


def sequential(parts, milestones):
    starts = [0, *milestones]

    def value(k):
        i = bisect.bisect_right(starts, k) - 1
        return parts[i](k - starts[i])

    return value


def chained(base, factors):
    return lambda k: base * math.prod(factor(k) for factor in factors)


def chained_annealing(base, half, before, after):
    """CosineAnnealingLR among others: it leaves each zero from `base`, whatever they did before."""

    def value(k):
        result = annealing(base, half)(k)
        if k <= half:
            return result * math.prod(factor(k) for factor in before + after)
        zero = half + (k - half - 1) // (2 * half) * 2 * half
        for factors, since in ((before, zero + 1), (after, zero)):
            result *= math.prod(factor(k) / factor(since) for factor in factors)
        return result

    return value


def overwritten(whole, factors):
    """After one that overwrites, the others multiply by what their last step has changed."""

    def value(k):
        change = (factor(k) / (factor(k - 1) if k else 1.0) for factor in factors)
        return whole(k) * math.prod(change)

    return value
