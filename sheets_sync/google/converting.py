"""From one tab of an openpyxl workbook to the requests that draw it in a Sheet. Pure.

Formats go out as rectangles of equal looks, values and notes as one block, so that a whole workbook stays one modest request.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

from openpyxl.utils import get_column_letter
from openpyxl.worksheet.datavalidation import DataValidation
from openpyxl.worksheet.worksheet import Worksheet

from sheets_sync.google import looks
from sheets_sync.google.looks import Request

MOST_CHOICES = 500
"""What a dropdown of a Sheet can list."""


@dataclass(frozen=True)
class Grid:
    """The tab that is drawn on: Google's `id`, and its size.

    `spare`: all that lies outside the filled part looks like the last cell of the workbook's tab (text, ready to be typed in), and
    what reaches the last row there reaches the last row here. `fixed`: rows keep the height of the file, else only the first does and
    the others grow with their text.
    """

    id: int
    rows: int
    columns: int
    spare: bool = False
    fixed: bool = False

    def area(self, top: int, left: int, bottom: int, right: int) -> Request:
        """A rectangle (1-based, inclusive) as a `GridRange`."""
        return {
            "sheetId": self.id,
            "startRowIndex": top - 1,
            "endRowIndex": bottom,
            "startColumnIndex": left - 1,
            "endColumnIndex": right,
        }


def properties(sheet: Worksheet, grid: Grid, title: str) -> Request:
    """The tab's `SheetProperties`: title, size, what is frozen, its colour."""
    size: Request = {"rowCount": grid.rows, "columnCount": grid.columns}
    if sheet.freeze_panes:
        corner = sheet[sheet.freeze_panes]
        size |= {"frozenRowCount": corner.row - 1, "frozenColumnCount": corner.column - 1}
    if sheet.sheet_view.showGridLines is False:  # None: shown
        size["hideGridlines"] = True
    tab_colour = looks.colour(sheet.sheet_properties.tabColor.rgb)
    return {"sheetId": grid.id, "title": title, "gridProperties": size, "tabColorStyle": tab_colour}


def drawn(sheet: Worksheet, grid: Grid) -> list[Request]:
    """Everything on the tab. It must be there already, and so must the tabs that its dropdowns look at."""
    return [
        *_formats(sheet, grid),
        *_merges(sheet, grid),
        _contents(sheet, grid),
        *_sizes(sheet, grid),
        *_dropdowns(sheet, grid),
        *_rules(sheet, grid),
    ]


def _formats(sheet: Worksheet, grid: Grid) -> Iterator[Request]:
    usual = sheet.cell(sheet.max_row, sheet.max_column)
    if grid.spare:
        yield _looks(grid.area(1, 1, grid.rows, grid.columns), looks.cell_format(usual))
    plain = usual.style_id if grid.spare else 0
    for top, left, bottom, right in _areas(sheet, plain):
        yield _looks(grid.area(top, left, bottom, right), looks.cell_format(sheet.cell(top, left)))


def _looks(where: Request, wanted: Request) -> Request:
    return {"repeatCell": {"range": where, "cell": {"userEnteredFormat": wanted}, "fields": "userEnteredFormat"}}


def _areas(sheet: Worksheet, plain: int) -> Iterator[tuple[int, int, int, int]]:
    """Rectangles of one style each (top, left, bottom, right), without those of the style `plain`."""
    last_row, last_column = sheet.max_row, sheet.max_column
    open_: dict[tuple[int, int, int], int] = {}
    for number in range(1, last_row + 2):
        runs = set(_runs(sheet, number, last_column, plain)) if number <= last_row else set()
        for run in [r for r in open_ if r not in runs]:
            top = open_.pop(run)
            yield top, run[0], number - 1, run[1]
        for run in sorted(runs - open_.keys()):
            open_[run] = number


def _runs(sheet: Worksheet, number: int, last_column: int, plain: int) -> Iterator[tuple[int, int, int]]:
    """Runs of equal style in a row: first column, last column, style."""
    cells = [sheet.cell(number, column) for column in range(1, last_column + 1)]
    for style, group in groupby(cells, key=lambda cell: int(cell.style_id)):
        run = list(group)
        if style != plain:
            yield run[0].column, run[-1].column, style


def _merges(sheet: Worksheet, grid: Grid) -> list[Request]:
    found = sorted((area.min_row, area.min_col, area.max_row, area.max_col) for area in sheet.merged_cells.ranges)
    return [{"mergeCells": {"range": grid.area(*place), "mergeType": "MERGE_ALL"}} for place in found]


def _contents(sheet: Worksheet, grid: Grid) -> Request:
    """All texts and notes. A text is handed over as just that: it never becomes a formula, a number or a date."""
    rows = []
    for row in sheet.iter_rows():
        cells: list[Request] = []
        for cell in row:
            held: Request = {}
            if cell.value is not None:
                held["userEnteredValue"] = {"stringValue": str(cell.value)}
            if cell.comment is not None:
                held["note"] = cell.comment.text
            cells.append(held)
        while cells and not cells[-1]:
            cells.pop()
        rows.append({"values": cells})
    while rows and not rows[-1]["values"]:
        rows.pop()
    start = {"sheetId": grid.id, "rowIndex": 0, "columnIndex": 0}
    return {"updateCells": {"start": start, "rows": rows, "fields": "userEnteredValue,note"}}


def _sizes(sheet: Worksheet, grid: Grid) -> Iterator[Request]:
    widths = [sheet.column_dimensions[get_column_letter(n)].width for n in range(1, sheet.max_column + 1)]
    yield from _dimensions(grid, "COLUMNS", [looks.width(w) for w in widths])
    last = sheet.max_row if grid.fixed else 1
    heights = [sheet.row_dimensions[n].height for n in range(1, last + 1)]
    yield from _dimensions(grid, "ROWS", [looks.height(h) if h is not None else 0 for h in heights])


def _dimensions(grid: Grid, dimension: str, pixels: Sequence[int]) -> Iterator[Request]:
    """Sizes of the first rows or columns, equal ones beside each other at once; 0 leaves one as it is."""
    at = 0
    for size, group in groupby(pixels):
        count = len(list(group))
        if size:
            where = {"sheetId": grid.id, "dimension": dimension, "startIndex": at, "endIndex": at + count}
            yield {"updateDimensionProperties": {"range": where, "properties": {"pixelSize": size}, "fields": "pixelSize"}}
        at += count


def _dropdowns(sheet: Worksheet, grid: Grid) -> Iterator[Request]:
    for rule in sheet.data_validations.dataValidation:
        wanted = {
            "condition": _condition(sheet, rule),
            "strict": bool(rule.showErrorMessage and rule.errorStyle == "stop"),
            "showCustomUi": True,
            "inputMessage": rule.error,
        }
        for area in rule.sqref.ranges:
            where = grid.area(area.min_row, area.min_col, _bottom(sheet, grid, area.max_row), area.max_col)
            yield {"setDataValidation": {"range": where, "rule": wanted}}


def _condition(sheet: Worksheet, rule: DataValidation) -> Request:
    if not rule.formula1.startswith('"'):
        return {"type": "ONE_OF_RANGE", "values": [{"userEnteredValue": f"={rule.formula1}"}]}
    choices = rule.formula1.strip('"').split(",")
    if not rule.showErrorMessage:  # a Sheet marks what is not listed: then what stands there already is listed too
        places = [place for area in rule.sqref.ranges for row in area.rows for place in row]
        choices += [str(value) for place in places if (value := sheet.cell(*place).value) is not None]
    listed = list(dict.fromkeys(choices))[:MOST_CHOICES]
    return {"type": "ONE_OF_LIST", "values": [{"userEnteredValue": choice} for choice in listed]}


def _rules(sheet: Worksheet, grid: Grid) -> Iterator[Request]:
    found = [(rule, where.sqref.ranges) for where in sheet.conditional_formatting for rule in where.rules]
    for index, (rule, ranges) in enumerate(sorted(found, key=lambda one: one[0].priority)):
        areas = [grid.area(a.min_row, a.min_col, _bottom(sheet, grid, a.max_row), a.max_col) for a in ranges]
        condition = {"type": "CUSTOM_FORMULA", "values": [{"userEnteredValue": f"={rule.formula[0]}"}]}
        wanted = {"ranges": areas, "booleanRule": {"condition": condition, "format": looks.rule_format(rule.dxf)}}
        yield {"addConditionalFormatRule": {"rule": wanted, "index": index}}


def _bottom(sheet: Worksheet, grid: Grid, row: int) -> int:
    return grid.rows if grid.spare and row == sheet.max_row else row
