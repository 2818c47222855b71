"""What came of an uploaded file."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from journey.texts import Lang, Text
from sheets_sync.uploads.catalogue import UploadKind


@dataclass(frozen=True)
class RowProblem:
    """What is wrong at a row (the header is row 1) and column (its header; empty: the row as a whole)."""

    row: int
    column: str
    said: Text


@dataclass(frozen=True)
class UploadResult:
    """`rows` = `accepted` + `unchanged` + `rejected`; `guests` are among the accepted. `notes` say how the file was understood."""

    file: Path
    kind: UploadKind
    rows: int
    accepted: int
    guests: int
    unchanged: int
    rejected: int
    problems: tuple[RowProblem, ...] = ()
    rejected_file: Path | None = None
    notes: tuple[Text, ...] = ()

    def as_json(self, lang: Lang) -> dict[str, object]:
        """The stable keys that programs read (`upload --json`)."""
        return {
            "file": str(self.file),
            "kind": self.kind,
            "rows": self.rows,
            "accepted": self.accepted,
            "guests": self.guests,
            "unchanged": self.unchanged,
            "rejected": self.rejected,
            "problems": [{"row": p.row, "column": p.column, "text": p.said.say(lang)} for p in self.problems],
            "rejected_file": str(self.rejected_file) if self.rejected_file else None,
            "notes": [note.say(lang) for note in self.notes],
        }
