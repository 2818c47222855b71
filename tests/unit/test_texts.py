"""Every sentence exists in both languages, with the same placeholders, and every key that the code names exists."""

import ast
from pathlib import Path
from string import Formatter

from journey.texts import LANGS, catalogue, text

ROOT = Path(__file__).parents[2]
PACKAGES = ("journey", "sheets_sync", "messaging", "bot")


def placeholders(form: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(form) if name is not None}


def test_both_languages_with_the_same_placeholders() -> None:
    wrong = [
        key
        for key, forms in catalogue().items()
        if set(forms) != set(LANGS)
        or not all(form.strip() for form in forms.values())
        or placeholders(forms["ja"]) != placeholders(forms["en"])
    ]
    assert catalogue()
    assert wrong == []


def named_keys() -> list[tuple[str, str, set[str] | None]]:
    """Each `text("key", a=…)` of the code: where, the key, and the values handed over (None where they are unpacked)."""
    found = []
    for package in PACKAGES:
        for path in (ROOT / package).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in {"text", "Text"}):
                    continue
                first = node.args[0] if node.args else None
                if isinstance(first, ast.Constant) and isinstance(first.value, str):
                    unpacked = any(k.arg is None for k in node.keywords) or len(node.args) > 1
                    values = None if unpacked else {k.arg for k in node.keywords if k.arg}
                    found.append((f"{path.relative_to(ROOT)}:{node.lineno}", first.value, values))
    return found


def test_every_named_key_exists_and_gets_its_values() -> None:
    wrong = []
    for where, key, values in named_keys():
        if key not in catalogue():
            wrong.append(f"{where}: no text {key}")
        elif values is not None and not placeholders(catalogue()[key]["ja"]) <= values:
            wrong.append(f"{where}: {key} lacks {placeholders(catalogue()[key]['ja']) - values}")
    assert named_keys()
    assert wrong == []


def test_values_are_said_in_the_same_language() -> None:
    inner = text("config.unknown", path="a.toml", key="b")
    outer = text("config.unreadable", path="a.toml", why=inner)
    assert "設定" in outer.say("ja")
    assert "There is no setting" not in outer.say("ja")
    assert 'there is no setting "b"' in outer.say("en")
