"""The shape of the house: who may import whom, no circles among modules, nothing left lying about."""

import ast
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
