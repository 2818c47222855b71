"""Files that somebody drops into the team's channel: what was understood is shown in the thread, a press takes it in.

Nothing of a file stays here: it is fetched to be looked at, and fetched again to be taken in, and must be the same then. What is wrong
with single rows may name customers, so it is told to who dropped the file, and to nobody else.
"""

from __future__ import annotations

import hashlib
import re
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import requests
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError, SlackClientError

from bot import views
from bot.desk import decide, flow
from bot.desk.speaker import Speaker
from bot.slack import blocks, presses
from bot.slack.answering import Answers
from bot.slack.blocks import Block
from bot.slack.client import SECONDS, reason, trouble
from bot.slack.heard import Heard
from bot.slack.once import Once
from bot.slack.people import Person
from bot.slack.presses import PREFIX, Press, Presses
from bot.slack.roles import Roles
from bot.wiring import Installation
from journey.errors import InputError, OutsideError
from journey.texts import text
from sheets_sync.uploads.result import UploadResult

SUFFIXES = (".csv", ".xlsx", ".tsv", ".parquet")
LARGEST = 1024**3
"""Bytes of a file in Slack, which takes no larger ones."""
SHOWN = 10
"""How many problems of rows are told."""


@dataclass(frozen=True)
class _File:
    """A file in Slack: `thread` is the message it was dropped with."""

    id: str
    name: str
    size: int
    url: str
    user: str
    thread: str
    link: str


class Files:
    """Handles dropped files and the buttons under them. `channel` gives the team's channel, `arrived` is called after an import."""

    def __init__(
        self,
        installation: Installation,
        client: WebClient,
        answers: Answers,
        once: Once,
        roles: Roles,
        channel: Callable[[], str],
        arrived: Callable[[], None],
    ) -> None:
        self._installation, self._client, self._answers, self._once = installation, client, answers, once
        self._roles, self._channel, self._arrived = roles, channel, arrived

    def dropped(self, heard: Heard, person: Person) -> None:
        """Says in the thread what was understood, with buttons. Files of other kinds and in other channels are nobody's business here.
        Raises TabijiError with what to tell the person."""
        if heard.channel != self._channel() and not heard.channel.startswith("D"):
            return
        found = self._info(heard.name, heard.channel)
        if not found.name.lower().endswith(SUFFIXES) or found.user != heard.user:
            return
        role = self._roles.of(person, fresh=True)
        decide.require(self._installation, Speaker(person.name, role, person.also), may="editor")
        with self._fetched(found) as path:
            result = self._upload(path, found, dry_run=True)
            content = _digest(path)
        signer = presses.showing(self._installation.secret, self._installation.now)
        self._post(heard.channel, found.thread, self._understood(result, found, content, signer))
        self._tell_rows(heard, found, result)

    def take_in(self, heard: Heard, person: Person, press: Press, speaker: Speaker) -> None:
        """Import was pressed."""
        found = self._info(press.id, heard.channel)
        with self._fetched(found) as path, tempfile.TemporaryDirectory(prefix="tabiji-") as folder:
            if not _digest(path).startswith(press.content):
                raise InputError(text("slack.file_changed", file=found.name))
            self._installation.begin_writing()
            self._once.mark(f"button:{press.nonce}:{press.subject}")
            result = self._upload(path, found, rejected_folder=Path(folder))
            self._answers.say(heard, self._counts(result, found), alone=False)
            self._close(heard, "file_taken_in", found, person)
            if result.rejected_file is not None:
                self._hand_back(heard, person, Path(result.rejected_file), found)
        self._tell_rows(heard, found, result)
        self._offer_delete(heard, found)
        self._arrived()

    def discard(self, heard: Heard, person: Person, press: Press, speaker: Speaker) -> None:
        """Nothing is taken in."""
        found = self._info(press.id, heard.channel)
        self._once.mark(f"button:{press.nonce}:{press.subject}")
        self._close(heard, "file_discarded", found, person)
        self._offer_delete(heard, found)

    def delete(self, heard: Heard, person: Person, press: Press, speaker: Speaker) -> None:
        """The file goes from Slack, where Slack lets an app do that."""
        found = self._info(press.id, heard.channel)
        lang = self._installation.lang
        try:
            self._client.files_delete(file=found.id)
        except SlackApiError as error:
            if reason(error) not in ("cant_delete_file", "missing_scope", "not_allowed"):
                raise
            self._answers.say(heard, text("slack.file_delete_yourself", file=found.name, link=found.link).say(lang))
        else:
            self._answers.say(heard, text("slack.file_deleted", file=found.name).say(lang))

    def _info(self, file: str, channel: str) -> _File:
        try:
            said = self._client.files_info(file=file)["file"]
        except (SlackClientError, OSError) as error:
            raise trouble(error) from error
        shares = [s for of in (said.get("shares") or {}).values() for s in of.get(channel, ())]
        thread = str((shares[0].get("thread_ts") or shares[0].get("ts")) if shares else "")
        url = str(said.get("url_private_download") or said.get("url_private") or "")
        name = " ".join(str(said.get("name") or "").split())[:120]
        link = str(said.get("permalink") or "")
        return _File(file, name, int(said.get("size") or 0), url, str(said.get("user") or ""), thread, link)

    @contextmanager
    def _fetched(self, found: _File) -> Iterator[Path]:
        """The file on this machine, for as long as it is needed. Raises InputError, OutsideError."""
        if found.size > LARGEST or not found.url.startswith(("https://", self._own_root())):
            raise InputError(text("slack.file_unreachable", file=found.name))
        with tempfile.TemporaryDirectory(prefix="tabiji-") as folder:
            path = Path(folder) / _safe(found.name)
            try:
                headers = {"Authorization": f"Bearer {self._client.token}"}
                with requests.get(found.url, headers=headers, stream=True, timeout=SECONDS, allow_redirects=False) as answer:
                    if answer.status_code != 200 or "text/html" in answer.headers.get("content-type", ""):
                        raise OutsideError(text("slack.missing_scope", needed="files:read"))
                    _write(path, answer)
            except (requests.RequestException, OSError) as error:
                raise trouble(error) from error
            yield path

    def _own_root(self) -> str:
        """Where `api_url` points, which may be a stand-in on this machine without https."""
        root = self._installation.config.slack.api_url
        return root.removesuffix("/").removesuffix("api") if root else "https://"

    def _upload(self, path: Path, found: _File, **how: Any) -> UploadResult:
        (result,) = flow.upload(self._installation, [path], **how)
        return result

    def _counts(self, result: UploadResult, found: _File) -> str:
        row = {**result.as_json(self._installation.lang), "file": found.name, "problems": [], "rejected_file": None}
        return views.upload_view([row], self._installation.lang)

    def _understood(self, result: UploadResult, found: _File, content: str, signer: Presses) -> list[Block]:
        lang, subject = self._installation.lang, f"file:{found.id}"

        def button(label: str, action: presses.Action, style: str | None = None) -> Block:
            value = signer.token(action, subject, content=content)
            return blocks.button(text(label).say(lang), PREFIX + action, value, style=style)

        notes = [blocks.context(note.say(lang)) for note in result.notes[:8]]
        return [
            blocks.section(text("slack.file_seen", what=self._counts(result, found)).say(lang)),
            *notes,
            blocks.actions([button("slack.file_import", "import", "primary"), button("slack.file_discard", "discard")]),
        ]

    def _post(self, channel: str, thread: str, shown: list[Block]) -> None:
        message = blocks.message(shown[0]["text"]["text"], shown)
        try:
            self._client.chat_postMessage(channel=channel, thread_ts=thread or None, **message)
        except (SlackClientError, OSError) as error:
            raise trouble(error) from error

    def _tell_rows(self, heard: Heard, found: _File, result: UploadResult) -> None:
        if result.problems:
            lang = self._installation.lang
            row = {**result.as_json(lang), "file": found.name, "rejected_file": None}
            said = views.upload_view([row], lang, SHOWN)
            self._answers.show(_in_thread(heard, found), blocks.message(said, [blocks.section(said)]), alone=True, words=said)

    def _close(self, heard: Heard, key: str, found: _File, person: Person) -> None:
        """The message with the buttons says what became of it, without them."""
        said = text(f"slack.{key}", file=found.name, who=person.name).say(self._installation.lang)
        message = blocks.message(said, [blocks.section(said)])
        try:
            self._client.chat_update(channel=heard.channel, ts=heard.message, **message)
        except (SlackClientError, OSError) as error:
            raise trouble(error) from error

    def _hand_back(self, heard: Heard, person: Person, rejected: Path, found: _File) -> None:
        """The rows that were not taken in, to the person alone."""
        lang = self._installation.lang
        comment = text("slack.file_rejected", file=found.name).say(lang)
        try:
            alone = self._client.conversations_open(users=[person.id])["channel"]["id"]
            name = f"{Path(found.name).stem[:60]}-rejected.csv"
            self._client.files_upload_v2(
                channel=alone, file=str(rejected), filename=name, initial_comment=blocks.fallback(comment)
            )
        except (SlackClientError, OSError) as error:
            self._answers.say(heard, text("slack.file_not_handed_back", why=trouble(error).said).say(lang))

    def _offer_delete(self, heard: Heard, found: _File) -> None:
        lang, office = self._installation.lang, self._installation
        said = text("slack.file_offer_delete", file=found.name).say(lang)
        value = presses.showing(office.secret, office.now).token("delete", f"file:{found.id}")
        button = blocks.button(text("slack.file_delete").say(lang), f"{PREFIX}delete", value, style="danger")
        message = blocks.message(said, [blocks.section(said), blocks.actions([button])])
        self._answers.show(heard, message, alone=True, words=said)


def _in_thread(heard: Heard, found: _File) -> Heard:
    return Heard(heard.kind, heard.key, heard.user, heard.at, heard.team, heard.channel, thread=found.thread or heard.thread)


def _write(path: Path, answer: requests.Response) -> None:
    room = LARGEST
    with path.open("wb") as out:
        for piece in answer.iter_content(1 << 16):
            room -= len(piece)
            if room < 0:
                raise InputError(text("slack.file_unreachable", file=path.name))
            out.write(piece)


def _safe(name: str) -> str:
    """A name for a file of this machine, made of one that anybody may have chosen."""
    stem, suffix = re.sub(r"[^\w-]", "_", Path(name).stem)[:60], Path(name).suffix.lower()
    return f"{stem or 'file'}{suffix if suffix in SUFFIXES else ''}"


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
