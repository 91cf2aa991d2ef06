"""Measure schedules against optax and against the speed of memory.

Prints tables and writes results/DEVICE.json and a chart of it, DEVICE.png.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path
from typing import NoReturn

import jax

from benchmarks import chart, report
from benchmarks.sections import SECTIONS
from jaxsched.errors import suggestion

OUT = Path(__file__).parent / "results"


def measure(names: list[str], document: report.Row, path: Path) -> None:
    """Measure these sections, print them, and put each into the file as soon as it is whole.

    A section carries its own date and versions, and takes the place of an older one; the others
    stay.
    """
    for name in names:
        section, found = SECTIONS[name], report.environment()
        versions = ", ".join(f"{key} {value}" for key, value in found["versions"].items())
        print(f"\n{name} on {document['device']} ({found['cores']} cores), {versions}")
        print(section.__doc__, section.HEAD, sep="\n", flush=True)
        found["rows"] = []
        for row in section.rows(document["quick"]):
            found["rows"].append(row)
            print(section.line(row), flush=True)
        sections = {**document["sections"], name: found}
        document["sections"] = {key: sections[key] for key in SECTIONS if key in sections}
        report.save(path, document)


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        self.exit(2, f"{self.prog}: {message}\n")  # one line, without the usage


def main(arguments: list[str] | None = None) -> int:
    """Parse, measure, print and save; the exit status."""
    parser = _Parser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="small sizes: does everything run?")
    parser.add_argument(
        "--only",
        metavar="SECTION",
        nargs="+",
        default=list(SECTIONS),
        help=f"some of {', '.join(SECTIONS)}; the others stay as they are in the file",
    )
    parser.add_argument(
        "--out", type=Path, default=OUT, help="folder of the files (default benchmarks/results)"
    )
    parser.add_argument(
        "--chart", metavar="FILE", type=Path, help="measure nothing, draw this results file anew"
    )
    options = parser.parse_args(arguments)
    for name in options.only:
        if name not in SECTIONS:
            parser.error(f"--only has no section {name!r}{suggestion(name, SECTIONS)}")
    try:
        if options.chart is not None:
            print(chart.draw(options.chart))
            return 0
        options.out.mkdir(parents=True, exist_ok=True)
        tempfile.TemporaryFile(dir=options.out).close()  # before minutes of work
        device = jax.devices()[0].device_kind
        path = options.out / report.file_name(device, options.quick)
        sections = report.load(path)["sections"] if path.exists() else {}
    except OSError as problem:
        parser.error(f"cannot write to --out {options.out}: {problem.strerror or problem}")
    except ValueError as problem:
        parser.error(str(problem))
    document = {"device": device, "quick": options.quick, "sections": sections}
    try:
        measure(options.only, document, path)
    except ValueError as problem:
        print(f"{parser.prog}: {problem}", file=sys.stderr)
        return 1
    print(f"\n{path}")
    try:
        print(chart.draw(path))
    except ValueError as problem:
        print(problem)  # without matplotlib there are numbers, and no picture
    return 0


if __name__ == "__main__":
    sys.exit(main())
