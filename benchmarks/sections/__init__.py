"""What is measured, a module each, in the order of a run.

Every one has `rows(quick)`, which measures and yields a row of plain data at a time; `line(row)`,
that row of the printed table; `HEAD`, the columns above. Its docstring says what is measured.
"""

from benchmarks.sections import (
    accuracy,
    grid,
    imports,
    latency,
    memory,
    restarts,
    stepping,
    sweep,
    throughput,
    training,
)

SECTIONS = {
    "throughput": throughput,
    "accuracy": accuracy,
    "restarts": restarts,
    "grid": grid,
    "sweep": sweep,
    "training": training,
    "latency": latency,
    "memory": memory,
    "stepping": stepping,
    "imports": imports,
}
