"""What every request on a spreadsheet works with: the state at hand, and who is at it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

from sheets_server import a1, colours, masks
from sheets_server.discovery import sheets
from sheets_server.errors import ApiError, Json, bad
from sheets_server.grid import Closed, Sheet
from sheets_server.masks import Mask
from sheets_server.state import State


@dataclass(frozen=True)
class Edit:
    """One request on `state` (a copy): `where` names it in errors, `editor` is the account, `draw` gives new ids."""

    state: State
    where: str
    editor: str
    today: date
    draw: Callable[[], int]

    def no(self, said: str) -> ApiError:
        """A refusal (400) that names the request."""
        return bad(f"Invalid {self.where}: {said}")

    def sheet(self, sheet_id: int | None) -> Sheet:
        """The tab of that id (0 where none is said)."""
        return self.state.sheet(sheet_id or 0, self.where)

    def range(self, grid_range: Json | None) -> tuple[Sheet, Closed]:
        """The tab and the cells of a GridRange."""
        if grid_range is None:
            raise self.no("range is required.")
        sheet = self.sheet(grid_range.get("sheetId"))
        return sheet, sheet.within(grid_range, self.where)

    def mask(self, body: Json, schema: str) -> Mask:
        """The `fields` of the request, checked against the schema, with colours as they are kept."""
        if not body.get("fields"):
            raise self.no("At least one field must be listed in 'fields'. (Use '*' to indicate all fields.)")
        mask = masks.parse(body["fields"])
        try:
            masks.check(sheets(), schema, mask)
        except ApiError as error:
            raise self.no("Invalid field: " + error.details[0]["fieldViolations"][0]["field"]) from None
        return colours.kept_mask(mask)

    def may_write(self, sheet: Sheet, box: Closed) -> None:
        """Refuses (400) where a protected range is met that this account may not edit. A mere warning stops no program."""
        for protected in sheet.protected:
            if protected.get("warningOnly") or self.editor in protected.get("editors", {}).get("users", ()):
                continue
            area = protected.get("range", {})
            closed = sheet.closed(
                a1.Box(
                    area.get("startRowIndex"), area.get("startColumnIndex"), area.get("endRowIndex"), area.get("endColumnIndex")
                )
            )
            if closed.meets(box):
                raise self.no(
                    "You are trying to edit a protected cell or object. Please contact the spreadsheet owner to remove protection"
                    " if you need to edit."
                )


Handler = Callable[[Edit, Json], Json]
"""A request carried out; the reply, {} for none."""
