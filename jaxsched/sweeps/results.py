"""What a sweep found out: metrics, ranks, tables."""

from __future__ import annotations

import csv
import os
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from jaxsched.configs.writing import written
from jaxsched.errors import shown, suggesting, suggestion
from jaxsched.fields import require_one_of
from jaxsched.grids import Grid
from jaxsched.pictures.sweeps import figure


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
        require_one_of(("min", "max"), mode, "plot(mode=...)")
        metric, values = self.ranked_by(metric)
        single = self.missing.ndim
        curves = {
            name: curve.reshape(-1, curve.shape[-1])
            for name, curve in self.named_metrics().items()
            if curve.ndim == single + 1 and curve.shape[-1] > 1
        }
        known = np.where(self.diverged | self.missing, np.nan, values.astype(float))
        return figure(self.grid.axes, metric, known, curves, mode)

    def to_csv(self, path: str | os.PathLike[str]) -> None:
        """A row per point: the axes' values, `status`, and every metric, the last value of a curve.

        The whole curves are in `metrics`.
        """
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
