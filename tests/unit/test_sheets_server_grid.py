"""What the local Sheets server makes of typing, formats, masks and shifting: the rules that the program has to live with."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from threading import RLock
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sheets_server import Book, a1, colours, masks, numbers, values
from sheets_server.answers import Writing
from sheets_server.discovery import sheets
from sheets_server.errors import ApiError, Json
from sheets_server.person import place
from sheets_server.requests import carry_out
from sheets_server.shifts import Move, Shift
from sheets_server.typing_in import typed

TODAY = datetime(2026, 11, 22, 3, 0, tzinfo=UTC)


def new_book(*titles: str) -> Book:
    """A spreadsheet that no server serves."""
    return Book(titles or ("施策", "別"), "tanaka@example.com", "writer", lambda: TODAY, RLock())


def ask(book: Book, *requests: Json) -> list[Json]:
    """A batchUpdate by the owner; every answer must fit Google's schema."""
    outcome = carry_out(book.state, list(requests), book.owner, book.today, book.draw)
    sheets().check("BatchUpdateSpreadsheetRequest", {"requests": list(requests)})
    sheets().check("BatchUpdateSpreadsheetResponse", {"replies": outcome.replies})
    book.commit(outcome.state, book.owner)
    return outcome.replies


def area(book: Book, title: str, cells: str) -> Json:
    """A closed range as a GridRange."""
    sheet = book.tab(title).sheet
    box = a1.box(cells)
    assert box is not None
    return sheet.closed(box).grid_range(sheet.id)


class TestTyping:
    @pytest.mark.parametrize(
        ("text", "stored", "seen"),
        [
            ("12", 12, "12"),
            ("0901234567", 901234567, "901234567"),
            ("-3.5", -3.5, "-3.5"),
            (".5", 0.5, "0.5"),
            ("1,204", 1204, "1,204"),
            ("1e5", 100000, "1.00E+05"),
            ("50%", 0.5, "50%"),
            ("¥1,204", 1204, "¥1,204"),
            ("9-21", 46286, "9-21"),
            ("9/21", 46286, "9/21"),
            ("1:1", 61 / 1440, "1:01"),
            ("10:00", 600 / 1440, "10:00"),
            ("25:30", 1530 / 1440, "25:30"),
            ("2026/12/01", 46357, "2026/12/01"),
            ("2026-12-01", 46357, "2026-12-01"),
            ("2026-12-01 10:00", 46357 + 600 / 1440, "2026-12-01 10:00"),
            ("2026年12月1日", 46357, "2026年12月1日"),
            ("12月1日", 46357, "12月1日"),
            ("TRUE", True, "TRUE"),
            ("false", False, "FALSE"),
            ("'0901", "0901", "0901"),
            (" x ", " x ", " x "),
            ("１２", "１２", "１２"),
            ("9:00-21:00", "9:00-21:00", "9:00-21:00"),
            ("1/日", "1/日", "1/日"),
            ("13-40", "13-40", "13-40"),
            ("2026/02/30", "2026/02/30", "2026/02/30"),
            ("10%引き", "10%引き", "10%引き"),
            ("=", "=", "="),
            ("1e400", "1e400", "1e400"),
            ("24:60", "24:60", "24:60"),
        ],
    )
    def test_what_a_cell_makes_of_it(self, text: str, stored: Any, seen: str) -> None:
        value, number_format = typed(text, None, TODAY.date())
        assert value is not None
        (plain,) = value.values()
        assert plain == pytest.approx(stored) if isinstance(stored, float) else plain == stored and type(plain) is type(stored)
        assert numbers.shown(value, number_format) == seen

    def test_a_cell_formatted_as_text_keeps_what_was_typed(self) -> None:
        tab = new_book().tab("施策")
        tab.format("A1:A9", "@")
        for row, text in enumerate(("0901234567", "9-21", "=1+1", "TRUE", "'x"), start=1):
            tab.type(f"A{row}", text)
            assert tab.value(f"A{row}") == text
        tab.type("B1", "9-21")
        tab.type("B1", "7")
        assert tab.value("B1") == "1-6"  # the format of a date stays where a number follows

    @pytest.mark.parametrize(
        ("number", "kind", "pattern", "seen"),
        [
            (1234.5, "NUMBER", "#,##0", "1,234"),
            (-1234.5, "NUMBER", "#,##0.00;(#,##0.00)", "(1,234.50)"),
            (0.5, "NUMBER", "0.0#", "0.5"),
            (7, "NUMBER", "000", "007"),
            (3, "NUMBER", '0"人"', "3人"),
            (0.1234, "PERCENT", "0.0%", "12.3%"),
            (46357.5, "DATE_TIME", "yyyy/mm/dd hh:mm", "2026/12/01 12:00"),
            (46357, "DATE", "m月d日(ddd)", "12月1日(火)"),
            (0.75, "TIME", "h:mm am/pm", "6:00 PM"),
            (1.5, "TIME", "[h]:mm", "36:00"),
            (1e30, "", "", "1E+30"),
            (1 / 3, "", "", "0.3333333333"),
            (1e300, "DATE", "yyyy", "1E+300"),
        ],
    )
    def test_formats(self, number: float, kind: str, pattern: str, seen: str) -> None:
        number_format = {"type": kind, "pattern": pattern} if kind else None
        assert numbers.shown({"numberValue": number}, number_format) == seen

    @given(st.text(max_size=12) | st.from_regex(r"[-0-9:/.,%¥年月日 e]{1,10}", fullmatch=True))
    def test_nothing_that_is_typed_breaks_it(self, text: str) -> None:
        value, number_format = typed(text, None, TODAY.date())
        assert (value is None) == (text == "")
        if value is not None and "formulaValue" not in value:
            sheets().check("CellData", {"userEnteredValue": value, "formattedValue": numbers.shown(value, number_format)})

    @pytest.mark.parametrize(
        ("formula", "seen"),
        [
            ("=1+2*3", "7"),
            ("=(1+2)*3-4/2", "7"),
            ("=-A1", "-2"),
            ("=A1+B1", "2"),
            ('="a"&A1&"""b"', 'a2"b'),
            ("='別'!A1*10", "50"),
            ("=50%", "0.5"),
            ("=1/0", "#DIV/0!"),
            ("=A1+C1", "#VALUE!"),
            ("=D1", "#REF!"),
            ("='無い'!A1", "#REF!"),
            ("=TRUE", "TRUE"),
            ("=SUM(A1:B1)", "Loading..."),
            ("=1+", "#ERROR!"),
        ],
    )
    def test_formulas_as_far_as_they_are_worked_out(self, formula: str, seen: str) -> None:
        book = new_book()
        book.tab("別").type("A1", "5")
        tab = book.tab("施策")
        tab.type_rows("A1", [["2", "", "x"]])
        tab.type("D1", formula)
        assert tab.value("D1") == seen


class TestNames:
    @given(st.integers(0, 18277))
    def test_columns_have_letters(self, column: int) -> None:
        assert a1.number(a1.letters(column)) == column

    @given(st.integers(0, 999), st.integers(0, 701), st.integers(1, 9), st.integers(1, 9), st.text(min_size=1, max_size=9))
    def test_what_is_spelt_is_read_again(self, top: int, left: int, height: int, width: int, title: str) -> None:
        box = a1.Box(top, left, top + height, left + width)
        found, rest = a1.split(a1.spelt(title, box))
        assert (found, a1.box(rest)) == (title, box)

    @pytest.mark.parametrize(
        ("text", "box"),
        [
            ("A1", a1.Box(0, 0, 1, 1)),
            ("$B$3:A1", a1.Box(0, 0, 3, 2)),
            ("A:C", a1.Box(None, 0, None, 3)),
            ("2:5", a1.Box(1, None, 5, None)),
            ("A2:C", a1.Box(1, 0, None, 3)),
            ("A:C5", a1.Box(None, 0, 5, 3)),
            ("R2C3:R4C5", a1.Box(1, 2, 4, 5)),
            ("A", None),
            ("5", None),
            ("A1:B2:C3", None),
            ("A0", None),
            ("", None),
        ],
    )
    def test_forms_of_ranges(self, text: str, box: a1.Box | None) -> None:
        assert a1.box(text) == box

    @given(st.tuples(*[st.integers(0, 255)] * 3))
    def test_colours_come_back_as_they_went(self, parts: tuple[int, int, int]) -> None:
        text = "#" + "".join(f"{part:02x}" for part in parts)
        assert colours.as_hex(colours.of_hex(text)) == text
        assert colours.rounded(colours.of_hex(text)) == colours.of_hex(text)


def mask_texts() -> st.SearchStrategy[str]:
    """Masks of what the program may ask for."""
    cell = st.lists(
        st.sampled_from(
            [
                "userEnteredValue",
                "effectiveValue.numberValue",
                "formattedValue",
                "note",
                "effectiveFormat(numberFormat)",
                "dataValidation",
            ]
        ),
        min_size=1,
        unique=True,
    ).map(lambda names: f"data(startRow,rowData.values({','.join(names)}))")
    tab = st.lists(
        st.sampled_from(["properties(title,sheetId)", "merges", "protectedRanges.range", "conditionalFormats"]),
        max_size=3,
        unique=True,
    )
    return st.tuples(tab, cell).map(lambda pair: f"spreadsheetId,sheets({','.join([*pair[0], pair[1]])})")


class TestMasks:
    @given(mask_texts())
    def test_an_answer_under_a_mask_is_the_whole_answer_with_the_rest_left_out(self, fields: str) -> None:
        book = full_book()
        mask = masks.parse(fields)
        masks.check(sheets(), "Spreadsheet", mask)
        whole = json.loads(Writing(book.state, book.id, {}, "a", pytest.fail).spreadsheet(None, True))
        told = json.loads(Writing(book.state, book.id, mask, "a", pytest.fail).spreadsheet(None, True))
        assert told == _without_empty_formats(masks.pick(whole, mask))

    @pytest.mark.parametrize("text", ["", "a,", "a(b", "a)b", "a..(", "(a)", "a,,b"])
    def test_what_is_no_mask(self, text: str) -> None:
        with pytest.raises(ApiError):
            masks.check(sheets(), "Spreadsheet", masks.parse(text))

    def test_the_wider_of_two_wins(self) -> None:
        assert masks.parse("a.b,a") == masks.parse("a,a.b") == {"a": {}}
        assert masks.parse("a(b,c.d),a.e") == {"a": {"b": {}, "c": {"d": {}}, "e": {}}}
        assert masks.parse("*") == {} and masks.parse("a.*") == {"a": {}}

    @given(
        st.dictionaries(st.sampled_from("abc"), st.dictionaries(st.sampled_from("xyz"), st.integers(), min_size=1)),
        st.dictionaries(st.sampled_from("abc"), st.dictionaries(st.sampled_from("xyz"), st.integers(), min_size=1)),
        st.sampled_from(["a", "a.x", "a(x,y),b", "c.z", "*"]),
    )
    def test_what_is_not_named_stays(self, old: Json, new: Json, text: str) -> None:
        mask = masks.parse(text)
        result = masks.merged(old, new, mask)
        for name in "abc":
            for inner in "xyz":
                named = masks.wants(mask, name, inner)
                source = new if named else old
                assert (result.get(name) or {}).get(inner) == (source.get(name) or {}).get(inner)


def full_book() -> Book:
    """A small spreadsheet with something of everything."""
    book = new_book()
    tab = book.tab("施策")
    tab.type_rows("A1", [["ID", "9-21", "=1+1"], ["", "", "x"]])
    tab.put_note("B2", "n")
    tab.put_colour("A4", "#ffeecc")
    tab.merge("A6:B7")
    rule = {"condition": {"type": "ONE_OF_LIST", "values": [{"userEnteredValue": "○"}]}, "strict": True}
    ask(
        book,
        {"setDataValidation": {"range": area(book, "施策", "C3:C5"), "rule": rule}},
        {"addProtectedRange": {"protectedRange": {"range": {"sheetId": 0, "startColumnIndex": 2}, "warningOnly": True}}},
        conditional(area(book, "施策", "A1:A9")),
    )
    return book


def conditional(cells: Json, kind: str = "TEXT_EQ", value: str = "running", index: int = 0) -> Json:
    condition = {"type": kind, "values": [{"userEnteredValue": value}]}
    rule = {"ranges": [cells], "booleanRule": {"condition": condition, "format": {"backgroundColor": {"green": 1}}}}
    return {"addConditionalFormatRule": {"rule": rule, "index": index}}


def _without_empty_formats(value: Any) -> Any:
    """A format of which nothing is left is not answered at all."""
    if isinstance(value, list):
        return [_without_empty_formats(item) for item in value]
    if isinstance(value, dict):
        kept = {name: _without_empty_formats(item) for name, item in value.items()}
        return {name: item for name, item in kept.items() if item != {} or name not in ("effectiveFormat", "userEnteredFormat")}
    return value


class TestShifting:
    @given(st.data())
    def test_rows_go_about_with_everything_on_them(self, data: st.DataObject) -> None:
        book = new_book()
        tab, other = book.tab("施策"), book.tab("別")
        rows = [f"R{number:02}" for number in data.draw(st.permutations(range(8)))]
        tab.type_rows("A1", [["ID", "名"], *[[row, f"name {row}"] for row in rows]])
        for number, row in enumerate(rows, start=2):
            tab.put_note(f"A{number}", f"note {row}")
            tab.put_colour(f"B{number}", f"#0000{number:02x}")
        coloured = {row: f"#0000{number:02x}" for number, row in enumerate(rows, start=2)}
        watched = rows[3]
        other.type("A1", f"='施策'!A{rows.index(watched) + 2}")
        sorted_since = False
        for _ in range(data.draw(st.integers(1, 8))):
            what = data.draw(st.sampled_from(["insert", "delete", "move", "sort"]))
            at = data.draw(st.integers(0, len(rows) - 1))
            if what == "insert":
                tab.insert_row(at + 2)
                rows.insert(at, "")
            elif what == "delete" and len(rows) > 1:
                tab.delete_row(at + 2)
                del rows[at]
            elif what == "move":
                to = data.draw(st.integers(0, len(rows) - 1))
                tab.move_row(at + 2, to + 2)
                rows.insert(to, rows.pop(at))
            elif what == "sort":
                tab.sort("A")
                named = max((number for number, row in enumerate(rows) if row), default=-1) + 1
                rows = sorted(row for row in rows[:named] if row) + [""] * rows[:named].count("") + rows[named:]
                sorted_since = True
        for number, row in enumerate(rows, start=2):
            assert tab.value(f"A{number}") == row
            if row:
                seen = (tab.value(f"B{number}"), tab.note(f"A{number}"), tab.colour(f"B{number}"))
                assert seen == (f"name {row}", f"note {row}", coloured[row])
        if not sorted_since:
            assert other.value("A1") == (watched if watched in rows else "#REF!")

    @given(st.data())
    def test_ranges_that_lie_upon_rows_follow_the_rows_they_cover(self, data: st.DataObject) -> None:
        """Checked against the rows themselves: what a protection covered is what it covers, as far as it hangs together."""
        start = data.draw(st.integers(0, 9))
        end = data.draw(st.integers(start + 1, 10))
        rows = list(range(10))
        grid_range: Json | None = {"sheetId": 0, "startRowIndex": start, "endRowIndex": end}
        covered = set(range(start, end))
        for number in range(data.draw(st.integers(1, 5))):
            at = data.draw(st.integers(0, len(rows) - 1))
            if data.draw(st.booleans()):
                shift = Shift(0, "ROWS", at, 1)
                inside = grid_range and grid_range["startRowIndex"] < at < grid_range["endRowIndex"]
                rows.insert(at, 100 + number)
                covered |= {100 + number} if inside else set()
            elif len(rows) > 1:
                shift = Shift(0, "ROWS", at, -1)
                del rows[at]
            else:
                continue
            grid_range = shift.grid_range(grid_range) if grid_range else None
        now = rows[grid_range["startRowIndex"] : grid_range["endRowIndex"]] if grid_range else []
        assert set(now) == covered & set(rows)

    @given(st.integers(2, 9), st.data())
    def test_a_move_keeps_every_row_once(self, length: int, data: st.DataObject) -> None:
        start = data.draw(st.integers(0, length - 1))
        end = data.draw(st.integers(start + 1, length))
        to = data.draw(st.integers(0, length).filter(lambda index: not start < index < end))
        move = Move(0, "ROWS", start, end, to)
        order = move.order(length)
        assert sorted(order) == list(range(length))
        assert [order[move.place(index)] for index in range(length)] == list(range(length))

    @pytest.mark.parametrize(
        ("before", "do", "after"),
        [
            ("='施策'!A5", lambda tab: tab.insert_row(3), "='施策'!A6"),
            ("='施策'!$A$5:B9", lambda tab: tab.insert_row(7), "='施策'!$A$5:B10"),
            ("='施策'!A2:A", lambda tab: tab.insert_row(1), "='施策'!A3:A"),
            ("='施策'!A:B", lambda tab: tab.insert_column("B"), "='施策'!A:C"),
            ("='施策'!3:4", lambda tab: tab.delete_row(1), "='施策'!2:3"),
            ("='施策'!A5", lambda tab: tab.delete_row(5), "=#REF!"),
            ("='施策'!A2:A", lambda tab: tab.delete_row(1), "='施策'!A1:A"),
            ("='施策'!A5", lambda tab: tab.move_row(5, 2), "='施策'!A2"),
            ("='施策'!C5", lambda tab: tab.move_column("C", "A"), "='施策'!A5"),
            ('="施策!A5"&A5', lambda tab: tab.insert_row(1), '="施策!A5"&A5'),
            ("='施策'!A5", lambda tab: tab.book.rename_tab("施策", "新 しい"), "='新 しい'!A5"),
            ("=SUM('施策'!A5,A5)", lambda tab: tab.insert_row(1), "=SUM('施策'!A6,A5)"),
        ],
    )
    def test_formulas_follow(self, before: str, do: Callable[[Any], None], after: str) -> None:
        book = new_book()
        book.tab("別").type("A1", before)
        do(book.tab("施策"))
        assert book.tab("別").entered("A1") == {"formulaValue": after}

    def test_what_lies_upon_cells_shifts_with_them(self) -> None:
        book = full_book()
        tab = book.tab("施策")
        ask(book, {"addNamedRange": {"namedRange": {"name": "ids", "range": area(book, "施策", "A2:A9")}}})
        location = {"dimensionRange": {"sheetId": 0, "dimension": "ROWS", "startIndex": 3, "endIndex": 4}}
        metadata = {"metadataKey": "k", "visibility": "DOCUMENT", "location": location}
        ask(book, {"createDeveloperMetadata": {"developerMetadata": metadata}})
        ask(book, conditional(area(book, "施策", "C2:C9"), "CUSTOM_FORMULA", "=$A2=1", index=1))
        tab.insert_row(2)
        tab.insert_column("A")
        sheet = tab.sheet
        assert sheet.merges == [{"startRowIndex": 6, "endRowIndex": 8, "startColumnIndex": 1, "endColumnIndex": 3}]
        assert sheet.protected[0]["range"] == {"startColumnIndex": 3}
        assert sheet.conditional[0]["ranges"][0]["endRowIndex"] == 10
        assert book.state.named[0]["range"]["startRowIndex"] == 2
        assert book.state.metadata[0]["location"]["dimensionRange"]["startIndex"] == 4
        assert sheet.conditional[1]["booleanRule"]["condition"]["values"] == [{"userEnteredValue": "=$B3=1"}]
        assert tab.note("C3") == "n" and tab.colour("B5") == "#ffeecc" and tab.validation("D4") is not None
        tab.delete_row(5)
        assert book.state.metadata == []

    def test_a_range_inserted_or_deleted_moves_only_its_own_columns(self) -> None:
        book = new_book()
        tab = book.tab("施策")
        tab.type_rows("A1", [["a", "b"], ["c", "d"], ["e", "f"]])
        ask(book, {"insertRange": {"range": area(book, "施策", "A2:A2"), "shiftDimension": "ROWS"}})
        assert tab.grid() == [["a", "b"], ["", "d"], ["c", "f"], ["e"]]
        ask(book, {"deleteRange": {"range": area(book, "施策", "A1:A2"), "shiftDimension": "ROWS"}})
        assert tab.grid() == [["c", "b"], ["e", "d"], ["", "f"]]
        ask(book, {"insertRange": {"range": area(book, "施策", "A1:A1"), "shiftDimension": "COLUMNS"}})
        assert tab.grid() == [["", "c", "b"], ["e", "d"], ["", "f"]]
        ask(book, {"deleteRange": {"range": area(book, "施策", "A1:B1"), "shiftDimension": "COLUMNS"}})
        assert tab.grid() == [["b"], ["e", "d"], ["", "f"]]


def refusals() -> Iterator[tuple[Json, str]]:
    """Requests that Google refuses, and a part of what it says."""
    place = {"sheetId": 0, "dimension": "ROWS"}
    size = {"sheetId": 0, "gridProperties": {"frozenRowCount": 1000}}
    yield {"sortRange": {"range": {"sheetId": 0, "endRowIndex": 8}}}, "can't sort a range with merged cells"
    yield (
        {"unmergeCells": {"range": {"sheetId": 0, "endRowIndex": 6, "endColumnIndex": 1}}},
        "must select all cells in a merged range",
    )
    yield (
        {"moveDimension": {"source": {**place, "startIndex": 5, "endIndex": 6}, "destinationIndex": 0}},
        "a part of merged cells",
    )
    yield {"deleteDimension": {"range": {**place, "startIndex": 0, "endIndex": 1000}}}, "can't delete all the rows"
    yield {"deleteDimension": {"range": {**place, "startIndex": 5, "endIndex": 1001}}}, "there are only 1000 rows"
    yield {"insertDimension": {"range": {**place, "startIndex": 0, "endIndex": 1}, "inheritFromBefore": True}}, "index 0"
    yield (
        {"updateSheetProperties": {"properties": size, "fields": "gridProperties.frozenRowCount"}},
        "can't freeze all visible rows",
    )
    yield {"deleteConditionalFormatRule": {"sheetId": 0, "index": 1}}, "No conditional format on sheet at index: 1"
    yield {"deleteProtectedRange": {"protectedRangeId": 7}}, "No protected range with id: 7"
    yield {"addNamedRange": {"namedRange": {"range": {"sheetId": 0}}}}, "has none"
    rule = {"condition": {"type": "ONE_OF_RANGE", "values": [{"userEnteredValue": "='無い'!A1"}]}}
    yield {"setDataValidation": {"range": {"sheetId": 0}, "rule": rule}}, "Invalid condition value"
    cell = {"userEnteredValue": {"stringValue": "a", "numberValue": 1}}
    yield {"repeatCell": {"range": {"sheetId": 0}, "cell": cell, "fields": "*"}}, "oneof field 'value'"
    formula = {"userEnteredValue": {"formulaValue": "1+1"}}
    yield {"repeatCell": {"range": {"sheetId": 0}, "cell": formula, "fields": "*"}}, 'must start with "="'
    start = {"sheetId": 0, "rowIndex": 999, "columnIndex": 25}
    long = [{"values": [{"note": "a"}, {"note": "b"}]}]
    yield {"updateCells": {"start": start, "rows": long, "fields": "note"}}, "Attempting to write column: 26, beyond the last"
    yield (
        {"updateCells": {"start": start, "rows": [{}, {}], "fields": "note"}},
        "Attempting to write row: 1000, beyond the last",
    )
    yield {"updateCells": {"rows": long, "fields": "note"}}, "Exactly one of start or range"
    one = {"sheetId": 0, "endRowIndex": 1, "endColumnIndex": 1}
    yield {"updateCells": {"range": one, "rows": long, "fields": "note"}}, "outside the requested range"
    yield {"appendCells": {"sheetId": 0, "rows": [{"values": [{}] * 27}], "fields": "note"}}, "Attempting to write column: 26"
    yield {"appendCells": {"sheetId": 0, "fields": "note.x"}}, "Invalid field: note.x"
    yield {"repeatCell": {"cell": {}, "fields": "note"}}, "range is required"
    error = {"userEnteredValue": {"errorValue": {"type": "NAME"}}}
    yield {"repeatCell": {"range": one, "cell": error, "fields": "*"}}, "read only"
    plain = {"userEnteredFormat": {"numberFormat": {"pattern": "@"}}}
    yield {"repeatCell": {"range": one, "cell": plain, "fields": "*"}}, "numberFormat.type is required"
    yield {"setDataValidation": {"range": one, "rule": {"strict": True}}}, "must have a condition"
    yield {"setDataValidation": {"range": one, "rule": {"condition": {"type": "ONE_OF_LIST"}}}}, "between 1 and 500 values"
    yield {"setDataValidation": {"range": one, "rule": {"condition": {"type": "ONE_OF_RANGE"}}}}, "exactly one value"
    yield (
        {"sortRange": {"range": {**one, "startRowIndex": 0}, "sortSpecs": [{"dimensionIndex": 3}]}},
        "must be within the range",
    )
    yield {"findReplace": {"find": "a+", "searchByRegex": True}}, "plain words only"
    yield {"copyPaste": {"source": one, "destination": one, "pasteOrientation": "TRANSPOSE"}}, "does not carry out"
    backwards = {"sheetId": 0, "startRowIndex": 5, "endRowIndex": 3}
    yield {"repeatCell": {"range": backwards, "cell": {}, "fields": "note"}}, "must be at least"
    yield {"repeatCell": {"range": {"startColumnIndex": -1}, "cell": {}, "fields": "note"}}, "less than zero"
    yield {"insertDimension": {"range": {"sheetId": 0, "endIndex": 1}}}, "No dimension specified"
    yield {"insertDimension": {"range": {**place, "startIndex": 3, "endIndex": 3}}}, "must be less than"
    yield {"insertDimension": {"range": {**place, "startIndex": 1000, "endIndex": 1001}}}, "is after last row in grid[1000]"
    yield {"appendDimension": {"sheetId": 0, "dimension": "ROWS"}}, "length must be greater than 0"
    yield {"appendDimension": {"sheetId": 0, "length": 3}}, "No dimension specified"
    yield (
        {"moveDimension": {"source": {**place, "startIndex": 0, "endIndex": 1}, "destinationIndex": 1001}},
        "outside of the grid",
    )
    yield {"deleteRange": {"range": one}}, "No shift dimension"
    yield (
        {"deleteRange": {"range": {"endRowIndex": 1, "endColumnIndex": 1}, "shiftDimension": "ROWS"}},
        "shift a part of merged cells",
    )
    yield {"mergeCells": {"range": {"endRowIndex": 6, "endColumnIndex": 3}}}, "must select all cells in a merged range"
    wide = {"range": {**place, "startIndex": 0, "endIndex": 1001}, "properties": {"pixelSize": 9}, "fields": "pixelSize"}
    yield {"updateDimensionProperties": wide}, "is after last row in grid[1000]"
    yield {"addSheet": {"properties": {"sheetId": 0}}}, "already exists"
    yield {"addSheet": {"properties": {"sheetId": -1}}}, "must not be negative"
    yield {"addSheet": {"properties": {"sheetType": "OBJECT"}}}, "tabs with a grid only"
    yield {"addSheet": {"properties": {"index": 9}}}, "out of bounds"
    yield {"addSheet": {"properties": {"title": "あ" * 101}}}, "longer than 100"
    yield {"addSheet": {"properties": {"gridProperties": {"rowCount": 0}}}}, "must be greater than 0"
    yield {"duplicateSheet": {"sourceSheetId": 0, "newSheetName": "別"}}, "already exists"
    yield {"updateSheetProperties": {"properties": {"sheetId": 0}, "fields": "title"}}, "cannot be empty"
    yield {"updateSheetProperties": {"properties": {"sheetId": 0}, "fields": "sheetId"}}, "cannot be changed"
    yield {"updateSheetProperties": {"properties": {"index": 9}, "fields": "index"}}, "out of bounds"
    none = {"gridProperties": {"columnCount": 0}}
    yield {"updateSheetProperties": {"properties": none, "fields": "gridProperties.columnCount"}}, "must be greater than 0"
    yield {"addProtectedRange": {"protectedRange": {"namedRangeId": "1"}}}, "ranges of cells only"
    yield {"addProtectedRange": {"protectedRange": {}}}, "range is required"
    yield {"updateNamedRange": {"namedRange": {"namedRangeId": "1"}, "fields": "name"}}, "No named range with id: 1"
    yield {"updateProtectedRange": {"protectedRange": {"protectedRangeId": 1}, "fields": "*"}}, "No protected range with id: 1"
    yield {"deleteBanding": {"bandedRangeId": 1}}, "No banding with id: 1"
    yield {"addChart": {}}, "this server does not carry out addChart"


@pytest.mark.parametrize(("request_", "said"), list(refusals()), ids=lambda part: part if isinstance(part, str) else "")
def test_what_cannot_be_is_refused_and_changes_nothing(request_: Json, said: str) -> None:
    book = full_book()
    state = book.state
    with pytest.raises(ApiError) as error:
        ask(book, request_)
    assert error.value.code == 400 and said in error.value.message
    assert book.state is state


def test_a_program_reshapes_a_tab() -> None:
    book = new_book("シート1")
    properties = {
        "sheetId": 7,
        "title": "施策",
        "index": 0,
        "tabColor": {"red": 1},
        "gridProperties": {"rowCount": 5, "frozenRowCount": 1},
    }
    text = {"userEnteredFormat": {"numberFormat": {"type": "TEXT"}, "textFormat": {"bold": True}}}
    whole = {"sheetId": 7}
    replies = ask(
        book,
        {"addSheet": {"properties": properties}},
        {"repeatCell": {"range": whole, "cell": text, "fields": "userEnteredFormat(numberFormat,textFormat)"}},
        {"appendDimension": {"sheetId": 7, "dimension": "ROWS", "length": 2}},
        {
            "updateDimensionProperties": {
                "range": {"sheetId": 7, "dimension": "COLUMNS", "endIndex": 2},
                "properties": {"pixelSize": 240},
                "fields": "pixelSize",
            }
        },
        {
            "updateSheetProperties": {
                "properties": {"sheetId": 7, "gridProperties": {"columnCount": 4}},
                "fields": "gridProperties.columnCount",
            }
        },
        {
            "appendCells": {
                "sheetId": 7,
                "rows": [{"values": [{"userEnteredValue": {"stringValue": "ID"}}]}],
                "fields": "userEnteredValue",
            }
        },
        {"addBanding": {"bandedRange": {"range": whole, "rowProperties": {"firstBandColor": {"blue": 1}}}}},
        {"setBasicFilter": {"filter": {"range": whole}}},
        {"duplicateSheet": {"sourceSheetId": 7, "newSheetName": "写し", "insertSheetIndex": 2}},
        {"findReplace": {"sheetId": 7, "find": "ID", "replacement": "番号", "matchEntireCell": True}},
    )
    told = replies[0]["addSheet"]["properties"]
    assert (told["sheetId"], told["index"], told["gridProperties"]) == (
        7,
        0,
        {"rowCount": 5, "columnCount": 26, "frozenRowCount": 1},
    )
    assert told["tabColor"] == told["tabColorStyle"]["rgbColor"] == {"red": 1}
    assert book.titles == ["施策", "シート1", "写し"]
    tab = book.tab("施策")
    sheet = tab.sheet
    assert (len(sheet.rows), len(sheet.columns), sheet.columns[:3]) == (7, 4, [{"pixelSize": 240}, {"pixelSize": 240}, {}])
    tab.type("D7", "0901")
    assert tab.grid()[0] == ["番号"] and tab.value("D7") == "0901"
    assert sheet.cell(6, 3).data["userEnteredFormat"]["textFormat"] == {"bold": True}
    assert book.tab("写し").grid() == [["ID"]]
    ask(book, {"deleteSheet": {"sheetId": 7}})
    assert book.titles == ["シート1", "写し"] and [sheet.properties["index"] for sheet in book.state.sheets] == [0, 1]


class TestWhatLiesUponCells:
    def test_protection_is_changed_and_taken_away(self) -> None:
        book = new_book()
        columns = {"sheetId": 0, "startColumnIndex": 2, "endColumnIndex": 4}
        protected = {"range": columns, "description": "プログラム", "editors": {"users": ["a@example.com"]}}
        (reply,) = ask(book, {"addProtectedRange": {"protectedRange": protected}})
        told = reply["addProtectedRange"]["protectedRange"]
        assert told["editors"]["users"] == ["a@example.com", book.owner] and told["requestingUserCanEdit"]
        book.person = "suzuki@example.com"
        with pytest.raises(ApiError, match="protected cell"):
            book.tab("施策").type("C5", "x")
        with pytest.raises(ApiError, match="protected cell"):
            book.tab("施策").delete_row(5)
        changed = {"protectedRangeId": told["protectedRangeId"], "warningOnly": True}
        ask(book, {"updateProtectedRange": {"protectedRange": changed, "fields": "warningOnly"}})
        assert "editors" not in book.state.sheets[0].protected[0]
        book.tab("施策").type("C5", "x")
        with pytest.raises(ApiError, match="already exists"):
            ask(book, {"addProtectedRange": {"protectedRange": {**changed, "range": columns}}})
        with pytest.raises(ApiError, match="cannot have editors"):
            ask(book, {"addProtectedRange": {"protectedRange": {**protected, "warningOnly": True}}})
        ask(book, {"deleteProtectedRange": {"protectedRangeId": told["protectedRangeId"]}})
        assert book.state.sheets[0].protected == []

    def test_conditional_colours_have_an_order(self) -> None:
        book = new_book()
        first, second = area(book, "施策", "A1:A9"), area(book, "施策", "B1:B9")
        ask(book, conditional(first, value="a"), conditional(second, value="b"))

        def values() -> list[str]:
            rules = book.state.sheets[0].conditional
            return [rule["booleanRule"]["condition"]["values"][0]["userEnteredValue"] for rule in rules]

        assert values() == ["b", "a"]
        rule = conditional(first, value="c")["addConditionalFormatRule"]["rule"]
        (reply,) = ask(book, {"updateConditionalFormatRule": {"index": 1, "rule": rule}})
        assert reply["updateConditionalFormatRule"]["newRule"]["booleanRule"]["format"]["backgroundColor"] == {"green": 1}
        ask(book, {"updateConditionalFormatRule": {"sheetId": 0, "index": 1, "newIndex": 0}})
        assert values() == ["c", "b"]
        ask(book, {"deleteConditionalFormatRule": {"sheetId": 0, "index": 0}})
        assert values() == ["b"]
        two_tabs = [first, area(book, "別", "A1:A2")]
        rules: list[Json] = [{"ranges": [], "booleanRule": {}}, {"ranges": [first]}, {"ranges": two_tabs, "booleanRule": {}}]
        for wrong in rules:
            with pytest.raises(ApiError):
                ask(book, {"addConditionalFormatRule": {"rule": wrong}})

    def test_names_stripes_and_filters(self) -> None:
        book = new_book()
        (reply,) = ask(book, {"addNamedRange": {"namedRange": {"name": "ids", "range": area(book, "施策", "A2:A3")}}})
        name_id = reply["addNamedRange"]["namedRange"]["namedRangeId"]
        book.tab("施策").type_rows("A1", [["ID"], ["C01"], ["C02"]])
        assert values.read(book.state, "ids", {})["values"] == [["C01"], ["C02"]]
        ask(book, {"updateNamedRange": {"namedRange": {"namedRangeId": name_id, "name": "番号"}, "fields": "name"}})
        assert values.read(book.state, "番号", {"majorDimension": "COLUMNS"})["values"] == [["C01", "C02"]]
        ask(book, {"deleteNamedRange": {"namedRangeId": name_id}})
        with pytest.raises(ApiError, match="Unable to parse range"):
            values.read(book.state, "番号", {})
        whole = {"sheetId": 0}
        (reply,) = ask(
            book, {"addBanding": {"bandedRange": {"range": whole, "rowProperties": {"firstBandColor": {"blue": 1}}}}}
        )
        with pytest.raises(ApiError, match="alternating"):
            ask(book, {"addBanding": {"bandedRange": {"range": whole}}})
        ask(book, {"deleteBanding": {"bandedRangeId": reply["addBanding"]["bandedRange"]["bandedRangeId"]}})
        ask(book, {"setBasicFilter": {"filter": {"range": whole}}}, {"clearBasicFilter": {"sheetId": 0}})
        assert (book.state.sheets[0].banded, book.state.sheets[0].filter) == ([], None)

    def test_metadata_is_found_changed_and_goes_with_its_place(self) -> None:
        book = new_book()
        column = {"dimensionRange": {"sheetId": 0, "dimension": "COLUMNS", "startIndex": 1, "endIndex": 2}}
        places: list[Json] = [{"spreadsheet": True}, {"sheetId": 0}, column]
        for number, location in enumerate(places):
            item = {"metadataKey": f"k{number}", "metadataValue": "v", "visibility": "DOCUMENT", "metadataId": number + 1}
            ask(book, {"createDeveloperMetadata": {"developerMetadata": {**item, "location": location}}})
        told = json.loads(Writing(book.state, book.id, {}, "a", pytest.fail).spreadsheet(None, True))
        assert told["developerMetadata"][0]["location"] == {"locationType": "SPREADSHEET", "spreadsheet": True}
        assert told["sheets"][0]["developerMetadata"][0]["metadataKey"] == "k1"
        assert told["sheets"][0]["data"][0]["columnMetadata"][1]["developerMetadata"][0]["location"]["locationType"] == "COLUMN"
        look = {"developerMetadataLookup": {"metadataKey": "k2"}}
        change = {"dataFilters": [look], "developerMetadata": {"metadataValue": "w"}, "fields": "metadataValue"}
        (reply,) = ask(book, {"updateDeveloperMetadata": change})
        assert reply["updateDeveloperMetadata"]["developerMetadata"][0]["metadataValue"] == "w"
        ask(book, {"deleteDeveloperMetadata": {"dataFilter": {"developerMetadataLookup": {"locationType": "SPREADSHEET"}}}})
        book.delete_tab("施策")
        assert book.state.metadata == []
        for wrong in ({}, {"metadataKey": "k"}, {"metadataKey": "k", "visibility": "DOCUMENT", "location": {}}):
            with pytest.raises(ApiError):
                ask(book, {"createDeveloperMetadata": {"developerMetadata": wrong}})

    def test_cells_copied_bordered_and_merged(self) -> None:
        book = new_book()
        tab = book.tab("施策")
        tab.type_rows("A1", [["a", "1,234"]])
        tab.put_note("A1", "n")
        ask(book, {"copyPaste": {"source": area(book, "施策", "A1:B1"), "destination": area(book, "施策", "A2:B3")}})
        only_values = {
            "source": area(book, "施策", "A1:B1"),
            "destination": area(book, "別", "A1:A1"),
            "pasteType": "PASTE_VALUES",
        }
        ask(book, {"copyPaste": only_values})
        assert tab.grid() == [["a", "1,234"]] * 3 and tab.note("A3") == "n"
        assert book.tab("別").grid() == [["a", "1234"]] and book.tab("別").note("A1") == ""
        line = {"style": "SOLID", "color": {"red": 1}}
        ask(book, {"updateBorders": {"range": area(book, "施策", "A1:B2"), "top": line, "innerVertical": line}})
        cells = {cell: tab.sheet.cell(*place(cell)).data["userEnteredFormat"]["borders"] for cell in ("A1", "B1", "A2", "B2")}
        sides = {cell: set(borders) for cell, borders in cells.items()}
        assert sides == {"A1": {"top", "right"}, "B1": {"top", "left"}, "A2": {"right"}, "B2": {"left"}}
        ask(book, {"mergeCells": {"range": area(book, "施策", "A1:B3"), "mergeType": "MERGE_ROWS"}})
        assert len(tab.sheet.merges) == 3 and tab.grid() == [["a"]] * 3
        ask(book, {"mergeCells": {"range": area(book, "施策", "A1:B3")}})
        assert len(tab.sheet.merges) == 1 and tab.grid() == [["a"]]
        ask(book, {"unmergeCells": {"range": area(book, "施策", "A1:C9")}})
        ask(book, {"mergeCells": {"range": area(book, "施策", "A1:B3"), "mergeType": "MERGE_COLUMNS"}})
        assert len(tab.sheet.merges) == 2
        frozen = {"sheetId": 0, "gridProperties": {"frozenRowCount": 4}}
        ask(book, {"updateSheetProperties": {"properties": frozen, "fields": "gridProperties(frozenRowCount)"}})
        with pytest.raises(ApiError, match="merge frozen and non-frozen"):
            ask(book, {"mergeCells": {"range": area(book, "施策", "A4:A5")}})
        tab.delete_row(4)
        assert tab.sheet.grid_properties["frozenRowCount"] == 3

    def test_tabs_are_put_in_order_and_shrink(self) -> None:
        book = new_book("a", "b", "c")
        first = book.tab("a").id
        book.tab("a").type("Z1000", "x")
        for index, titles in ((2, "bac"), (3, "bca"), (0, "abc")):
            ask(book, {"updateSheetProperties": {"properties": {"sheetId": first, "index": index}, "fields": "index"}})
            assert "".join(book.titles) == titles
        shrink = {"sheetId": first, "gridProperties": {"rowCount": 10, "columnCount": 3}}
        ask(book, {"updateSheetProperties": {"properties": shrink, "fields": "gridProperties(rowCount,columnCount)"}})
        assert book.tab("a").grid() == [] and book.tab("a").sheet.grid_properties == {"rowCount": 10, "columnCount": 3}
        ask(book, {"updateSpreadsheetProperties": {"properties": {"title": "旅路"}, "fields": "title"}})
        book.delete_tab("b")
        book.delete_tab("c")
        with pytest.raises(ApiError, match="can't remove all the sheets"):
            book.delete_tab("a")
        assert book.title == "旅路"


def test_writing_a_large_spreadsheet_again_costs_little_and_an_edit_only_its_row() -> None:
    book = new_book()
    book.tab("施策").type_rows("A1", [[f"R{row} C{column}" for column in range(10)] for row in range(300)])
    mask = masks.parse("sheets.data.rowData.values(userEnteredValue,formattedValue)")

    def write() -> str:
        return Writing(book.state, book.id, mask, "a", pytest.fail).spreadsheet(None, True)

    first = write()
    rows = book.tab("施策").sheet.rows
    assert all(row.written for row in rows[:300])
    book.tab("施策").type("A5", "neu")
    again = book.tab("施策").sheet.rows
    assert [number for number, row in enumerate(again) if not row.written] == [4]
    assert again[:4] == rows[:4]
    assert write() == first.replace("R4 C0", "neu")
