"""The requests that fill a Sheet with a template: their shape is Google's, and what they draw is what the local template holds."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from openpyxl.utils import range_boundaries
from sheets_server import discovery

from journey.texts import LANGS, Lang, text
from sheets_sync import tabs
from sheets_sync.check import CheckContext, Reading, read_workbook
from sheets_sync.examples import tests_at as examples_at
from sheets_sync.google.filling import ROWS, Filling, fill
from sheets_sync.google.reading import state as state_of
from sheets_sync.google.sheet import SheetState
from sheets_sync.templates.content import load_words
from sheets_sync.xlsx import XlsxSource

CONTEXT = CheckContext(("email", "line", "sms", "push"), run_tests=examples_at(datetime(2026, 12, 1, tzinfo=UTC)))
NEW: Mapping[Lang, str] = {"ja": "シート1", "en": "Sheet1"}
Json = dict[str, Any]


def sheet(title: str, cells: Mapping[str, str] | None = None, number: int = 0) -> Json:
    """A tab as `spreadsheets.get` answers: texts by address."""
    rows: list[Json] = []
    for where, said in (cells or {}).items():
        column, row, *_ = range_boundaries(where)
        while len(rows) < row:
            rows.append({"values": []})
        while len(rows[row - 1]["values"]) < column:
            rows[row - 1]["values"].append({})
        value = {"stringValue": said}
        rows[row - 1]["values"][column - 1] = {"userEnteredValue": value, "effectiveValue": value, "formattedValue": said}
    grid = {"rowCount": 1000, "columnCount": 26}
    return {
        "properties": {"sheetId": number, "title": title, "index": number, "gridProperties": grid},
        "data": [{"rowData": rows}],
    }


def spreadsheet(*sheets: Json) -> SheetState:
    return state_of({"properties": {"title": "t"}, "sheets": list(sheets)})


def of(requests: Sequence[Json], kind: str) -> Iterator[Json]:
    yield from (request[kind] for request in requests if kind in request)


def filled(state: SheetState, filling: Filling) -> SheetState:
    """What a Sheet holds after the requests: their texts and notes, on the tabs that they make, in the order that they give."""
    kept = [sheet(tab.title, {}, tab.id) for tab in state.tabs]
    for one, tab in zip(kept, state.tabs, strict=True):
        values = {f"R{r}C{c}": cell.text for (r, c), cell in tab.cells.items()}
        one["data"] = sheet("", {_a1(where): said for where, said in values.items()})["data"]
    for wanted in of(filling.requests, "updateSheetProperties"):
        found = next(s for s in kept if s["properties"]["sheetId"] == wanted["properties"]["sheetId"])
        found["properties"] |= wanted["properties"]
    for wanted in of(filling.requests, "addSheet"):
        assert all(wanted["properties"]["sheetId"] != s["properties"]["sheetId"] for s in kept)
        kept.insert(wanted["properties"]["index"], {"properties": dict(wanted["properties"])})
    for wanted in of(filling.requests, "updateCells"):
        found = next(s for s in kept if s["properties"]["sheetId"] == wanted["start"]["sheetId"])
        rows = [{"values": [_answered(cell) for cell in row["values"]]} for row in wanted["rows"]]
        found["data"] = [{"rowData": rows}]
    for index, one in enumerate(kept):
        one["properties"]["index"] = index
    return spreadsheet(*kept)


def _a1(where: str) -> str:
    row, column = where[1:].split("C")
    return f"{chr(64 + int(column))}{row}"


def _answered(cell: Json) -> Json:
    value = cell.get("userEnteredValue")
    return {**cell, "effectiveValue": value, "formattedValue": value["stringValue"]} if value else dict(cell)


@pytest.fixture(scope="module")
def fillings() -> dict[Lang, Filling]:
    return {lang: fill(spreadsheet(sheet(NEW[lang])), load_words("ec", lang), lang, CONTEXT) for lang in LANGS}


def read(state: SheetState) -> Reading:
    return read_workbook(state.snapshot, CONTEXT)


@pytest.mark.parametrize("lang", LANGS)
def test_the_requests_are_googles(fillings: dict[Lang, Filling], lang: Lang) -> None:
    api = discovery.sheets()
    requests = [dict(request) for request in fillings[lang].requests]
    api.check("BatchUpdateSpreadsheetRequest", {"requests": requests})
    assert all(len(request) == 1 for request in requests)
    assert len(json.dumps(requests, ensure_ascii=False).encode()) < 1_000_000
    schemas = {"repeatCell": "CellData", "updateCells": "CellData", "updateDimensionProperties": "DimensionProperties"}
    for kind, schema in {**schemas, "updateSheetProperties": "SheetProperties"}.items():
        for request in of(requests, kind):
            for path in request["fields"].split(","):
                shape = schema
                for part in path.split("."):
                    shape = api.schemas[shape]["properties"][part].get("$ref", "")
    for request in requests:
        assert "null" not in json.dumps(request)


@pytest.mark.parametrize("lang", LANGS)
def test_every_request_stays_within_the_tab_it_is_about(fillings: dict[Lang, Filling], lang: Lang) -> None:
    sizes = {}
    for request in fillings[lang].requests:
        ((kind, said),) = request.items()
        if kind in ("addSheet", "updateSheetProperties"):
            properties = said["properties"]
            sizes[properties["sheetId"]] = properties["gridProperties"]
            size = properties["gridProperties"]
            assert size.get("frozenRowCount", 0) < size["rowCount"] and size.get("frozenColumnCount", 0) < size["columnCount"]
            continue
        if kind == "insertDimension":
            continue
        where = said.get("range") or said.get("start") or (said.get("rule") or said.get("protectedRange", {}))
        where = where.get("range", where)
        for area in where.get("ranges", [where]):
            size = sizes[area["sheetId"]]  # the tab was made before
            assert area.get("endRowIndex", 0) <= size["rowCount"] and area.get("endColumnIndex", 0) <= size["columnCount"]
            assert area.get("startRowIndex", 0) < area.get("endRowIndex", size["rowCount"])


@pytest.mark.parametrize("lang", LANGS)
def test_a_new_sheet_reads_like_the_local_template(
    fillings: dict[Lang, Filling], ready_made: Mapping[Lang, Path], lang: Lang
) -> None:
    state = filled(spreadsheet(sheet(NEW[lang])), fillings[lang])
    local = XlsxSource(ready_made[lang]).snapshot()
    assert [tab.title for tab in state.snapshot.tabs] == [tab.title for tab in local.tabs] == list(fillings[lang].added)
    reading, wanted = read(state), read_workbook(local, CONTEXT)
    assert reading.problems == () == wanted.problems
    assert reading.workbook == wanted.workbook and reading.lang == wanted.lang and reading.headers == wanted.headers
    assert all(result.passed for result in reading.tests) and len(reading.tests) > 3
    for tab, one in zip(state.snapshot.tabs, local.tabs, strict=True):
        assert {place: cell.note for place, cell in tab.cells.items()} == {
            place: cell.note for place, cell in one.cells.items()
        }


@pytest.mark.parametrize("lang", LANGS)
def test_a_second_run_asks_for_nothing(fillings: dict[Lang, Filling], lang: Lang) -> None:
    state = filled(spreadsheet(sheet(NEW[lang])), fillings[lang])
    for other in LANGS:
        again = fill(state, load_words("ec", other), other, CONTEXT)
        assert again.requests == () and again.added == () and again.kept == fillings[lang].added


def test_what_is_written_is_text_only(fillings: dict[Lang, Filling]) -> None:
    for filling in fillings.values():
        for request in of(filling.requests, "updateCells"):
            for row in request["rows"]:
                for cell in row["values"]:
                    assert set(cell) <= {"userEnteredValue", "note"}
                    assert set(cell.get("userEnteredValue", {})) <= {"stringValue"}


@pytest.mark.parametrize("lang", LANGS)
def test_a_table_is_text_down_to_its_last_row(fillings: dict[Lang, Filling], lang: Lang) -> None:
    made = [r["properties"] for kind in ("updateSheetProperties", "addSheet") for r in of(fillings[lang].requests, kind)]
    tables = [p for p in made if p["title"] in {s.ja if lang == "ja" else s.en for s in tabs.TABLES}]
    assert len(tables) == len(tabs.TABLES)
    for properties in tables:
        size = properties["gridProperties"]
        assert not size.get("hideGridlines")
        assert size["rowCount"] == ROWS and size["frozenRowCount"] == 1
        first = next(r for r in of(fillings[lang].requests, "repeatCell") if r["range"]["sheetId"] == properties["sheetId"])
        assert first["range"]["endRowIndex"] == size["rowCount"] and first["range"]["endColumnIndex"] == size["columnCount"]
        assert first["cell"]["userEnteredFormat"]["numberFormat"]["type"] == "TEXT"
        assert first["cell"]["userEnteredFormat"]["wrapStrategy"] == "WRAP"


@pytest.mark.parametrize("lang", LANGS)
def test_dropdowns_are_fed_by_the_other_tabs(fillings: dict[Lang, Filling], lang: Lang) -> None:
    titles = {p["properties"]["title"]: p["properties"]["sheetId"] for p in of(fillings[lang].requests, "addSheet")}
    spec = tabs.CAMPAIGNS
    found: dict[str, Json] = {}
    for request in of(fillings[lang].requests, "setDataValidation"):
        area = request["range"]
        if area["sheetId"] == titles[spec.ja if lang == "ja" else spec.en]:
            assert (area["startRowIndex"], area["endRowIndex"]) == (1, ROWS)
            found[spec.columns[area["startColumnIndex"]].key] = request["rule"]
    assert all(rule["showCustomUi"] and rule["inputMessage"] for rule in found.values())
    chart, messages = ("ジャーニー EC 通常", "メッセージ") if lang == "ja" else ("Journey EC", "Messages")
    assert _fed(found["stage"]) == f"='{chart}'!$B$6:$M$6"
    assert _fed(found["journey"]) == f"='{chart}'!$B$1"
    assert _fed(found["message"]) == f"='{messages}'!$A$2:$A${ROWS}"
    assert {key for key, rule in found.items() if rule["strict"]} == {"active", "kind", "include_existing"}
    assert _listed(found["active"]) == (["○", "×"] if lang == "ja" else ["yes", "no"])
    for campaign in load_words("ec", lang).campaigns:  # nothing of the template's own is marked as not in the list
        for key in ("trigger", "window", "goal", "goal_window", "channels", "reentry"):
            assert not campaign.get(key) or campaign[key] in _listed(found[key])


def _fed(rule: Json) -> str:
    assert rule["condition"]["type"] == "ONE_OF_RANGE"
    return str(rule["condition"]["values"][0]["userEnteredValue"])


def _listed(rule: Json) -> list[str]:
    assert rule["condition"]["type"] == "ONE_OF_LIST"
    return [value["userEnteredValue"] for value in rule["condition"]["values"]]


@pytest.mark.parametrize("lang", LANGS)
def test_what_the_program_writes_is_guarded_by_a_warning(fillings: dict[Lang, Filling], lang: Lang) -> None:
    titles = {p["properties"]["sheetId"]: p["properties"]["title"] for p in of(fillings[lang].requests, "addSheet")}
    guarded = [r["protectedRange"] for r in of(fillings[lang].requests, "addProtectedRange")]
    assert all(one["warningOnly"] and one["description"] and "editors" not in one for one in guarded)
    places = [(titles[one["range"]["sheetId"]], {k: v for k, v in one["range"].items() if k != "sheetId"}) for one in guarded]
    keys = [column.key for column in tabs.CAMPAIGNS.columns]
    said = lang == "ja"
    assert places == [
        ("ジャーニー EC 通常" if said else "Journey EC", {"startRowIndex": 14, "endRowIndex": 15}),
        ("ジャーニー EC 通常" if said else "Journey EC", {"startRowIndex": 15, "endRowIndex": 16}),
        ("施策" if said else "Campaigns", {"startColumnIndex": keys.index("state"), "endColumnIndex": len(keys)}),
        ("状況" if said else "Status", {}),
        ("履歴" if said else "Log", {}),
    ]


@pytest.mark.parametrize("lang", LANGS)
def test_states_have_colours(fillings: dict[Lang, Filling], lang: Lang) -> None:
    rules = [r["rule"] for r in of(fillings[lang].requests, "addConditionalFormatRule")]
    formulas = [rule["booleanRule"]["condition"]["values"][0]["userEnteredValue"] for rule in rules]
    for key in ("state_running", "state_held", "state_paused", "approval_pending", "approval_approved", "approval_void"):
        assert any(f'="{text(f"sync.{key}").say(lang)}"' in formula for formula in formulas), key
    assert all(formula.startswith("=$") for formula in formulas)
    assert all(area["endRowIndex"] == ROWS for rule in rules for area in rule["ranges"])
    assert [r["index"] for r in of(fillings[lang].requests, "addConditionalFormatRule")] == list(range(len(rules)))


@pytest.mark.parametrize("lang", LANGS)
def test_no_rule_covers_the_colour_of_a_marked_cell(fillings: dict[Lang, Filling], lang: Lang) -> None:
    """A rule's ground would hide the colour by which the program marks a problem: the program's own columns and Kind may have one."""
    keys = [column.key for column in tabs.CAMPAIGNS.columns]
    grounds = set()
    for request in of(fillings[lang].requests, "addConditionalFormatRule"):
        if "backgroundColorStyle" in request["rule"]["booleanRule"]["format"]:
            (area,) = request["rule"]["ranges"]
            grounds |= set(keys[area["startColumnIndex"] : area["endColumnIndex"]])
    assert grounds == {"kind", "state", "approval"}


def test_a_tab_that_holds_anything_is_left_alone_and_a_missing_one_stands_in_its_place() -> None:
    lang: Lang = "ja"
    words = load_words("ec", lang)
    full = filled(spreadsheet(sheet("シート1")), fill(spreadsheet(sheet("シート1")), words, lang, CONTEXT))
    for gone in ("使い方", "メッセージ", "履歴"):
        left = spreadsheet(*(_copied(full, tab.title) for tab in full.tabs if tab.title != gone))
        found = fill(left, words, lang, CONTEXT)
        assert found.added == (gone,)
        assert found.kept == tuple(tab.title for tab in left.tabs)
        made = [s["properties"]["sheetId"] for s in of(found.requests, "addSheet")]
        assert len(made) == 1
        assert {_sheet_of(request) for request in found.requests} == set(made)
        mended = filled(left, found)
        assert [tab.title for tab in mended.tabs] == [tab.title for tab in full.tabs]
        assert read(mended).workbook == read(full).workbook and not read(mended).blocked


def _copied(state: SheetState, title: str) -> Json:
    tab = state.tab(title)
    return sheet(title, {_a1(f"R{r}C{c}"): cell.text for (r, c), cell in tab.cells.items() if cell.text and c < 27}, tab.id)


def _sheet_of(request: Json) -> int:
    ((_, said),) = request.items()
    if "protectedRange" in said or "ranges" in said.get("rule", {}):
        return int(said.get("protectedRange", {}).get("range", {}).get("sheetId") or said["rule"]["ranges"][0]["sheetId"])
    return int((said.get("range") or said.get("start") or said["properties"])["sheetId"])


def test_rows_that_do_not_fit_what_people_made_are_left_out() -> None:
    """A map of one's own: the template's campaigns speak of stages that it does not have."""
    own = {
        "A1": "ジャーニー", "B1": "わたしたち", "A2": "ID", "B2": "ours", "A4": "ステージ", "B4": "新規", "C4": "常連",
        "A5": "ステージID", "B5": "fresh", "C5": "often", "A6": "条件", "B6": "購入回数 <= 1", "C6": "購入回数 >= 2",
    }  # fmt: skip
    state = spreadsheet(sheet("メモ", {"A1": "買い物"}), sheet("ジャーニー わたしたち", own, 1))
    found = fill(state, load_words("ec", "ja"), "ja", CONTEXT)
    assert found.kept == ("ジャーニー わたしたち",) and "施策" in found.added and len(found.added) == 10
    mended = filled(state, found)
    reading = read(mended)
    assert not reading.blocked
    assert reading.workbook.campaigns == () and reading.workbook.examples == ()
    assert reading.workbook.messages and reading.workbook.holidays  # these do not speak of stages
    assert [j.name for j in reading.workbook.journeys] == ["わたしたち"]
    stages = [_fed(r["rule"]) for r in of(found.requests, "setDataValidation") if "$B$4" in json.dumps(r)]
    assert set(stages) == {"='ジャーニー わたしたち'!$B$4:$M$4"}
    assert [tab.title for tab in mended.tabs][:3] == ["使い方", "メモ", "ジャーニー わたしたち"]


@pytest.mark.parametrize("title", ["シート1", "Sheet1", "シート 1", "sheet 1"])
def test_the_empty_first_tab_of_a_new_sheet_becomes_the_guide(title: str) -> None:
    found = fill(spreadsheet(sheet(title)), load_words("ec", "ja"), "ja", CONTEXT)
    (used,) = of(found.requests, "updateSheetProperties")
    assert used["properties"]["sheetId"] == 0 and used["properties"]["title"] == "使い方"
    assert len(list(of(found.requests, "addSheet"))) == 10


def test_a_first_tab_with_a_name_or_a_word_of_its_own_stays() -> None:
    words = load_words("ec", "ja")
    for first in (sheet("予定", {}), sheet("シート1", {"C3": "買い物"})):
        found = fill(spreadsheet(first), words, "ja", CONTEXT)
        assert not list(of(found.requests, "updateSheetProperties"))
        assert [tab.title for tab in filled(spreadsheet(first), found).tabs][-1] == first["properties"]["title"]


def test_an_empty_tab_of_ours_is_used_under_its_own_title() -> None:
    state = spreadsheet(sheet("シート1"), sheet(" Messages", {}, 5))
    found = fill(state, load_words("ec", "ja"), "ja", CONTEXT)
    assert " Messages" in found.added and "メッセージ" not in found.added
    mended = filled(state, found)
    assert read(mended).problems == () and len(mended.tabs) == 11
    assert any("' Messages'!$A$2" in json.dumps(r, ensure_ascii=False) for r in of(found.requests, "setDataValidation"))
