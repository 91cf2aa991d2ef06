"""One model per schedule, all in one compiled program: `sweep`."""

from __future__ import annotations

import contextlib
import csv
import functools
import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax.sharding import Mesh, NamedSharding, PartitionSpec

from jaxsched._algebra import require_count
from jaxsched._curves import Table
from jaxsched._grid import Grid, as_one, stack
from jaxsched._names import shown, suggesting, suggestion
from jaxsched._schedule import Schedule
from jaxsched.fields import require_one_of


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
            structures. Otherwise a grid of several structures comes as a `Choose` among them.
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


class Sweep:
    """What `sweep` found out.

    Attributes:
        grid: the schedules.
        metrics: what `train` returned, NumPy arrays of the shape `grid.shape` + the metric's own.
        missing: which points were not trained, as the sweep was interrupted: their metrics are
            NaN (0 for integers).
        diverged: at which points some metric is NaN or infinite.

    A metric is named by its place in `metrics`: its key, with a dot between nested ones; it may be
    left out where there is only one.
    """

    def __init__(self, grid: Grid, metrics: Any, missing: np.ndarray[Any, Any]) -> None:
        self.grid, self.metrics, self.missing = grid, metrics, missing
        bad = np.zeros(grid.shape, bool)
        for values in self.named_metrics().values():
            if jnp.issubdtype(values.dtype, np.inexact):
                own = tuple(range(len(grid.shape), values.ndim))
                bad |= ~np.isfinite(values.astype(np.complex128)).all(axis=own)
        self.diverged = bad & ~missing

    def named_metrics(self) -> dict[str, np.ndarray[Any, Any]]:
        """The arrays of `metrics` by name."""
        leaves = jax.tree.leaves_with_path(self.metrics)
        names = (jax.tree_util.keystr(path, simple=True, separator=".") for path, _ in leaves)
        return {name or "metric": leaf for name, (_, leaf) in zip(names, leaves, strict=True)}

    @suggesting
    def leaderboard(
        self, metric: str | None = None, n: int | None = None, mode: str = "min"
    ) -> list[dict[str, Any]]:
        """The best `n` points (all by default): rank, the metric, and the axes' values.

        Args:
            metric: the name of one with a single number per point.
            n: how many.
            mode: "min" if lower is better, or "max".

        Points that diverged come last, with `"diverged": True`, and after them those that were not
        trained, with `"missing": True`.
        """
        return self._board(metric, n, mode, "leaderboard(mode=...)")

    def _board(self, metric: str | None, n: int | None, mode: str, by: str) -> list[dict[str, Any]]:
        """What `leaderboard` returns, whose mode is an argument of another method, too."""
        name, values = self.ranked_by(metric)
        require_one_of(("min", "max"), mode, by)
        records = self.grid.records()
        values, diverged, missing = values.ravel(), self.diverged.ravel(), self.missing.ravel()
        board = []
        order = np.lexsort((values if mode == "min" else -values, diverged, missing))
        for rank, i in enumerate(order[:n].tolist(), 1):
            row = {"rank": rank, name: values[i].item(), **records[i]}
            if len(row) != 2 + len(records[i]):
                raise ValueError(f"no axis may be called rank or {name}: {shown(self.grid)}")
            marks = {"diverged": diverged[i], "missing": missing[i]}
            board.append(row | {mark: True for mark, here in marks.items() if here})
        return board

    @suggesting
    def best(self, metric: str | None = None, mode: str = "min") -> dict[str, Any]:
        """The first row of the leaderboard, and the schedule itself as `"schedule"`.

        A ValueError if every point diverged or is missing.
        """
        row = self._board(metric, 1, mode, "best(mode=...)")[0]
        if row.keys() & {"diverged", "missing"}:
            raise ValueError(f"no point of the sweep came to an end: {shown(self)}")
        return {"schedule": self.grid[{name: row[name] for name in self.grid.names}], **row}

    @suggesting
    def plot(self, metric: str | None = None, mode: str = "min") -> Any:
        """A matplotlib figure: the curves of every metric that has one, and a map of `metric`."""
        from jaxsched import _plot

        require_one_of(("min", "max"), mode, "plot(mode=...)")
        return _plot.sweep(self, metric, mode)

    def to_csv(self, path: str | os.PathLike[str]) -> None:
        """A row per point: the axes' values, `status`, and every metric, the last value of a curve.

        The whole curves are in `metrics`.
        """
        from jaxsched._write import written

        columns: dict[str, Any] = {
            "status": np.select([self.missing, self.diverged], ["missing", "diverged"], "finished")
        }
        for name, values in self.named_metrics().items():
            flat = values.reshape(*self.grid.shape, -1)
            if flat.shape[-1]:
                columns[name if values.ndim == self.missing.ndim else f"{name}[-1]"] = flat[..., -1]
        rows = zip(*(np.ravel(column).tolist() for column in columns.values()), strict=True)
        with written(Path(path)) as file:
            table = csv.writer(file)
            table.writerow([*self.grid.names, *columns])
            for record, row in zip(self.grid.records(), rows, strict=True):
                table.writerow([*record.values(), *row])

    def ranked_by(self, metric: str | None) -> tuple[str, np.ndarray[Any, Any]]:
        """The name and the values of a metric with a single number per point."""
        named = self.named_metrics()
        single = [name for name, values in named.items() if values.ndim == self.missing.ndim]
        if metric is None and len(single) == 1:
            metric = single[0]
        if metric not in single:
            if metric in named:
                problem = f"{metric} has many values a point, take a metric with one"
            elif metric is None:
                problem = "say which metric"
            else:
                problem = f"no metric {shown(metric)}{suggestion(metric, named)}"
            raise ValueError(f"{problem}: {', '.join(single) or 'train returned none'}")
        return metric, named[metric]

    def __repr__(self) -> str:
        marks = {"missing": self.missing.sum(), "diverged": self.diverged.sum()}
        rest = "".join(f", {count} {mark}" for mark, count in marks.items() if count)
        names = ", ".join(self.named_metrics())
        return f"Sweep({len(self.grid)} points of {shown(self.grid)}: {names}{rest})"


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
