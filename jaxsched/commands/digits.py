"""A small network on handwritten digits, and schedules to train it with."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import optax

from jaxsched.curves import Cosine, Geometric, Linear, Power
from jaxsched.grids import Grid, grid
from jaxsched.schedule import Schedule

STEPS = 500
BATCH = 64
HIDDEN = 64


class Digits(NamedTuple):
    """Images of 64 pixels in [0, 1] and their digits, to learn from and to be judged by."""

    images: jax.Array
    digits: jax.Array
    held_out_images: jax.Array
    held_out_digits: jax.Array


def load() -> Digits:
    """scikit-learn's 1797 digits, a fifth of them held out."""
    try:
        from sklearn.datasets import load_digits
    except ImportError:
        raise ValueError("sweep needs scikit-learn: pip install jaxsched[sweep]") from None
    images, digits = load_digits(return_X_y=True)
    order = np.random.default_rng(0).permutation(len(digits))
    images, digits = jnp.asarray(images[order] / 16, float), jnp.asarray(digits[order], int)
    held_out = len(digits) // 5
    return Digits(images[held_out:], digits[held_out:], images[:held_out], digits[:held_out])


def train(schedule: Any, data: Digits, steps: int) -> dict[str, jax.Array]:
    """Loss and accuracy of a network of one hidden layer after `steps` updates at those rates."""
    first, second, order = jax.random.split(jax.random.key(0), 3)
    params = {
        "hidden": jax.random.normal(first, (64, HIDDEN)) / 8,
        "bias": jnp.zeros(HIDDEN),
        "out": jax.random.normal(second, (HIDDEN, 10)) / HIDDEN**0.5,
    }
    tx = optax.adamw(schedule)

    def logits(params: Any, images: jax.Array) -> jax.Array:
        hidden = jax.nn.relu(images @ params["hidden"] + params["bias"])
        return jnp.asarray(hidden @ params["out"])

    def loss(params: Any, images: jax.Array, digits: jax.Array) -> jax.Array:
        errors = optax.softmax_cross_entropy_with_integer_labels(logits(params, images), digits)
        return jnp.mean(errors)

    def update(carry: Any, chosen: jax.Array) -> tuple[Any, jax.Array]:
        params, state = carry
        batch = data.images[chosen], data.digits[chosen]
        value, gradient = jax.value_and_grad(loss)(params, *batch)
        updates, state = tx.update(gradient, state, params)
        return (optax.apply_updates(params, updates), state), value

    batches = jax.random.randint(order, (steps, BATCH), 0, len(data.digits))
    (params, _), losses = jax.lax.scan(update, (params, tx.init(params)), batches)
    guesses = jnp.argmax(logits(params, data.held_out_images), axis=-1)
    return {
        "accuracy": jnp.mean(guesses == data.held_out_digits),
        "loss": loss(params, data.held_out_images, data.held_out_digits),
        "losses": losses,
    }


def native(steps: int) -> Grid:
    """Peaks, warmups and shapes: 64 schedules of this package."""
    shapes: dict[str, Callable[[float, int], Schedule]] = {
        "linear": lambda peak, n: Linear(peak, 0.0, n),
        "cosine": lambda peak, n: Cosine(peak, 0.0, n),
        "1 - sqrt": lambda peak, n: Power(peak, 0.0, n, 0.5),
        "geometric": lambda peak, n: Geometric(peak, peak / 100, n),
    }

    def make(shape: str, peak: float, warmup: int) -> Schedule:
        return shapes[shape](peak, steps - warmup).warmup(warmup)

    warmups = sorted({0, steps // 20, steps // 10, steps // 5})
    return grid(make, shape=list(shapes), peak=[1e-3, 3e-3, 1e-2, 3e-2], warmup=warmups)
