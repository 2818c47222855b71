"""The methods of both services: what each does with a book, once a request has been let in."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import unquote
from zlib import crc32

from sheets_server import masks, requests, values
from sheets_server.answers import Writing
from sheets_server.book import Book
from sheets_server.discovery import Method, drive, sheets
from sheets_server.edit import Edit
from sheets_server.errors import ApiError, Json, bad, missing, not_shared
from sheets_server.request_upon import matches


@dataclass(frozen=True)
class Call:
    """One request let in: the method, the parameters of its path (decoded) and query, its body, and the account that asks."""

    method: Method
    path: Mapping[str, str]
    query: Mapping[str, list[str]]
    body: Json
    account: str
    report: Callable[[str], None]

    def one(self, name: str) -> str | None:
        """A query parameter that is there once at most."""
        found = self.query.get(name)
        return found[-1] if found else None

    def yes(self, name: str) -> bool:
        """A query parameter of yes and no."""
        return (self.one(name) or "").lower() in ("true", "1")

    def options(self) -> Json:
        """The query as plain options."""
        told: Json = {name: found[-1] for name, found in self.query.items()}
        return {**told, "includeValuesInResponse": self.yes("includeValuesInResponse")}


def sheets_call(call: Call, books: Mapping[str, Book]) -> str | Json:
    """A method of the Sheets service: its answer as JSON, or as text where it was written out. Raises ApiError."""
    book = books.get(call.path.get("spreadsheetId", ""))
    operation = OPERATIONS.get(call.method.id)
    if operation is None:
        raise bad(f"this server does not carry out {call.method.id}")
    if book is None:
        raise missing("sheets", "")
    writes = call.method.verb != "GET" and call.method.id not in READS
    if book.role is None or (writes and book.role != "writer"):
        raise not_shared("sheets", book.id)
    return operation(call, book)


READS = frozenset({"sheets.spreadsheets.developerMetadata.search"})
"""Methods that read although they are posted."""


def _get(call: Call, book: Book) -> str:
    fields = call.one("fields")
    mask = masks.parse(fields) if fields else masks.EVERYTHING
    masks.check(sheets(), "Spreadsheet", mask)
    areas = [values.readable(book.state, text) for text in call.query["ranges"]] if call.query.get("ranges") else None
    grid = call.yes("includeGridData") if not fields else masks.wants(mask, "sheets", "data")
    return Writing(book.state, book.id, mask, call.account, call.report).spreadsheet(areas, grid)


def _batch_update(call: Call, book: Book) -> Json:
    outcome = requests.carry_out(book.state, call.body.get("requests") or [], call.account, book.today, book.draw)
    book.commit(outcome.state, call.account)
    told: Json = {"spreadsheetId": book.id, "replies": outcome.replies}
    if call.body.get("includeSpreadsheetInResponse"):
        ranges = call.body.get("responseRanges")
        areas = [values.readable(book.state, text) for text in ranges] if ranges else None
        writing = Writing(book.state, book.id, masks.EVERYTHING, call.account, call.report)
        told["updatedSpreadsheet"] = json.loads(writing.spreadsheet(areas, bool(call.body.get("responseIncludeGridData"))))
    return told


def _values_get(call: Call, book: Book) -> Json:
    return values.read(book.state, call.path["range"], call.options())


def _values_batch_get(call: Call, book: Book) -> Json:
    ranges = call.query.get("ranges", [])
    return {"spreadsheetId": book.id, "valueRanges": [values.read(book.state, text, call.options()) for text in ranges]}


def _edit(book: Book, call: Call, where: str = "request") -> Edit:
    return Edit(book.state.copy(), where, call.account, book.today, book.draw)


def _values_update(call: Call, book: Book) -> Json:
    options = call.options()
    values.option(options)
    edit = _edit(book, call)
    told = values.write(edit, call.path["range"], call.body, options)
    book.commit(edit.state, call.account)
    return {**told, "spreadsheetId": book.id}


def _values_batch_update(call: Call, book: Book) -> Json:
    values.option(call.body)
    edit, responses = _edit(book, call), []
    for number, data in enumerate(call.body.get("data") or []):
        try:
            responses.append(
                {**values.write(edit, data.get("range") or "", data, call.body, f"data[{number}]."), "spreadsheetId": book.id}
            )
        except ApiError as error:
            raise ApiError(error.code, f"Invalid data[{number}]: {error.message}") from None
    book.commit(edit.state, call.account)
    told: Json = {"spreadsheetId": book.id}
    for total, name in (
        ("totalUpdatedRows", "updatedRows"),
        ("totalUpdatedColumns", "updatedColumns"),
        ("totalUpdatedCells", "updatedCells"),
    ):
        if number := sum(response.get(name, 0) for response in responses):
            told[total] = number
    touched = {response["updatedRange"].rpartition("!")[0] for response in responses if response.get("updatedCells")}
    if touched:
        told["totalUpdatedSheets"] = len(touched)
    return {**told, "responses": responses} if responses else told


def _values_append(call: Call, book: Book) -> Json:
    options = call.options()
    values.option(options)
    edit = _edit(book, call)
    told = values.append(edit, call.path["range"], call.body, options)
    book.commit(edit.state, call.account)
    return {**told, "spreadsheetId": book.id, "updates": {**told["updates"], "spreadsheetId": book.id}}


def _values_clear(call: Call, book: Book) -> Json:
    edit = _edit(book, call)
    cleared = values.clear(edit, call.path["range"])
    book.commit(edit.state, call.account)
    return {"spreadsheetId": book.id, "clearedRange": cleared}


def _values_batch_clear(call: Call, book: Book) -> Json:
    edit = _edit(book, call)
    cleared = []
    for number, text in enumerate(call.body.get("ranges") or []):
        try:
            cleared.append(values.clear(edit, text))
        except ApiError as error:
            raise ApiError(error.code, f"Invalid range[{number}]: {error.message}") from None
    book.commit(edit.state, call.account)
    return {"spreadsheetId": book.id, "clearedRanges": cleared}


def _metadata_get(call: Call, book: Book) -> Json:
    for item in book.state.metadata:
        if str(item["metadataId"]) == call.path["metadataId"]:
            return item
    raise missing("sheets", "")


def _metadata_search(call: Call, book: Book) -> Json:
    filters = call.body.get("dataFilters") or []
    found: list[Json] = []
    for item in book.state.metadata:
        meant = [one for one in filters if matches(item, one)]
        if meant:
            found.append({"developerMetadata": item, "dataFilters": meant})
    return {"matchedDeveloperMetadata": found} if found else {}


OPERATIONS: Mapping[str, Callable[[Call, Book], str | Json]] = {
    "sheets.spreadsheets.get": _get,
    "sheets.spreadsheets.batchUpdate": _batch_update,
    "sheets.spreadsheets.values.get": _values_get,
    "sheets.spreadsheets.values.batchGet": _values_batch_get,
    "sheets.spreadsheets.values.update": _values_update,
    "sheets.spreadsheets.values.batchUpdate": _values_batch_update,
    "sheets.spreadsheets.values.append": _values_append,
    "sheets.spreadsheets.values.clear": _values_clear,
    "sheets.spreadsheets.values.batchClear": _values_batch_clear,
    "sheets.spreadsheets.developerMetadata.get": _metadata_get,
    "sheets.spreadsheets.developerMetadata.search": _metadata_search,
}


def drive_call(call: Call, books: Mapping[str, Book], lag: timedelta) -> Json:
    """A method of the Drive service: `files.get` is the only one. It knows of changes that are older than `lag`."""
    if call.method.id != "drive.files.get":
        raise bad(f"this server does not carry out {call.method.id}")
    file_id = unquote(call.path["fileId"])
    book = books.get(file_id)
    if book is None or book.role is None:
        raise missing("drive", file_id)
    fields = (call.one("fields") or "kind,id,name,mimeType").replace(" ", "")
    mask = masks.parse(fields)
    try:
        masks.check(drive(), "File", mask)
    except ApiError:
        raise ApiError(400, f"Invalid field selection {fields}", reason="invalidParameter") from None
    told: Json = masks.pick(_file(book, call.account, lag), mask)
    return told


def _file(book: Book, account: str, lag: timedelta) -> Json:
    writer = book.role == "writer"
    last = book.as_drive_has_it(lag)
    return {
        "kind": "drive#file",
        "id": book.id,
        "name": book.title,
        "mimeType": "application/vnd.google-apps.spreadsheet",
        "version": str(last.version),
        "createdTime": _time(book.created_at),
        "modifiedTime": _time(last.modified_at),
        "lastModifyingUser": _user(last.editor, account),
        "owners": [_user(book.owner, account)],
        "ownedByMe": False,
        "shared": True,
        "trashed": False,
        "capabilities": {
            "canEdit": writer,
            "canModifyContent": writer,
            "canComment": writer,
            "canDownload": True,
            "canCopy": True,
        },
        "webViewLink": book.url + "?usp=drivesdk",
    }


def _time(when: datetime) -> str:
    return f"{when:%Y-%m-%dT%H:%M:%S}.{when.microsecond // 1000:03d}Z"


def _user(email: str, account: str) -> Json:
    return {
        "kind": "drive#user",
        "displayName": email if email == account else email.partition("@")[0].replace(".", " ").title(),
        "me": email == account,
        "permissionId": f"{crc32(email.encode()):020d}",
        "emailAddress": email,
    }
