"""The floors of the house: what a module imports stands below it."""

import ast
from pathlib import Path

import pytest

import jaxsched

PACKAGE = Path(jaxsched.__file__).parent
# from the ground to the roof; a module imports what stands before it, here or in its line
FLOORS = """
signals errors plain fields
numerics numerics.time numerics.lookup numerics.pairs numerics.powers numerics.weights
programs serialization sizes
schedule algebra
curves grids recipes
dialects.protocol dialects._cycles dialects._rates dialects._rules dialects._noether_configs
dialects._torch_chains
dialects.kumo dialects.lr_schedule dialects.noether
dialects.optax dialects.timm dialects.torch dialects.transformers dialects
configs.reading configs.writing configs.kinds configs.schema configs.files configs
pictures.turns pictures.svg pictures.plots pictures.sweeps pictures
sweeps.results sweeps.program sweeps
__init__ testing
commands.inputs commands.digits commands.show commands.convert commands.sweep
commands.parser commands
__main__
""".split()
# methods of the base class build its subclasses
CIRCLE = ("schedule", "algebra")


def module_of(path):
    *above, name = path.relative_to(PACKAGE).with_suffix("").parts
    return ".".join(above if above and name == "__init__" else [*above, name])


MODULES = {module_of(path): path for path in sorted(PACKAGE.rglob("*.py"))}


def imports(path):
    """The modules of the package that a file imports, anywhere in it."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            names = [f"{node.module}.{alias.name}" for alias in node.names]
        else:
            continue
        for name in names:
            if name.split(".")[0] == "jaxsched":
                parts = name.split(".")[1:]
                known = (".".join(parts[:n]) for n in range(len(parts), 0, -1))
                yield next((module for module in known if module in MODULES), "__init__")


def test_every_module_has_its_floor():
    assert sorted(FLOORS) == sorted(MODULES)


@pytest.mark.parametrize("module", FLOORS)
def test_nothing_imports_what_stands_above_it(module):
    below = FLOORS[: FLOORS.index(module)]
    upward = set(imports(MODULES[module])) - {*below, module}
    assert upward <= (set(CIRCLE) if module in CIRCLE else set())


def test_no_file_is_long():
    lines = {name: len(path.read_text().splitlines()) for name, path in MODULES.items()}
    assert {name: n for name, n in lines.items() if n > 600} == {}
