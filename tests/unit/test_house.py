"""The shape of the house: who may import whom, no circles among modules, nothing left lying about."""

import ast
import re
import tomllib
from graphlib import TopologicalSorter
from pathlib import Path

ROOT = Path(__file__).parents[2]
MAY_IMPORT = {
    "journey": set(),
    "sheets_sync": {"journey"},
    "messaging": {"journey"},
    "bot": {"journey", "sheets_sync", "messaging"},
}


def modules() -> dict[str, Path]:
    found = {}
    for package in MAY_IMPORT:
        for path in (ROOT / package).rglob("*.py"):
            parts = path.relative_to(ROOT).with_suffix("").parts
            found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


def imports(name: str, path: Path, known: dict[str, Path]) -> set[str]:
    """The modules of this house that a module imports (also inside functions), `from package import module` resolved."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{name}: relative import"
            for alias in node.names:
                whole = f"{node.module}.{alias.name}"
                found.add(whole if whole in known else str(node.module))
    return {f for f in found if f in known and f != name}


def test_imports_go_one_way() -> None:
    known = modules()
    assert len(known) > 20
    wrong = [
        f"{name} imports {other}"
        for name, path in known.items()
        for other in imports(name, path, known)
        if (here := name.split(".")[0]) != (there := other.split(".")[0]) and there not in MAY_IMPORT[here]
    ]
    assert wrong == []


def test_no_circles_among_modules() -> None:
    known = modules()
    TopologicalSorter({name: imports(name, path, known) for name, path in known.items()}).prepare()


def test_every_module_says_what_it_is_about() -> None:
    silent = [
        name
        for name, path in modules().items()
        if path.stat().st_size and not ast.get_docstring(ast.parse(path.read_text("utf-8")))
    ]
    assert silent == []


def test_each_direct_dependency_has_its_reason_in_the_readme() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    direct = {re.split(r"[<>=;\s]", line, maxsplit=1)[0] for line in project["dependencies"]}
    readme = (ROOT / "README.md").read_text("utf-8")
    rows = readme.split("## The libraries, and why")[1].split("## ")[0].splitlines()
    explained = {name.strip() for row in rows if row.startswith("|") for name in row.split("|")[1].split(",")}
    assert direct - explained == set()
    assert explained - direct == {"library", "---"}


def test_the_lock_names_no_place() -> None:
    for name in ("requirements.lock", "requirements-dev.lock"):
        lines = (ROOT / name).read_text("utf-8").splitlines()
        assert not any("://" in line or line.startswith("-") for line in lines)
        pinned = [line for line in lines if "==" in line]
        assert len(pinned) > 20
        assert all(line.endswith("\\") for line in pinned), "each with its hashes"


def test_the_way_of_the_data_names_rooms_that_exist() -> None:
    """Every `room/ module → module` of the README's diagram is a file or a folder of that room."""
    diagram = (ROOT / "README.md").read_text("utf-8").split("## How a cell becomes a message")[1].split("```")[1]
    named = re.findall(r"(journey|sheets_sync|messaging|bot)/(\w*)", diagram)
    assert len(named) > 8
    for room, inside in named:
        assert (ROOT / room / inside).exists() or (ROOT / room / f"{inside}.py").exists(), f"{room}/{inside}"
    for room, words in re.findall(r"(journey|sheets_sync|messaging)/(?:uploads/)? ([a-z_]+(?: → [a-z_]+)*)", diagram):
        for word in re.findall(r"[a-z_]+", words):
            found = [p for p in (ROOT / room).rglob("*") if p.stem == word]
            assert found, f"{room}: {word}"
