"""The benchmarks' page, from the files that `python -m benchmarks` writes: no number is copied.

`python -m docs.results` prints the table of README.md, which a test compares with this one.
"""

from pathlib import Path
from typing import Any

from benchmarks import report
from benchmarks.sections import SECTIONS
from benchmarks.sections.throughput import IN_CACHE

RESULTS = Path(report.__file__).parent / "results"


def tables(folder: Path = RESULTS) -> str:
    """For each device its picture, and every section as it was printed."""
    return "\n\n".join(_device(path) for path in sorted(folder.glob("*.json")))


def errors(path: Path = RESULTS / "cpu.json") -> str:
    """The largest error of each schedule over all lengths, ours and optax's, as a table."""
    worst: dict[str, dict[str, float]] = {}
    for row in report.load(path)["sections"]["accuracy"]["rows"]:
        of_schedule = worst.setdefault(row["name"], {})
        for library, ulp in row["ulp"].items():
            of_schedule[library] = max(of_schedule.get(library, 0.0), ulp["max"])
    lines = ["| largest error, ULP | ours | optax |", "|---|---|---|"]
    for name, of_schedule in worst.items():
        cells = (report.number(of_schedule.get(library)) for library in ("ours", "optax"))
        lines.append(f"| {name} | {' | '.join(cells)} |")
    return "\n".join(lines)


# the schedules of README.md, and all that are compared with Optax's
FEW = (
    *("Linear", "Cosine", "Exponential", "Polynomial, power 3"),
    *("warmup_cosine", "wsd", "one_cycle", "restarts, 10"),
)
CHOSEN = (
    *("Linear", "Cosine", "Cosine, exponent 1.5", "Exponential", "Geometric"),
    *("Polynomial, power 1.7", "Polynomial, power 1", "Polynomial, power 2", "Polynomial, power 3"),
    *("Polynomial, power 0.5", "PiecewiseConstant, 3", "Interpolate, 9"),
    *("warmup_cosine", "wsd", "one_cycle", "triangular", "restarts, 10"),
)
TO = {"to_optax": "of Optax", "to_copy": "of a copy"}


def headline(path: Path = RESULTS / "cpu.json") -> str:
    """The table of README.md."""
    return _compared(_rows(path), FEW, ["to_optax"])


def overview(path: Path = RESULTS / "cpu.json") -> str:
    """The tables that the benchmarks' page begins with."""
    found = _rows(path)
    return "\n".join(
        [_compared(found, CHOSEN, list(TO)), "", "| | ours | |", "|---|---|---|", *_others(found)]
    )


def _rows(path: Path) -> dict[str, list[Any]]:
    return {name: section["rows"] for name, section in report.load(path)["sections"].items()}


def _compared(found: dict[str, list[Any]], names: tuple[str, ...], to: list[str]) -> str:
    """A row for each schedule: speeds beyond the cache and within, and the largest errors."""
    large = max(row["counts"] for row in found["throughput"] if row["name"] == "wsd")
    sizes = (large, IN_CACHE)
    titles = [f"{TO[other]}, {report.counts(n)}" for other in to for n in sizes]
    titles = ["times the speed", *titles, "ULP", "Optax's"]
    lines = [f"| {' | '.join(titles)} |", "|---" * len(titles) + "|"]
    for name in names:
        rows = {row["counts"]: row for row in found["throughput"] if row["name"] == name}
        cells = [_cell(rows[n][other]) for other in to for n in sizes]
        ulp = [row["ulp"] for row in found["accuracy"] if row["name"] == name]
        worst = [max(row[library]["max"] for row in ulp) for library in ("ours", "optax")]
        lines.append(f"| {name} | {' | '.join([*cells, *map(_ulp, worst)])} |")
    return "\n".join(lines)


def _others(found: dict[str, list[Any]]) -> list[str]:
    """A row of each of the other sections."""
    restarts = [row for row in found["restarts"] if row["to_optax"]]
    most = max(restarts, key=lambda row: row["cycles"])
    grid = max((row for row in found["grid"] if row["to_optax"]), key=_values)
    (sweep,), (imports,) = found["sweep"], found["imports"]
    call = next(row for row in found["latency"] if row["name"] == "Cosine")
    kernels = [row["kernels"] for row in found["training"] if "optax" in row["kernels"]]
    steps = [row["to_stepped"] for row in found["stepping"]]
    seconds, ms, us = most["compile_s"], 1e3, 1e6
    table = {
        f"{most['cycles']:,} restarts, {report.counts(most['counts'])} counts": (
            f"compile in {_time(seconds['ours'], 's')}",
            f"{_cell(most['to_optax'])} times as fast as `optax.sgdr_schedule`, which compiles in "
            f"{_time(seconds['optax'], 's')}",
        ),
        f"a grid of {grid['points']}, {report.counts(grid['counts'])} counts each": (
            _time(grid["seconds"]["ours"]["median"] * ms, "ms"),
            f"{_cell(grid['to_optax'])} times as fast as a loop of jitted Optax closures, "
            f"{report.number(grid['to_optax_compiling'], '.2g')} times with compilation",
        ),
        f"a sweep over {sweep['points']} networks": (
            _time(sweep["seconds"]["sweep"]["median"], "s"),
            f"{_cell(sweep['to_closures'])} times as fast as a jitted Optax closure each, "
            f"{_cell(sweep['to_in_turn'])} times as fast as one function in turn",
        ),
        "a training step of AdamW": (
            f"{max(row['ours'] for row in kernels)} kernels",
            f"{kernels[0]['constant']} at a constant rate, "
            f"{min(row['optax'] for row in kernels)} to {max(row['optax'] for row in kernels)} "
            "with Optax's schedules",
        ),
        "a call outside jit": (
            _time(call["call_s"]["ours"]["median"] * us, "µs"),
            f"{_cell(call['to_optax'])} times as fast as Optax's cosine",
        ),
        "10⁶ steps as an array": (
            "",
            f"{min(steps):,.0f} to {max(steps):,.0f} times as fast as stepping PyTorch's and "
            "Transformers' schedules",
        ),
        "`import jaxsched`": (
            _time(imports["seconds"]["jaxsched"]["median"] * ms, "ms"),
            f"after {_time(imports['seconds']['jax, optax']['median'] * ms, 'ms')} for JAX and "
            "Optax",
        ),
    }
    return [f"| {what} | {ours} | {other} |" for what, (ours, other) in table.items()]


def _values(row: dict[str, Any]) -> int:
    return int(row["points"] * row["counts"])


def _cell(spread: dict[str, float]) -> str:
    return report.number(spread["median"], ".2g" if spread["median"] < 99.5 else "")


def _ulp(error: float) -> str:
    return f"{error:.1f}" if error < 99.5 else f"{error:.0e}".replace("e+0", "e")


def _time(x: float, unit: str) -> str:
    return f"{x:.2g} {unit}" if x < 99.5 else f"{x:.0f} {unit}"


def _device(path: Path) -> str:
    document = report.load(path)
    stored = f"benchmarks/results/{path.stem}"
    text = [
        f"## On {document['device']}",
        f"![The measurements in one picture]({stored}.png)",
        f"All numbers are in [{path.name}]({stored}.json).",
    ]
    for name, found in document["sections"].items():
        section = SECTIONS[name]
        versions = ", ".join(f"{key} {value}" for key, value in found["versions"].items())
        text += [
            f"### {name}",
            (section.__doc__ or "").strip(),
            f"{found['cores']} cores, {versions}, {found['date'][:10]}.",
            "\n".join(["```text", section.HEAD, *map(section.line, found["rows"]), "```"]),
        ]
    return "\n\n".join(text)


if __name__ == "__main__":
    print(headline())
