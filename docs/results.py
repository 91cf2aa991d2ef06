"""The benchmarks' page, from the files that `python -m benchmarks` writes: no number is copied."""

from pathlib import Path

from benchmarks import report
from benchmarks.sections import SECTIONS

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
