"""The converter of any small workbook: rectangles of equal looks, sizes and dropdowns come out as they went in."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from openpyxl import Workbook
from openpyxl.comments import Comment
from openpyxl.styles import Alignment, Border, Font, PatternFill, Side
from openpyxl.worksheet.datavalidation import DataValidation
from sheets_server import discovery

from sheets_sync.google.converting import Grid, drawn, properties

COLOURS = ["", "FF0000", "00FF00", "FF336699"]
GRIDS = st.lists(st.lists(st.sampled_from(COLOURS), min_size=5, max_size=5), min_size=1, max_size=6)


def painted(colours: list[list[str]]) -> Any:
    sheet = Workbook().active
    sheet.sheet_properties.tabColor = "112233"
    for number, row in enumerate(colours, start=1):
        for column, colour in enumerate(row, start=1):
            cell = sheet.cell(number, column)
            if colour:
                cell.fill = PatternFill("solid", start_color=colour, end_color=colour)
    return sheet


def backgrounds(requests: list[dict[str, Any]], rows: int, columns: int) -> list[list[str]]:
    """What the requests paint, one after the other."""
    found = [["" for _ in range(columns)] for _ in range(rows)]
    for request in requests:
        if "repeatCell" not in request:
            continue
        area, shown = request["repeatCell"]["range"], request["repeatCell"]["cell"]["userEnteredFormat"]
        colour = shown.get("backgroundColorStyle", {}).get("rgbColor")
        said = "".join(f"{round(colour[part] * 255):02X}" for part in ("red", "green", "blue")) if colour else ""
        for row in range(area["startRowIndex"], area["endRowIndex"]):
            for column in range(area["startColumnIndex"], area["endColumnIndex"]):
                found[row][column] = said
    return found


@given(GRIDS, st.booleans())
def test_every_cell_gets_its_own_colour_and_spare_ones_that_of_the_last(colours: list[list[str]], spare: bool) -> None:
    sheet = painted(colours)
    requests = drawn(sheet, Grid(7, len(colours) + 3, 8, spare=spare))
    discovery.sheets().check("BatchUpdateSpreadsheetRequest", {"requests": requests})
    wanted = [[colour[-6:] for colour in row] for row in colours]
    rest = wanted[-1][-1] if spare else ""
    whole = [[*row, rest, rest, rest] for row in wanted] + [[rest] * 8] * 3
    assert backgrounds(requests, len(colours) + 3, 8) == whole


@given(GRIDS)
def test_equal_neighbours_are_painted_at_once(colours: list[list[str]]) -> None:
    rows = [[row[0]] * 5 for row in colours]
    count = sum("repeatCell" in request for request in drawn(painted(rows), Grid(7, 10, 8)))
    assert count <= len(rows)


def test_a_cell_keeps_its_looks_its_note_and_its_text() -> None:
    sheet = painted([["", ""]])
    cell = sheet["B1"]
    cell.value, cell.data_type = "=1+1", "s"
    cell.comment = Comment("why", "x")
    cell.font = Font(name="Anything", size=10.5, bold=True, color="FF336699")
    cell.number_format = "@"
    cell.alignment = Alignment(wrap_text=True, vertical="center", horizontal="left", indent=1)
    cell.border = Border(left=Side("thin", color="000000"))
    sheet["A2"].value = 5
    requests = drawn(sheet, Grid(7, 10, 8))
    (look,) = [r["repeatCell"]["cell"]["userEnteredFormat"] for r in requests if "repeatCell" in r]
    assert look["textFormat"]["fontSize"] == 10 and look["textFormat"]["bold"] and "fontFamily" not in look["textFormat"]
    assert look["textFormat"]["foregroundColorStyle"] == {"rgbColor": {"red": 0.2, "green": 0.4, "blue": 0.6}}
    assert look["numberFormat"] == {"type": "TEXT", "pattern": "@"} and look["wrapStrategy"] == "WRAP"
    assert (look["verticalAlignment"], look["horizontalAlignment"], list(look["borders"])) == ("MIDDLE", "LEFT", ["left"])
    (written,) = [r["updateCells"] for r in requests if "updateCells" in r]
    assert written["rows"] == [
        {"values": [{}, {"userEnteredValue": {"stringValue": "=1+1"}, "note": "why"}]},
        {"values": [{"userEnteredValue": {"stringValue": "5"}}]},
    ]


def test_sizes_frozen_parts_merges_and_gridlines() -> None:
    sheet = painted([[""] * 4] * 3)
    sheet.column_dimensions["A"].width = sheet.column_dimensions["B"].width = 10
    sheet.column_dimensions["C"].width = 20
    sheet.row_dimensions[1].height = 30
    sheet.row_dimensions[3].height = 15
    sheet.freeze_panes = "B2"
    sheet.merge_cells("B2:C3")
    shown = properties(sheet, Grid(7, 10, 8), "T")
    size = {"rowCount": 10, "columnCount": 8, "frozenRowCount": 1, "frozenColumnCount": 1}
    assert shown["gridProperties"] == size and shown["title"] == "T"
    sheet.sheet_view.showGridLines = False
    assert properties(sheet, Grid(7, 10, 8), "T")["gridProperties"] == {**size, "hideGridlines": True}
    for fixed, rows in ((False, [(0, 1, 40)]), (True, [(0, 1, 40), (2, 3, 20)])):
        found = drawn(sheet, Grid(7, 10, 8, fixed=fixed))
        assert [r["mergeCells"]["range"]["endRowIndex"] for r in found if "mergeCells" in r] == [3]
        sizes = [r["updateDimensionProperties"] for r in found if "updateDimensionProperties" in r]
        told = [
            (s["range"]["dimension"], s["range"]["startIndex"], s["range"]["endIndex"], s["properties"]["pixelSize"])
            for s in sizes
        ]
        assert [t[1:] for t in told if t[0] == "ROWS"] == rows
        assert [t[1:] for t in told if t[0] == "COLUMNS"][:2] == [(0, 2, 75), (2, 3, 145)]


def test_dropdowns_reach_the_end_and_list_what_stands_there() -> None:
    sheet = painted([[""] * 3] * 4)
    sheet["A2"], sheet["A3"] = "own", "one"
    for where, formula, style, shows in (
        ("A2:A4", '"one,two"', "warning", False),
        ("B2:B4", '"one,two"', "stop", True),
        ("C2:C3", "'T'!$A$1:$A$9", "warning", True),
    ):
        rule = DataValidation(type="list", formula1=formula)
        rule.errorStyle, rule.showErrorMessage, rule.error = style, shows, "said"
        sheet.add_data_validation(rule)
        rule.add(where)
    found = [r["setDataValidation"] for r in drawn(sheet, Grid(7, 100, 8, spare=True)) if "setDataValidation" in r]
    conditions = [one["rule"]["condition"] for one in found]
    assert [[v["userEnteredValue"] for v in c["values"]] for c in conditions] == [
        ["one", "two", "own"],
        ["one", "two"],
        ["='T'!$A$1:$A$9"],
    ]
    assert [c["type"] for c in conditions] == ["ONE_OF_LIST", "ONE_OF_LIST", "ONE_OF_RANGE"]
    assert [one["range"]["endRowIndex"] for one in found] == [100, 100, 3]
    assert [one["rule"]["strict"] for one in found] == [False, True, False]
    assert all(one["rule"]["inputMessage"] == "said" and one["rule"]["showCustomUi"] for one in found)
