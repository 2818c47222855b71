"""Tables and charts: table, data_table, data_visualization.

https://docs.slack.dev/reference/block-kit/blocks/table-block, …/data-table-block, …/data-visualization-block
"""

from __future__ import annotations

from typing import Any

from slack_server.blocks.check import Check, Complaints, array, flag, one_of, shape, string, typed, whole
from slack_server.blocks.objects import BLOCK_ID
from slack_server.blocks.rich import RICH_TEXT
from slack_server.reading import words

MOST_CELLS_TEXT = 10_000
"""Characters in all cells of a table together."""


def number(wrong: Complaints, at: str, value: Any) -> None:
    """A number."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        wrong.add(at, "must be a number")


def above_zero(wrong: Complaints, at: str, value: Any) -> None:
    """A number above zero."""
    number(wrong, at, value)
    if isinstance(value, int | float) and value <= 0:
        wrong.add(at, "must be greater than 0")


CELLS: dict[str, Check] = {
    "raw_text": shape({"text": string(MOST_CELLS_TEXT)}),
    "raw_number": shape({"value": number}, {"text": string(MOST_CELLS_TEXT)}),
    "rich_text": RICH_TEXT,
}
CELL = typed(CELLS, "cell type")


def _short(wrong: Complaints, at: str, value: Any) -> None:
    """All cells together are within the limit."""
    if sum(len(words([cell])) for row in value["rows"] for cell in row) > MOST_CELLS_TEXT:
        wrong.add(f"{at}/rows", f"cells must have no more than {MOST_CELLS_TEXT} characters in total")


def _square(wrong: Complaints, at: str, value: Any) -> None:
    """Every row has as many cells as the first."""
    for index, row in enumerate(value["rows"]):
        if len(row) != len(value["rows"][0]):
            wrong.add(f"{at}/rows/{index}", "all rows must have the same number of cells")


def _raw_header(wrong: Complaints, at: str, value: Any) -> None:
    """The first row is a header, which is raw text or numbers; the column of the row headers exists."""
    for index, cell in enumerate(value["rows"][0]):
        if cell["type"] == "rich_text":
            wrong.add(f"{at}/rows/0/{index}", "header cells cannot be rich_text")
    if (value.get("row_header_column_index") or 0) >= len(value["rows"][0]):
        wrong.add(f"{at}/row_header_column_index", "no such column")


COLUMN = shape({}, {"align": one_of("left", "center", "right"), "is_wrapped": flag})


def _column(wrong: Complaints, at: str, value: Any) -> None:
    """Settings of a column, or null for one that has none."""
    if value is not None:
        COLUMN(wrong, at, value)


TABLE = shape(
    {"rows": array(array(CELL, 20), 100)}, {"block_id": BLOCK_ID, "column_settings": array(_column, 20, 0)}, _square, _short
)
DATA_TABLE = shape(
    {"rows": array(array(CELL, 20), 101, 2), "caption": string(3000)},
    {"block_id": BLOCK_ID, "page_size": whole(1, 100), "row_header_column_index": whole(0, 19)},
    _square,
    _raw_header,
    _short,
)

LABEL = string(20)
POINT = shape({"label": LABEL, "value": number})
SERIES = array(shape({"name": LABEL, "data": array(POINT, 20)}), 6)
AXES = shape({"categories": array(LABEL, 20)}, {"x_label": string(50), "y_label": string(50)})


def _plotted(wrong: Complaints, at: str, value: Any) -> None:
    """Series have names of their own, and a point for each category."""
    names = [series["name"] for series in value["series"]]
    if len(set(names)) != len(names):
        wrong.add(f"{at}/series", "series must have unique names")
    categories = value["axis_config"]["categories"]
    if len(set(categories)) != len(categories):
        wrong.add(f"{at}/axis_config/categories", "categories must be unique")
    for index, series in enumerate(value["series"]):
        if sorted(point["label"] for point in series["data"]) != sorted(categories):
            wrong.add(f"{at}/series/{index}/data", "labels must match the categories of the axis")


PLOTTED = shape({"series": SERIES, "axis_config": AXES}, None, _plotted)
CHARTS: dict[str, Check] = {
    "pie": shape({"segments": array(shape({"label": LABEL, "value": above_zero}), 6)}),
    "bar": PLOTTED,
    "area": PLOTTED,
    "line": PLOTTED,
}
DATA_VISUALIZATION = shape({"title": string(50), "chart": typed(CHARTS, "chart type")}, {"block_id": BLOCK_ID})
