"""The layers of the package, read from its import statements."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1] / "scheduler"

LAYERS = (
    ("errors",),
    ("domain",),
    ("constraints", "terms", "generate", "bounds"),
    ("checker",),
    ("io",),
    ("cpsat", "search"),
    ("infeasibility",),
    ("portfolio",),
    ("rescheduling",),
    ("loop", "simulation"),
    ("analysis",),
    ("plot",),
    ("cli",),
)
"""A part may import the parts of the rows above its own."""

HOMES = {
    "ortools": {"cpsat"},
    "matplotlib": {"plot"},
    "pandas": {"analysis", "io"},
    "click": {"cli"},
    "rich": {"cli"},
    "pydantic": {"io"},
    "numba": {"search"},
}
"""Third-party packages that only some parts may import."""

ENTRY_POINTS = {"__init__", "__main__"}
"""`scheduler/__init__.py` and `scheduler/__main__.py` stand above every layer."""

LONGEST_FILE = 400


@dataclass(frozen=True)
class Import:
    file: Path
    line: int
    module: str
    only_for_types: bool

    def __str__(self) -> str:
        return f"{self.file.relative_to(PACKAGE.parent)}:{self.line} imports {self.module}"


def imports_of(file: Path) -> Iterator[Import]:
    tree = ast.parse(file.read_text(encoding="utf-8"))
    for_types = {id(node) for block in ast.walk(tree) if is_type_block(block) for node in ast.walk(block)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            modules = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            modules = [name for alias in node.names for name in imported_module(node, alias.name)]
        else:
            continue
        for module in modules:
            yield Import(file, node.lineno, module, id(node) in for_types)


def is_type_block(node: ast.AST) -> bool:
    return isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING"


def imported_module(node: ast.ImportFrom, name: str) -> list[str]:
    assert node.level == 0, f"line {node.lineno}: write imports absolutely"
    assert node.module is not None
    as_file = PACKAGE.parent / Path(*node.module.split("."), name)
    if as_file.is_dir() or as_file.with_suffix(".py").is_file():
        return [f"{node.module}.{name}"]
    return [node.module]


FILES = sorted(PACKAGE.rglob("*.py"))
HEIGHT = {part: height for height, parts in enumerate(LAYERS) for part in parts}


@pytest.fixture(scope="module")
def imports() -> tuple[Import, ...]:
    """All import statements of the package; reading them takes seconds, for which no other test should wait."""
    return tuple(found for file in FILES for found in imports_of(file))


def part_of(file: Path) -> str:
    return file.relative_to(PACKAGE).parts[0].removesuffix(".py")


def imported_part(module: str) -> str | None:
    """Return which part of the package a module belongs to; "" for the package itself, None for foreign modules."""
    top, _, rest = module.partition(".")
    return rest.partition(".")[0] if top == "scheduler" else None


def test_every_part_has_a_layer() -> None:
    assert {part_of(file) for file in FILES} - ENTRY_POINTS == set(HEIGHT)


def test_imports_run_downward(imports: tuple[Import, ...]) -> None:
    upward = []
    for found in imports:
        part, target = part_of(found.file), imported_part(found.module)
        if target is None or part in ENTRY_POINTS or target == part or found.only_for_types:
            continue
        if target == "":
            # The public names are gathered above all layers; only the command line stands there too.
            if part != "cli":
                upward.append(str(found))
        elif HEIGHT[target] >= HEIGHT[part]:
            upward.append(str(found))
    assert upward == []


def test_only_rules_name_a_higher_layer_in_their_types(imports: tuple[Import, ...]) -> None:
    # `post` takes the model context of cpsat; nothing else may look up, not even in an annotation.
    upward = [
        str(found)
        for found in imports
        if found.only_for_types
        and (target := imported_part(found.module))
        and target != part_of(found.file)
        and HEIGHT[target] >= HEIGHT[part_of(found.file)]
        and (part_of(found.file), target) != ("constraints", "cpsat")
    ]
    assert upward == []


def test_third_party_packages_stay_at_home(imports: tuple[Import, ...]) -> None:
    strays = [
        str(found)
        for found in imports
        if (homes := HOMES.get(found.module.partition(".")[0])) is not None and part_of(found.file) not in homes
    ]
    assert strays == []


def test_rules_do_not_import_one_another(imports: tuple[Import, ...]) -> None:
    constraints = PACKAGE / "constraints"
    shared = {"scheduler.constraints.rule", *facts_modules()}
    strays = [
        str(found)
        for found in imports
        if found.file.parent == constraints
        and found.file.name != "__init__.py"
        and found.module.startswith("scheduler.constraints")
        and found.module not in shared
    ]
    assert strays == []


def facts_modules() -> set[str]:
    """Return the helper modules of `constraints`: those that define no rule."""
    return {
        f"scheduler.constraints.{file.stem}"
        for file in (PACKAGE / "constraints").glob("*.py")
        if file.name != "__init__.py" and "RULE = Rule(" not in file.read_text(encoding="utf-8")
    }


@pytest.mark.parametrize("file", FILES, ids=lambda file: str(file.relative_to(PACKAGE)))
def test_files_stay_short(file: Path) -> None:
    assert len(file.read_text(encoding="utf-8").splitlines()) <= LONGEST_FILE


def test_importing_the_package_loads_nothing_heavy() -> None:
    heavy = sorted(HOMES)
    code = f"import sys, scheduler; print([name for name in {heavy} if name in sys.modules])"
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert answer.stdout.strip() == "[]"


def test_the_help_of_the_command_line_loads_nothing_heavy() -> None:
    heavy = sorted(set(HOMES) - {"click"})
    code = (
        "import sys\n"
        "from scheduler.cli import main\n"
        "main(['--help'], standalone_mode=False)\n"
        f"print([name for name in {heavy} if name in sys.modules], file=sys.stderr)"
    )
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert answer.stderr.strip() == "[]"
