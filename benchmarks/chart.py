"""A results file as one picture: its document in, a figure out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.report import Row, counts, load
from benchmarks.sections.throughput import BYTES, FEW
from jaxsched.configs.files import written

OURS, OPTAX, LIMIT, PALE = "tab:blue", "tab:orange", "0.4", "lightsteelblue"
ACCURATE = ("Linear", "Cosine", "Exponential", "Polynomial, power 1.7", "warmup_cosine")
COLOURS = ("tab:green", "tab:red", "tab:purple", "tab:brown", "tab:pink")  # of no library
LEAST_ULP = 0.1  # what is more exact is drawn here


def draw(path: Path) -> Path:
    """Draw a results file; the path of its picture, which has its name.

    Raises:
        ValueError: it is no results file, or matplotlib is missing.
    """
    drawn = figure(load(path))
    picture = path.with_suffix(".png")
    with written(picture, "wb") as file:
        drawn.savefig(file, format="png")
    return picture


def figure(document: Row) -> Any:
    """A matplotlib figure; a panel whose section was not measured says so."""
    try:
        from matplotlib.figure import Figure
    except ImportError:
        raise ValueError("drawing needs matplotlib: pip install jaxsched[plot]") from None

    rows = {name: section["rows"] for name, section in document["sections"].items()}
    bars = len({row["name"] for row in rows.get("throughput", [])})
    heights = [1.2 + 0.28 * bars, 3.6, 3.6, 3.6]
    drawn = Figure(figsize=(9.5, sum(heights)), layout="constrained", dpi=120)
    axes = drawn.subplots(4, 2, height_ratios=heights).ravel()
    for ax, (section, panel) in zip(axes, PANELS, strict=True):
        ax.tick_params(which="both", labelsize=7)
        if rows.get(section):
            panel(ax, rows[section])
        else:
            ax.set_axis_off()
            ax.text(0.5, 0.5, f"{section}: not measured", ha="center", transform=ax.transAxes)
    drawn.suptitle(_title(document), fontsize=10)
    return drawn


def _title(document: Row) -> str:
    """Device and versions; those of all sections, where they differ."""
    sections = document["sections"].values()
    named = sorted({f"{k} {v}" for section in sections for k, v in section["versions"].items()})
    days = sorted({section["date"][:10] for section in sections})
    cores = " or ".join(sorted({str(section["cores"]) for section in sections}))
    quick = ", a quick run" if document["quick"] else ""
    return (
        f"jaxsched (blue) and optax (orange) on {document['device']}, {cores} cores{quick}\n"
        f"{', '.join(named)}; {' and '.join(days)}"
    )


def _to_optax(ax: Any, rows: list[Row]) -> None:
    _bars(ax, rows, "to_optax", "times the speed of optax", "optax")


def _to_copy(ax: Any, rows: list[Row]) -> None:
    _bars(ax, rows, "to_copy", "of the speed of a cast-copy", "a copy")
    ax.tick_params(labelleft=False)


def _bars(ax: Any, rows: list[Row], key: str, title: str, other: str) -> None:
    """A bar for each schedule at the two largest sizes at which all are measured."""
    from matplotlib.ticker import LogLocator

    measured = Counter(row["counts"] for row in rows)
    sizes = sorted(size for size, n in measured.items() if n > len(FEW))[-2:]
    names = [row["name"] for row in rows if row["counts"] == sizes[-1]][::-1]
    height = 0.84 / len(sizes)
    for i, (size, colour) in enumerate(zip(reversed(sizes), (OURS, PALE), strict=False)):
        speeds = {r["name"]: r[key]["median"] for r in rows if r["counts"] == size and r.get(key)}
        for name, speed in speeds.items():
            place = names.index(name) + 0.42 - height * (i + 0.5)
            ax.barh(place, speed - 1, height, left=1, color=colour)
            side = "left" if speed >= 1 else "right"
            text = f" {speed:.2g} " if speed < 10 else f" {speed:.0f} "
            ax.text(speed, place, text, ha=side, va="center", fontsize=7)
        ax.barh(0, 0, left=1, color=colour, label=f"{counts(size)} counts")
    ax.set_xscale("log", subs=())
    ax.xaxis.set_major_locator(LogLocator(subs=(1, 3)))
    ax.xaxis.set_major_formatter("{x:g}")
    ax.axvline(1, color="k", linewidth=0.8, label=f"as fast as {other}")
    ax.set_yticks(range(len(names)), names)
    ax.set_ylim(-0.6, len(names) - 0.4)
    ax.margins(x=0.12)
    ax.set_title(title, fontsize=9, loc="left")
    ax.grid(axis="x", alpha=0.25)
    _legend(ax, columns=3)


def _sizes(ax: Any, rows: list[Row]) -> None:
    few = [row for row in rows if row["name"] in FEW]
    for name, colour in zip(FEW, COLOURS, strict=True):
        own = [(r["counts"], r["gigabytes_per_s"]) for r in few if r["name"] == name]
        _line(ax, own, name, color=colour)
    for limit, style in (("copy", "--"), ("fill", ":")):
        own = [
            (size, BYTES * size / seconds / 1e9)
            for size in {row["counts"] for row in few}
            for seconds in [
                median(r["seconds"][limit]["median"] for r in few if r["counts"] == size)
            ]
        ]
        _line(ax, own, limit, color=LIMIT, linestyle=style, marker="")
    _finish(ax, "ours: speed and array size", "counts", "GB/s, 8 bytes a count")
    ax.set_xscale("log", base=2)


def _ulp(ax: Any, rows: list[Row]) -> None:
    for library, colour in (("ours", OURS), ("optax", OPTAX)):
        for name, marker in zip(ACCURATE, "osd^v", strict=True):
            own = [
                (row["length"], max(LEAST_ULP, row["ulp"][library]["max"]))
                for row in rows
                if row["name"] == name and library in row["ulp"]
            ]
            _line(ax, own, f"{library}, {name}", color=colour, marker=marker)
    _finish(ax, "largest error", "length", "ULP of float32")


def _restarts(ax: Any, rows: list[Row]) -> None:
    for size, style in _styles(row["counts"] for row in rows):
        here = [row for row in rows if row["counts"] == size]
        for library, colour in (("ours", OURS), ("optax", OPTAX)):
            own = [
                (row["cycles"], size / row["seconds"][library]["median"] / 1e9)
                for row in here
                if library in row["seconds"]
            ]
            _line(ax, own, f"{library}, {counts(size)} counts", color=colour, linestyle=style)
    _finish(ax, "restarts: speed", "cycles", "G counts/s")


def _compiling(ax: Any, rows: list[Row]) -> None:
    smallest = min(row["counts"] for row in rows)  # with optax at every number of cycles
    for library, colour in (("ours", OURS), ("optax", OPTAX)):
        own = [
            (row["cycles"], row["compile_s"][library])
            for row in rows
            if row["counts"] == smallest and library in row["compile_s"]
        ]
        _line(ax, own, library, color=colour)
    _finish(ax, "restarts: compilation", "cycles", "seconds")


def _grid(ax: Any, rows: list[Row]) -> None:
    _cost(ax, rows, lambda row, library: row["seconds"][library]["median"])
    for size, style in _styles(row["counts"] for row in rows):
        own = [
            (row["points"], 1e9 * row["seconds"]["fill"]["median"] / row["points"] / size)
            for row in rows
            if row["counts"] == size
        ]
        _line(ax, own, f"fill, {counts(size)}", color=LIMIT, linestyle=style, marker="")
    _finish(ax, "grid: cost of a value, compiled before", "schedules", "nanoseconds")


def _grid_compiling(ax: Any, rows: list[Row]) -> None:
    _cost(ax, rows, lambda r, library: r["seconds"][library]["median"] + r["compile_s"][library])
    _finish(ax, "grid: cost of a value, compiled for it", "schedules", "nanoseconds")


def _cost(ax: Any, rows: list[Row], seconds: Callable[[Row, str], float]) -> None:
    for size, style in _styles(row["counts"] for row in rows):
        for library, colour in (("ours", OURS), ("optax", OPTAX)):
            own = [
                (row["points"], 1e9 * seconds(row, library) / row["points"] / size)
                for row in rows
                if row["counts"] == size and library in row["compile_s"]
            ]
            _line(ax, own, f"{library}, {counts(size)} counts", color=colour, linestyle=style)


def _styles(sizes: Iterable[int]) -> Iterable[tuple[int, str]]:
    """A line style for each size."""
    return zip(sorted(set(sizes)), ("-", "--"), strict=False)


def _line(ax: Any, points: list[tuple[float, float]], label: str, **style: Any) -> None:
    x, y = zip(*sorted(points), strict=True) if points else ((), ())
    ax.plot(x, y, label=label, **{"marker": "o", "markersize": 3, "linewidth": 1.2, **style})


def _finish(ax: Any, title: str, across: str, up: str) -> None:
    ax.set(xscale="log", yscale="log")
    ax.set_title(title, fontsize=9, loc="left")
    ax.set_xlabel(across, fontsize=8)
    ax.set_ylabel(up, fontsize=8)
    ax.grid(alpha=0.25)
    _legend(ax)


def _legend(ax: Any, columns: int = 2) -> None:
    """All that is drawn, below the axes, where it hides nothing."""
    below = {"loc": "upper center", "bbox_to_anchor": (0.5, 0), "borderaxespad": 4}
    ax.legend(fontsize=7, ncols=columns, frameon=False, **below)


PANELS: tuple[tuple[str, Callable[[Any, list[Row]], None]], ...] = (
    ("throughput", _to_optax),
    ("throughput", _to_copy),
    ("throughput", _sizes),
    ("accuracy", _ulp),
    ("restarts", _restarts),
    ("restarts", _compiling),
    ("grid", _grid),
    ("grid", _grid_compiling),
)
