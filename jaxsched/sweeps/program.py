"""One program that trains a model for each candidate: `sweep`."""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax.sharding import Mesh, NamedSharding, PartitionSpec

from jaxsched.curves import Table
from jaxsched.errors import shown, suggesting
from jaxsched.fields import require_count
from jaxsched.grids import Grid, as_one, stack
from jaxsched.schedule import Schedule
from jaxsched.sweeps.results import Sweep


@suggesting
def sweep(
    train: Callable[[Any], Any],
    grid: Grid | Iterable[Schedule] | Mapping[str, Schedule],
    *,
    steps: int | None = None,
    mesh: Mesh | None = None,
    chunk: int | None = None,
    progress: bool = True,
) -> Sweep:
    """`train(schedule)` for every schedule of a grid, in one program: `jax.vmap` over the points.

    Args:
        train: a JAX function of a schedule that returns its metrics: a pytree of arrays, such as
            {"loss": ..., "losses": ...}. It is traced once.
        grid: a `js.grid`, or a list or mapping of schedules (`js.stack`).
        steps: how many counts `train` looks at, if it knows: the schedules then come as a `Table`
            of values computed beforehand, which is quicker to compile where there are many
            structures. Otherwise a grid of several structures comes as a `Switch` among them.
        mesh: the devices to spread the points over, of one process or of many under
            `jax.distributed` (each calls this, and each gets the whole result).
        chunk: how many points are trained at a time, by default all; the memory that is needed,
            and what an interrupt (Ctrl-C) loses. Finished chunks are returned.
        progress: whether to show a bar, where tqdm is installed.

    Raises:
        TypeError, ValueError: for a grid, mesh, chunk or number of steps that is none, and where
            `train` returns no arrays.

    >>> from jaxsched import Linear, grid
    >>> def train(schedule: Any) -> Any:  # gradient descent on w^2
    ...     def update(w: jax.Array, count: jax.Array) -> tuple[jax.Array, jax.Array]:
    ...         return w - schedule(count) * 2 * w, w**2
    ...     w, losses = jax.lax.scan(update, jnp.ones(()), jnp.arange(20))
    ...     return {"loss": w**2, "losses": losses}
    >>> rates = grid(lambda start, end: Linear(start, end, 20), start=[0.01, 0.1], end=[0.0, 0.01])
    >>> result = sweep(train, rates, progress=False)
    >>> result.metrics["losses"].shape
    (2, 2, 20)
    >>> [(row["rank"], row["start"], row["end"]) for row in result.leaderboard("loss", 2)]
    [(1, 0.1, 0.01), (2, 0.1, 0.0)]
    """
    points = grid if isinstance(grid, Grid) else stack(_schedules(grid))
    if not callable(train) or isinstance(train, Schedule):
        raise TypeError(f"sweep(train, ...) must be a function of a schedule, got {shown(train)}")
    if mesh is not None and not isinstance(mesh, Mesh):
        raise TypeError(f"sweep(mesh=...) must be a jax.sharding.Mesh, got {shown(mesh)}")
    size = len(points) if chunk is None else require_count(chunk, "sweep(chunk=...)")
    devices = 1 if mesh is None else mesh.size
    size = -(-min(size, len(points)) // devices) * devices  # each device has the same number
    if steps is None:
        candidates = as_one(points)
    else:
        counts = np.arange(require_count(steps, "sweep(steps=...)"))
        values = np.asarray(points(counts)).reshape(len(points), -1)
        candidates = jax.tree.unflatten(jax.tree.structure(Table([0.0])), [values])

    def rows(first: int) -> Any:
        """The points of one chunk; the last one is filled up with copies of the last point."""
        chosen = np.minimum(np.arange(first, first + size), len(points) - 1)
        return jax.tree.map(lambda leaf: _placed(np.asarray(leaf)[chosen], mesh), candidates)

    run = _program(train, mesh)
    shapes = run.eval_shape(rows(0))  # what is wrong with train shows now; the trace is kept
    metrics = jax.tree.map(lambda x: _blank((len(points), *x.shape[1:]), x.dtype), shapes)
    finished = 0
    with _bar(len(points), progress) as show:
        try:
            for first in range(0, len(points), size):
                trained = jax.tree.map(_fetched, run(rows(first)))
                here = slice(first, min(first + size, len(points)))
                for whole, part in zip(*map(jax.tree.leaves, (metrics, trained)), strict=True):
                    whole[here] = part[: here.stop - first]
                show(here.stop - finished)
                finished = here.stop
        except KeyboardInterrupt:
            if not finished:
                raise
    shaped = jax.tree.map(lambda x: x.reshape(points.shape + x.shape[1:]), metrics)
    return Sweep(points, shaped, (np.arange(len(points)) >= finished).reshape(points.shape))


def _schedules(grid: Any) -> Any:
    if isinstance(grid, Schedule) or not isinstance(grid, Iterable):
        raise TypeError(
            f"sweep(train, grid) must be a grid or a list of schedules, got {shown(grid)}"
        )
    return grid


@functools.lru_cache(maxsize=1)  # train may hold much data
def _program(train: Callable[[Any], Any], mesh: Mesh | None) -> Any:
    """`train` of a stack of schedules; the same function again is not compiled again."""
    run: Any = jax.vmap(lambda schedule: _required_arrays(train(schedule)))
    if mesh is not None:
        each = PartitionSpec(mesh.axis_names)
        run = jax.shard_map(run, mesh=mesh, in_specs=each, out_specs=each, check_vma=False)
    return jax.jit(run)


def _required_arrays(metrics: Any) -> Any:
    """The metrics as arrays, or an error where `train` returned something else."""
    leaves = jax.tree.leaves_with_path(metrics)
    if not leaves:
        expected = "its metrics, arrays such as {'loss': ...}"
        raise ValueError(f"sweep: train must return {expected}, got {shown(metrics)}")
    for path, leaf in leaves:
        if not isinstance(leaf, jax.Array | np.ndarray | np.generic | bool | int | float | complex):
            where = jax.tree_util.keystr(path)
            raise TypeError(
                f"sweep: train must return arrays only, its metrics{where} is {shown(leaf)}"
            )
    return jax.tree.map(jnp.asarray, metrics)


def _placed(rows: np.ndarray[Any, Any], mesh: Mesh | None) -> Any:
    if mesh is None:
        return rows
    rows = rows.astype(jax.dtypes.canonicalize_dtype(rows.dtype))
    sharding = NamedSharding(mesh, PartitionSpec(mesh.axis_names))
    return jax.make_array_from_callback(rows.shape, sharding, lambda index: rows[index])


def _fetched(x: jax.Array) -> np.ndarray[Any, Any]:
    """The whole array, from the other processes too."""
    if x.is_fully_addressable:
        return np.asarray(x)
    from jax.experimental import multihost_utils

    return np.asarray(multihost_utils.process_allgather(x, tiled=True))


def _blank(shape: tuple[int, ...], dtype: Any) -> np.ndarray[Any, Any]:
    blank = np.zeros(shape, dtype)
    if jnp.issubdtype(dtype, np.inexact):
        blank[...] = np.nan
    return blank


@contextlib.contextmanager
def _bar(total: int, progress: bool) -> Iterator[Callable[[int], object]]:
    """What to call with the number of points that are done."""
    try:
        if not progress or jax.process_index():
            raise ImportError
        from tqdm import tqdm
    except ImportError:
        yield lambda done: None
        return
    with tqdm(total=total, unit="model", desc="sweep") as bar:
        yield bar.update
