"""The local Sheets server, met by the real gspread and google-auth: it must be as strict, and as forgetful, as Google."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any, get_args

import gspread
import pytest
import requests
from google.auth.exceptions import RefreshError
from google.auth.transport.requests import Request
from google.oauth2.service_account import Credentials
from sheets_server import Book, Fault, Refused, Seen, SheetsServer
from sheets_server.faults import CUT

SHEETS = "https://www.googleapis.com/auth/spreadsheets"
DRIVE = "https://www.googleapis.com/auth/drive.metadata.readonly"
NOW = datetime(2026, 11, 22, 3, 0, tzinfo=UTC)


class Local(gspread.HTTPClient):
    """gspread with the host changed. google-auth's own session is not used: it also asks another host, on the internet, where the
    account may be used."""

    def __init__(self, root: str, credentials: Credentials) -> None:
        super().__init__(None, requests.Session())  # type: ignore[arg-type]  # as gspread documents it
        self.root = root
        self.credentials = credentials
        self.set_timeout((5, 5))

    def request(self, method: str, endpoint: str, *more: Any, **options: Any) -> requests.Response:
        for host in ("https://sheets.googleapis.com", "https://www.googleapis.com"):
            endpoint = endpoint.replace(host, self.root)
        if not self.credentials.valid:
            self.credentials.refresh(Request())  # type: ignore[no-untyped-call]
        self.session.headers["Authorization"] = f"Bearer {self.credentials.token}"
        return super().request(method, endpoint, *more, **options)


@pytest.fixture
def server() -> Iterator[SheetsServer]:
    with SheetsServer(now=lambda: NOW) as running:
        yield running


@pytest.fixture
def key(server: SheetsServer, tmp_path: Path) -> Path:
    return server.key_file(tmp_path / "key.json")


def account(key: Path, *scopes: str, **changed: str) -> Credentials:
    """The service account of a key file, with some of what the file says changed."""
    info = json.loads(key.read_text()) | changed
    made: Credentials = Credentials.from_service_account_info(info, scopes=scopes)  # type: ignore[no-untyped-call]
    return made


@pytest.fixture
def http(server: SheetsServer, key: Path) -> Local:
    return Local(server.url, account(key, SHEETS, DRIVE))


@pytest.fixture
def book(server: SheetsServer) -> Book:
    return server.create(("施策", "メッセージ"))


def opened(http: Local, book: Book) -> gspread.Spreadsheet:
    client = gspread.Client(None, http.session, lambda *_: http)  # type: ignore[arg-type]
    return client.open_by_key(book.id)


def drive(http: Local, book: Book, fields: str) -> Any:
    return http.request("get", f"https://www.googleapis.com/drive/v3/files/{book.id}", params={"fields": fields}).json()


def refused(call: Any) -> Mapping[str, Any]:
    """The error of a call that Google refuses."""
    with pytest.raises(gspread.exceptions.APIError) as error:
        call()
    answer: Mapping[str, Any] = error.value.response.json()["error"]
    return answer


class TestTokens:
    def test_one_token_serves_many_requests_and_a_new_one_follows_when_it_is_no_longer_good(
        self, server: SheetsServer, http: Local, book: Book
    ) -> None:
        http.fetch_sheet_metadata(book.id)
        http.fetch_sheet_metadata(book.id)
        server.tokens.expire()
        assert refused(lambda: http.fetch_sheet_metadata(book.id))["status"] == "UNAUTHENTICATED"
        http.credentials.token = None
        http.fetch_sheet_metadata(book.id)
        assert [(seen.kind, seen.status) for seen in server.seen] == [
            ("token", 200),
            ("read", 200),
            ("read", 200),
            ("read", 401),
            ("token", 200),
            ("read", 200),
        ]

    @pytest.mark.parametrize("seconds", [-7200, 7200])
    def test_a_machine_whose_clock_is_wrong_gets_none(
        self, server: SheetsServer, http: Local, book: Book, seconds: int
    ) -> None:
        clock = server.token_clock
        server.token_clock = lambda: clock() + seconds
        with pytest.raises(RefreshError, match="Check your iat and exp values"):
            http.fetch_sheet_metadata(book.id)

    def test_a_deleted_key_or_another_account_gets_none(self, server: SheetsServer, key: Path, http: Local, book: Book) -> None:
        server.tokens.delete_key()
        with pytest.raises(RefreshError, match="Invalid JWT Signature"):
            http.fetch_sheet_metadata(book.id)
        other = account(key, SHEETS, client_email="other@elsewhere.iam.gserviceaccount.com")
        with pytest.raises(RefreshError, match="account not found"):
            Local(server.url, other).fetch_sheet_metadata(book.id)

    def test_a_token_is_good_only_for_the_scopes_that_were_asked_for(self, server: SheetsServer, key: Path, book: Book) -> None:
        http = Local(server.url, account(key, DRIVE))
        assert drive(http, book, "id") == {"id": book.id}
        error = refused(lambda: http.fetch_sheet_metadata(book.id))
        assert (error["code"], error["details"][0]["reason"]) == (403, "ACCESS_TOKEN_SCOPE_INSUFFICIENT")

    def test_without_a_token_nothing_is_told(self, server: SheetsServer, book: Book) -> None:
        page = f"{server.url}/v4/spreadsheets/{book.id}"
        assert requests.get(page, timeout=5).status_code == 403
        assert requests.post(page + ":batchUpdate", json={"requests": []}, timeout=5).status_code == 401
        assert requests.get(page, headers={"Authorization": "Bearer ya29.made-up"}, timeout=5).status_code == 401

    def test_the_key_file_is_as_private_as_asked(self, server: SheetsServer, tmp_path: Path) -> None:
        assert server.key_file(tmp_path / "a.json").stat().st_mode & 0o777 == 0o600
        assert server.key_file(tmp_path / "b.json", mode=0o644).stat().st_mode & 0o777 == 0o644


class TestRights:
    def test_a_file_that_is_not_shared_is_forbidden_to_sheets_and_unknown_to_drive(
        self, server: SheetsServer, http: Local
    ) -> None:
        hidden = server.create(shared=False)
        assert refused(lambda: http.fetch_sheet_metadata(hidden.id))["message"] == "The caller does not have permission"
        error = refused(lambda: drive(http, hidden, "version"))
        assert (error["code"], error["errors"][0]["reason"]) == (404, "notFound")
        hidden.share("reader")
        assert drive(http, hidden, "capabilities(canEdit)") == {"capabilities": {"canEdit": False}}
        assert opened(http, hidden).sheet1.get_all_values() == [[]]
        assert refused(lambda: opened(http, hidden).sheet1.update([["x"]], "A1"))["code"] == 403
        hidden.share("writer")
        opened(http, hidden).sheet1.update([["x"]], "A1")
        assert hidden.tab("シート1").value("A1") == "x"

    def test_an_address_that_leads_nowhere(self, http: Local) -> None:
        assert (
            refused(lambda: http.fetch_sheet_metadata("1aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"))["status"] == "NOT_FOUND"
        )

    def test_protection_stops_a_program_that_may_not_edit_but_a_warning_does_not(self, http: Local, book: Book) -> None:
        area = {"sheetId": 0, "startColumnIndex": 2, "endColumnIndex": 4}
        add = {"addProtectedRange": {"protectedRange": {"range": area, "warningOnly": True, "description": "プログラムの列"}}}
        http.batch_update(book.id, {"requests": [add]})
        opened(http, book).worksheet("施策").update([["x"]], "C2")
        book.state.sheets[0].protected = [{"protectedRangeId": 5, "range": area, "editors": {"users": [book.owner]}}]
        assert "protected cell" in refused(lambda: opened(http, book).worksheet("施策").update([["y"]], "C2"))["message"]
        book.tab("施策").type("C2", "z")
        assert book.tab("施策").value("C2") == "z"


class TestDrive:
    def test_the_version_grows_with_every_change_and_tells_whose_it_was(
        self, server: SheetsServer, http: Local, book: Book
    ) -> None:
        fields = "version,modifiedTime,lastModifyingUser(displayName,emailAddress),capabilities(canEdit)"
        first = drive(http, book, fields)
        assert first["capabilities"] == {"canEdit": True} and first["modifiedTime"] == "2026-11-22T03:00:00.000Z"
        book.person = "suzuki@example.com"
        book.tab("施策").type("A1", "ID")
        second = drive(http, book, fields)
        assert second["lastModifyingUser"] == {"displayName": "Suzuki", "emailAddress": "suzuki@example.com"}
        opened(http, book).worksheet("施策").update([["x"]], "A2")
        third = drive(http, book, fields)
        assert third["lastModifyingUser"]["emailAddress"] == server.email
        assert int(first["version"]) < int(second["version"]) < int(third["version"])
        assert drive(http, book, fields) == third

    def test_only_the_fields_asked_for_and_no_others(self, http: Local, book: Book) -> None:
        assert set(drive(http, book, "kind, name")) == {"kind", "name"}
        assert refused(lambda: drive(http, book, "nonsense"))["errors"][0]["reason"] == "invalidParameter"

    def test_drive_may_know_late_and_of_what_nobody_sees(self, server: SheetsServer, http: Local, book: Book) -> None:
        before = drive(http, book, "version,modifiedTime")
        book.touch()
        after = drive(http, book, "version,modifiedTime")
        assert after["modifiedTime"] == before["modifiedTime"] and int(after["version"]) > int(before["version"])
        server.drive_lag = 5
        assert drive(http, book, "version") == {"version": before["version"]}


class TestReading:
    def test_what_gspread_makes_of_it(self, http: Local, book: Book) -> None:
        book.tab("施策").type_rows("A1", [["ID", "名前"], ["C01", "夏"], ["", "", "", "x"]])
        sheet = opened(http, book)
        assert [tab.title for tab in sheet.worksheets()] == ["施策", "メッセージ"]
        assert sheet.worksheet("施策").get_all_values() == [["ID", "名前", "", ""], ["C01", "夏", "", ""], ["", "", "", "x"]]
        found = sheet.worksheet("施策").find("夏")
        assert found is not None and found.address == "B2"

    def test_trailing_empties_are_left_out_but_a_format_or_a_note_counts(self, http: Local, book: Book) -> None:
        tab = book.tab("施策")
        tab.type("B2", "x")
        fields = "sheets.data(startRow,rowData.values(formattedValue))"
        told = http.fetch_sheet_metadata(book.id, params={"fields": fields})
        assert told == {"sheets": [{"data": [{"rowData": [{}, {"values": [{}, {"formattedValue": "x"}]}]}]}, {"data": [{}]}]}
        tab.put_note("C4", "ここ")
        assert len(http.fetch_sheet_metadata(book.id, params={"fields": fields})["sheets"][0]["data"][0]["rowData"]) == 4
        tab.put_note("C4", "")
        assert http.fetch_sheet_metadata(book.id, params={"fields": fields}) == told

    def test_everything_that_was_put_on_cells_comes_back(self, http: Local, book: Book) -> None:
        tab = book.tab("施策")
        tab.type("A1", "2026/12/01")
        tab.put_note("A1", "開始日")
        tab.put_colour("A1", "#ffeecc")
        tab.merge("B1:C1")
        cell = http.fetch_sheet_metadata(book.id, params={"includeGridData": "true"})["sheets"][0]["data"][0]["rowData"][0][
            "values"
        ][0]
        colour = {"red": 1, "green": 0.93333334, "blue": 0.8}
        number_format = {"type": "DATE", "pattern": "yyyy/mm/dd"}
        assert cell["userEnteredValue"] == cell["effectiveValue"] == {"numberValue": 46357}
        assert (cell["formattedValue"], cell["note"]) == ("2026/12/01", "開始日")
        entered = cell["userEnteredFormat"]
        assert entered["backgroundColor"] == entered["backgroundColorStyle"]["rgbColor"] == colour
        assert entered["numberFormat"] == cell["effectiveFormat"]["numberFormat"] == number_format
        assert cell["effectiveFormat"]["horizontalAlignment"] == "RIGHT"
        told = http.fetch_sheet_metadata(book.id, params={"fields": "sheets(merges,properties(title,gridProperties))"})[
            "sheets"
        ][0]
        assert told["merges"] == [{"startRowIndex": 0, "endRowIndex": 1, "startColumnIndex": 1, "endColumnIndex": 3}]
        assert told["properties"] == {"title": "施策", "gridProperties": {"rowCount": 1000, "columnCount": 26}}

    def test_ranges_choose_tabs_and_cells(self, http: Local, book: Book) -> None:
        book.tab("メッセージ").type_rows("A1", [["a", "b"], ["c", "d"]])
        params: Any = {
            "ranges": ["メッセージ!B2:C9", "メッセージ!A1"],
            "fields": "sheets(properties.title,data(startRow,startColumn,rowData))",
        }
        (only,) = http.fetch_sheet_metadata(book.id, params=params)["sheets"]
        first, second = only["data"]
        assert (first["startRow"], first["startColumn"], first["rowData"][0]["values"][0]["formattedValue"]) == (1, 1, "d")
        assert "startRow" not in second and second["rowData"][0]["values"][0]["formattedValue"] == "a"

    def test_a_mask_with_a_space_or_an_unknown_field_is_refused(self, http: Local, book: Book) -> None:
        for fields in ("properties, sheets", "sheets.nonsense", "sheets(properties", "sheets.data.rowData.values.note.x"):
            error = refused(lambda fields=fields: http.fetch_sheet_metadata(book.id, params={"fields": fields}))
            assert error["message"] == "Request contains an invalid argument."
            assert "Cannot find matching fields" in error["details"][0]["fieldViolations"][0]["description"]

    def test_values_as_seen_as_stored_and_as_formulas(self, http: Local, book: Book) -> None:
        book.tab("施策").type_rows("A1", [["1,234", "2026/12/01", "=A1*2", "TRUE", "50%"]])
        sheet = opened(http, book).worksheet("施策")
        assert sheet.get_values("A1:E1") == [["1,234", "2026/12/01", "2468", "TRUE", "50%"]]
        raw = http.values_get(book.id, "施策", {"valueRenderOption": "UNFORMATTED_VALUE"})
        assert raw["values"] == [[1234, 46357, 2468, True, 0.5]] and raw["range"] == "'施策'!A1:Z1000"
        assert http.values_get(book.id, "施策!C1", {"valueRenderOption": "FORMULA"})["values"] == [["=A1*2"]]
        dated: Any = {"valueRenderOption": "UNFORMATTED_VALUE", "dateTimeRenderOption": "FORMATTED_STRING"}
        assert http.values_get(book.id, "施策!A1:B1", dated)["values"] == [[1234, "2026/12/01"]]
        assert http.values_batch_get(book.id, ["施策!A1:A2", "メッセージ"])["valueRanges"][1] == {
            "range": "'メッセージ'!A1:Z1000",
            "majorDimension": "ROWS",
        }


class TestWriting:
    def test_raw_keeps_text_text(self, http: Local, book: Book) -> None:
        hostile = ["=1+1", "+81", "-1", "@x", "0901234567", "9-21", "TRUE", "'a"]
        opened(http, book).worksheet("施策").update([hostile], "A1")
        assert [book.tab("施策").entered(f"{column}1") for column in "ABCDEFGH"] == [{"stringValue": text} for text in hostile]

    def test_null_leaves_a_cell_and_nothing_empties_it(self, http: Local, book: Book) -> None:
        tab = book.tab("施策")
        tab.type_rows("A1", [["a", "b", "c"]])
        tab.put_note("B1", "残る")
        done = http.values_batch_update(
            book.id, {"valueInputOption": "RAW", "data": [{"range": "施策!A1:C1", "values": [[None, "", 3]]}]}
        )
        assert tab.grid() == [["a", "", "3"]] and tab.note("B1") == "残る"
        assert (done["totalUpdatedCells"], done["totalUpdatedSheets"], done["responses"][0]["updatedRange"]) == (
            2,
            1,
            "'施策'!A1:C1",
        )

    def test_values_beyond_the_grid_or_the_range_are_refused_whole(self, http: Local, book: Book) -> None:
        sheet = opened(http, book).worksheet("施策")
        version = book.version
        for cells, values, said in (
            ("A1001", [["x"]], "Range ('施策'!A1001) exceeds grid limits. Max rows: 1000, max columns: 26"),
            ("Z1", [["x", "y"]], "exceeds grid limits"),
            ("A1000", [["x"], ["y"]], "exceeds grid limits"),
            ("A1:AA1", [["x"]], "exceeds grid limits"),
            ("A1:B1", [["x"], ["y"]], "tried writing to row [2]"),
            ("A1:B1", [["x", "y", "z"]], "tried writing to column [C]"),
        ):
            assert said in refused(lambda cells=cells, values=values: sheet.update(values, cells))["message"]
        two = [{"range": "施策!A1", "values": [["good"]]}, {"range": "無い!A1", "values": [["x"]]}]
        error = refused(lambda: http.values_batch_update(book.id, {"valueInputOption": "RAW", "data": two}))
        assert error["message"] == "Invalid data[1]: Unable to parse range: 無い!A1"
        assert book.version == version and book.tab("施策").grid() == []

    def test_columns_formulas_and_what_was_written_come_back(self, http: Local, book: Book) -> None:
        params: Any = {
            "valueInputOption": "USER_ENTERED",
            "includeValuesInResponse": "true",
            "responseValueRenderOption": "FORMULA",
        }
        body = {"majorDimension": "COLUMNS", "values": [[1, "2"], ["=A1+A2"]]}
        told = http.values_update(book.id, "施策!A1:B2", params, body)
        assert told["updatedData"]["values"] == [[1, 2], ["=A1+A2"]] and told["updatedData"]["majorDimension"] == "COLUMNS"
        assert book.tab("施策").grid() == [["1", "3"], ["2"]]
        book.tab("施策").format("C1:C9", "@")
        http.values_update(book.id, "施策!C1:C2", {"valueInputOption": "USER_ENTERED"}, {"values": [[7], ["=1"]]})
        assert book.tab("施策").entered("C1") == {"stringValue": "7"} and book.tab("施策").value("C2") == "=1"
        page = f"{http.root}/v4/spreadsheets/{book.id}/values/施策!D1"
        for wrong in (b'[{"a":1}]', b'"x"', b'[[{"a":1}]]', b"[[1e400]]", json.dumps([["x" * 50_001]]).encode()):
            call = partial(http.request, "put", page, params={"valueInputOption": "RAW"}, data=b'{"values":' + wrong + b"}")
            assert refused(call)["code"] == 400

    def test_inserting_while_appending(self, http: Local, book: Book) -> None:
        book.tab("施策").type_rows("A1", [["a"], [""], ["z"]])
        params: Any = {"valueInputOption": "RAW", "insertDataOption": "INSERT_ROWS"}
        told = http.values_append(book.id, "施策!A1", params, {"values": [["b"]]})
        assert (told["tableRange"], told["updates"]["updatedRange"]) == ("'施策'!A1", "'施策'!A2")
        assert book.tab("施策").grid() == [["a"], ["b"], [], ["z"]]

    def test_metadata_by_its_own_methods(self, server: SheetsServer, http: Local, book: Book) -> None:
        item = {"metadataKey": "tabiji", "visibility": "PROJECT", "location": {"spreadsheet": True}, "metadataId": 5}
        http.batch_update(book.id, {"requests": [{"createDeveloperMetadata": {"developerMetadata": item}}]})
        root = f"https://sheets.googleapis.com/v4/spreadsheets/{book.id}/developerMetadata"
        assert http.request("get", f"{root}/5").json()["metadataKey"] == "tabiji"
        assert refused(lambda: http.request("get", f"{root}/6"))["code"] == 404
        found = http.request(
            "post", f"{root}:search", json={"dataFilters": [{"developerMetadataLookup": {"metadataId": 5}}]}
        ).json()
        assert found["matchedDeveloperMetadata"][0]["developerMetadata"]["metadataId"] == 5
        assert server.seen[-1].kind == "read"

    def test_appending_grows_the_grid_behind_the_table(self, http: Local, book: Book) -> None:
        book.add_tab("小", rows=3, columns=2)
        sheet = opened(http, book).worksheet("小")
        sheet.append_rows([["a", "b"], ["c", "d"]])
        sheet.append_rows([["e", "f"], ["g", "h"]])
        assert book.tab("小").grid() == [["a", "b"], ["c", "d"], ["e", "f"], ["g", "h"]]
        assert len(book.tab("小").sheet.rows) == 4

    def test_clearing_takes_values_and_leaves_notes(self, http: Local, book: Book) -> None:
        tab = book.tab("施策")
        tab.type_rows("A1", [["a", "b"], ["c", "d"]])
        tab.put_note("A2", "n")
        assert http.values_batch_clear(book.id, body={"ranges": ["施策!A2:Z2000"]})["clearedRanges"] == ["'施策'!A2:Z1000"]
        assert tab.grid() == [["a", "b"]] and tab.note("A2") == "n"
        assert "exceeds grid limits" in refused(lambda: http.values_clear(book.id, "施策!A1001:Z"))["message"]

    def test_a_batch_is_done_whole_or_not_at_all(self, http: Local, book: Book) -> None:
        state, version = book.state, book.version
        good = {"updateSheetProperties": {"properties": {"sheetId": 0, "title": "新"}, "fields": "title"}}
        bad = {"deleteSheet": {"sheetId": 99}}
        error = refused(lambda: http.batch_update(book.id, {"requests": [good, bad]}))
        assert error["message"] == "Invalid requests[1].deleteSheet: No grid with id: 99"
        assert book.state is state and book.version == version
        replies = http.batch_update(book.id, {"requests": [good, {"addSheet": {"properties": {"title": "状況"}}}]})["replies"]
        assert replies[0] == {} and replies[1]["addSheet"]["properties"]["title"] == "状況"
        assert book.titles == ["新", "メッセージ", "状況"]

    @pytest.mark.parametrize(
        ("body", "said"),
        [
            ({}, "Must specify at least one request."),
            ({"requests": [{}]}, "No request set."),
            ({"request": []}, 'Unknown name "request": Cannot find field.'),
            ({"requests": [{"addRow": {}}]}, "Unknown name \"addRow\" at 'requests[0]': Cannot find field."),
            (
                {"requests": [{"addSheet": {"properties": {"titel": "x"}}}]},
                "Unknown name \"titel\" at 'requests[0].addSheet.properties'",
            ),
            (
                {"requests": [{"addSheet": {"properties": {"index": "1"}}}]},
                "Invalid value at 'requests[0].addSheet.properties.index'",
            ),
            ({"requests": [{"mergeCells": {"mergeType": "ALL"}}]}, "Invalid value at 'requests[0].mergeCells.mergeType'"),
            ({"requests": [{"addSheet": {}, "deleteSheet": {"sheetId": 1}}]}, "oneof field 'kind' is already set"),
            ({"requests": [{"addSheet": {"properties": {"title": "施策"}}}]}, 'A sheet with the name "施策" already exists.'),
            (
                {"requests": [{"repeatCell": {"range": {"sheetId": 0}, "cell": {}}}]},
                "At least one field must be listed in 'fields'.",
            ),
            ({"requests": [{"repeatCell": {"range": {"sheetId": 0}, "cell": {}, "fields": "notes"}}]}, "Invalid field: notes"),
            (
                {"requests": [{"repeatCell": {"range": {"sheetId": 0, "startRowIndex": 1000}, "cell": {}, "fields": "note"}}]},
                "Range ('施策'!A1001) exceeds grid limits. Max rows: 1000, max columns: 26",
            ),
            (
                {"requests": [{"updateCells": {"start": {"sheetId": 0, "columnIndex": 26}, "rows": [], "fields": "note"}}]},
                "start.columnIndex[26] is after last column in grid[26]",
            ),
            (
                {"requests": [{"addSheet": {"properties": {"gridProperties": {"rowCount": 500_000}}}}]},
                "limit of 10000000 cells",
            ),
        ],
    )
    def test_what_does_not_fit_is_named(self, http: Local, book: Book, body: Any, said: str) -> None:
        error = refused(lambda: http.batch_update(book.id, body))
        assert (error["code"], error["status"]) == (400, "INVALID_ARGUMENT")
        assert said in error["message"]

    @pytest.mark.parametrize(
        "body", [b"{", b"[]", b'"x"', b'{"requests":NaN}', b'{"requests":[{"addSheet":"\\ud800"}]}', b"\xff", b"[" * 9999]
    )
    def test_what_is_no_json_object_is_refused(self, server: SheetsServer, http: Local, book: Book, body: bytes) -> None:
        error = refused(lambda: http.request("post", f"{server.url}/v4/spreadsheets/{book.id}:batchUpdate", data=body))
        assert (error["code"], error["status"]) == (400, "INVALID_ARGUMENT")

    def test_unknown_methods_and_parameters(self, server: SheetsServer, http: Local, book: Book) -> None:
        error = refused(lambda: http.fetch_sheet_metadata(book.id, params={"include": "data"}))
        assert "Field 'include' could not be found in request message." in error["message"]
        error = refused(lambda: http.values_update(book.id, "施策!A1", {"valueInputOption": "raw"}, {"values": []}))
        assert error["message"].startswith("Invalid value at 'valueInputOption'")
        assert (
            "'valueInputOption' is required"
            in refused(lambda: http.values_update(book.id, "施策!A1", {}, {"values": []}))["message"]
        )
        headers = {"Authorization": f"Bearer {http.credentials.token}"}
        assert requests.get(f"{server.url}/v4/nothing", headers=headers, timeout=5).status_code == 404
        assert (
            "does not carry out" in refused(lambda: http.request("post", f"{server.url}/v4/spreadsheets", json={}))["message"]
        )

    def test_the_spreadsheet_with_the_answer_and_only_the_fields_asked_for(self, http: Local, book: Book) -> None:
        body = {"requests": [{"addSheet": {"properties": {"title": "状況"}}}], "includeSpreadsheetInResponse": True}
        told = http.batch_update(book.id, body)["updatedSpreadsheet"]
        assert [sheet["properties"]["title"] for sheet in told["sheets"]] == ["施策", "メッセージ", "状況"]
        assert http.values_get(book.id, "施策", {"fields": "majorDimension"}) == {"majorDimension": "ROWS"}

    def test_cells_written_by_requests(self, http: Local, book: Book) -> None:
        rows = [
            {
                "values": [
                    {
                        "userEnteredValue": {"stringValue": "=x"},
                        "note": "n",
                        "userEnteredFormat": {"backgroundColor": {"red": 1}},
                    }
                ]
            }
        ]
        mask = "userEnteredValue,note,userEnteredFormat.backgroundColor"
        start = {"sheetId": 0, "rowIndex": 1, "columnIndex": 1}
        http.batch_update(book.id, {"requests": [{"updateCells": {"start": start, "rows": rows, "fields": mask}}]})
        tab = book.tab("施策")
        assert (tab.value("B2"), tab.note("B2"), tab.colour("B2")) == ("=x", "n", "#ff0000")
        area = {"sheetId": 0, "startRowIndex": 1, "endRowIndex": 3, "startColumnIndex": 1, "endColumnIndex": 2}
        http.batch_update(
            book.id, {"requests": [{"updateCells": {"range": area, "fields": "note,userEnteredFormat.backgroundColor"}}]}
        )
        assert (tab.value("B2"), tab.note("B2"), tab.colour("B2")) == ("=x", "", "")
        long = [{"values": [{"userEnteredValue": {"stringValue": "あ" * 50_001}}]}]
        error = refused(
            lambda: http.batch_update(
                book.id, {"requests": [{"updateCells": {"start": start, "rows": long, "fields": "userEnteredValue"}}]}
            )
        )
        assert "more than the maximum of 50000 characters" in error["message"]

    def test_dropdowns_fed_by_another_tab_hold_a_person_but_no_program(self, http: Local, book: Book) -> None:
        book.tab("メッセージ").type_rows("A1", [["ID"], ["M1"], ["M2"], ["M1"]])
        condition = {"type": "ONE_OF_RANGE", "values": [{"userEnteredValue": "='メッセージ'!$A$2:$A"}]}
        area = {"sheetId": 0, "startRowIndex": 1, "startColumnIndex": 0, "endColumnIndex": 1}
        rule = {"condition": condition, "strict": True, "showCustomUi": True}
        http.batch_update(book.id, {"requests": [{"setDataValidation": {"range": area, "rule": rule}}]})
        tab = book.tab("施策")
        assert tab.choices("A2") == ["M1", "M2"] and tab.choices("A1") is None
        with pytest.raises(Refused):
            tab.type("A2", "M3")
        tab.type("A2", "M2")
        opened(http, book).worksheet("施策").update([["M3"]], "A3")
        assert tab.grid() == [[], ["M2"], ["M3"]]
        book.rename_tab("メッセージ", "Messages")
        book.tab("Messages").insert_row(1)
        assert tab.validation("A2") == {
            **rule,
            "condition": {**condition, "values": [{"userEnteredValue": "=Messages!$A$3:$A"}]},
        }


class TestWhatGoesWrong:
    def test_each_fault_once(self, server: SheetsServer, http: Local, book: Book) -> None:
        http.fetch_sheet_metadata(book.id)
        server.slow_seconds = 0.2
        http.set_timeout((1, 0.1))
        applied = {}
        for fault in get_args(Fault):
            before = book.version
            server.fail(fault, kind="write")
            with pytest.raises((gspread.exceptions.APIError, requests.exceptions.RequestException, ValueError)):
                http.values_update(book.id, "施策!A1", {"valueInputOption": "RAW"}, {"values": [[fault]]})
            applied[fault] = book.version > before
        assert {fault for fault, done in applied.items() if done} == {"slow-after", "cut-after", "half", "malformed"}
        assert set(CUT) < set(applied)
        http.set_timeout((5, 5))
        http.values_update(book.id, "施策!A1", {"valueInputOption": "RAW"}, {"values": [["well"]]})
        assert book.tab("施策").value("A1") == "well"

    def test_a_fault_for_the_second_read_twice(self, server: SheetsServer, http: Local, book: Book) -> None:
        server.fail("503", kind="read", nth=2, times=2)
        statuses = []
        for _ in range(4):
            drive(http, book, "version")
            try:
                http.fetch_sheet_metadata(book.id)
                statuses.append(200)
            except gspread.exceptions.APIError as error:
                statuses.append(error.code)
        assert statuses == [200, 503, 503, 200]
        server.fail("500", times=None)
        for _ in range(3):
            assert refused(lambda: http.fetch_sheet_metadata(book.id))["status"] == "INTERNAL"
        server.mend()
        http.fetch_sheet_metadata(book.id)

    def test_what_the_setup_lacks_is_said_in_googles_words(self, server: SheetsServer, http: Local, book: Book) -> None:
        server.fail("403-disabled", kind="read")
        error = refused(lambda: http.fetch_sheet_metadata(book.id))
        assert error["details"][1]["reason"] == "SERVICE_DISABLED" and "Google Sheets API has not been used" in error["message"]
        server.fail("403-disabled", kind="drive")
        assert refused(lambda: drive(http, book, "version"))["errors"][0]["reason"] == "accessNotConfigured"
        server.fail("401", kind="token")
        http.credentials.token = None
        with pytest.raises(RefreshError, match="invalid_grant"):
            http.fetch_sheet_metadata(book.id)

    def test_quota_is_counted_always_and_held_when_asked(self, server: SheetsServer, http: Local, book: Book) -> None:
        for _ in range(3):
            http.fetch_sheet_metadata(book.id)
        assert server.busiest_minute("read") == 3 and server.busiest_minute("write") == 0
        server.quota(reads=3, writes=1, seconds=60)
        with pytest.raises(gspread.exceptions.APIError) as error:
            http.fetch_sheet_metadata(book.id)
        assert error.value.code == 429 and 1 <= int(error.value.response.headers["Retry-After"]) <= 60
        assert refused(lambda: http.fetch_sheet_metadata(book.id))["code"] == 429
        assert server.busiest_minute("read") == 5
        drive(http, book, "version")
        opened_write: Any = {"valueInputOption": "RAW"}
        http.values_update(book.id, "施策!A1", opened_write, {"values": [["x"]]})
        assert (
            refused(lambda: http.values_update(book.id, "施策!A1", opened_write, {"values": [["y"]]}))["status"]
            == "RESOURCE_EXHAUSTED"
        )
        assert book.tab("施策").value("A1") == "x"

    def test_a_person_can_act_between_the_requests(self, server: SheetsServer, http: Local, book: Book) -> None:
        def person(seen: Seen) -> None:
            if seen.kind == "write":
                book.tab("施策").insert_row(1)

        server.before = person
        http.values_update(book.id, "施策!A1", {"valueInputOption": "RAW"}, {"values": [["x"]]})
        book.tab("施策").type("A2", "y")
        assert book.tab("施策").grid() == [["x"], ["y"]]
        last = server.seen[-1]
        assert (last.kind, last.method, last.status, last.body) == ("write", "PUT", 200, {"values": [["x"]]})
        assert last.path == f"/v4/spreadsheets/{book.id}/values/施策!A1" and last.query == {"valueInputOption": ["RAW"]}

    def test_many_at_once_lose_nothing(self, server: SheetsServer, http: Local, book: Book) -> None:
        http.fetch_sheet_metadata(book.id)
        token = http.credentials.token
        page = f"{server.url}/v4/spreadsheets/{book.id}/values/施策!A1:append?valueInputOption=RAW"
        headers = {"Authorization": f"Bearer {token}"}

        def add(number: int) -> None:
            for at in range(5):
                requests.post(page, json={"values": [[f"{number}-{at}"]]}, headers=headers, timeout=10).raise_for_status()

        threads = [threading.Thread(target=add, args=(number,)) for number in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert sorted(row[0] for row in book.tab("施策").grid()) == sorted(
            f"{number}-{at}" for number in range(6) for at in range(5)
        )

    def test_a_mistake_of_the_server_is_no_answer_of_googles(self, tmp_path: Path) -> None:
        def broken(seen: Seen) -> None:
            raise RuntimeError("a test went wrong")

        with pytest.raises(AssertionError, match="a test went wrong"), SheetsServer() as wrong:
            wrong.before = broken
            assert requests.get(f"{wrong.url}/v4/spreadsheets/x", timeout=5).status_code == 500
        with SheetsServer() as server, pytest.raises(ValueError, match="no such fault"):
            server.fail("nonsense")  # type: ignore[arg-type]

    def test_an_answer_that_does_not_fit_googles_schema_fails_the_test(self, tmp_path: Path) -> None:
        with pytest.raises(AssertionError, match="does not fit"), SheetsServer() as wrong:
            book = wrong.create()
            book.state.properties = {**book.state.properties, "title": 5}
            Local(wrong.url, account(wrong.key_file(tmp_path / "k.json"), SHEETS)).fetch_sheet_metadata(book.id)


def test_a_trial_by_hand_says_how_to_reach_it(tmp_path: Path) -> None:
    words = [sys.executable, "-m", "sheets_server", "--minutes", "0", "--key", str(tmp_path / "key.json"), "--tab", "施策"]
    said = subprocess.run(words, cwd=Path(__file__).parents[1], capture_output=True, text=True, timeout=60, check=True).stdout
    assert 'source = "https://docs.google.com/spreadsheets/d/' in said and "token_uri" in said
    assert json.loads((tmp_path / "key.json").read_text())["type"] == "service_account"
