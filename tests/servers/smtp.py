"""A mail server that answers by script: any reply at any step, and a cut wherever one is wanted."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

CUT = "cut"
"""Closes the connection instead of answering. For `BODY`: in the middle of the message, before its dot."""
SILENCE = "silence"
"""Keeps the connection and says nothing."""

_USUAL = {"BANNER": "220 scripted", "EHLO": "250 scripted", "MAIL": "250 2.1.0 ok", "RCPT": "250 2.1.5 ok", "DATA": "354 go on",
          "DOT": "250 2.0.0 ok: queued as Q{n}", "RSET": "250 ok", "NOOP": "250 ok", "QUIT": "221 bye"}  # fmt: skip


@dataclass
class Got:
    """One whole message as it came over the wire (dots unstuffed); `accepted` when it was answered with 2xx, or cut after the dot."""

    sender: str
    recipients: list[str]
    data: bytes
    answered: str


@dataclass
class ScriptedSmtp:
    """Listens on 127.0.0.1. `script` maps a step (BANNER EHLO MAIL RCPT DATA BODY DOT) to one reply, or to a list: one for each time,
    the last for all later times; an empty text is the usual reply."""

    script: Mapping[str, str | Sequence[str]] = field(default_factory=dict)
    messages: list[Got] = field(default_factory=list)
    connections: int = 0

    def __post_init__(self) -> None:
        self._times: dict[str, int] = {}
        self._lock = threading.Lock()
        self._open: set[socket.socket] = set()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def accepted(self) -> list[Got]:
        """The messages that were answered with 2xx."""
        return [m for m in self.messages if m.answered.startswith("2")]

    def close(self) -> None:
        """Stops listening and cuts every connection."""
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)  # a blocked accept would still take one more
        self._listener.close()
        self.cut_all()

    def cut_all(self) -> None:
        """Cuts every open connection and goes on listening, as a server does that lets idle ones go."""
        with self._lock:
            for connection in self._open:
                with contextlib.suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            with self._lock:
                self._open.add(connection)
                self.connections += 1
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _reply(self, step: str) -> str:
        with self._lock:
            n = self._times[step] = self._times.get(step, -1) + 1
        given = self.script.get(step, "")
        said = given if isinstance(given, str) else given[min(n, len(given) - 1)]
        return said or _USUAL.get(step, "").format(n=n) or "500 what?"

    def _serve(self, connection: socket.socket) -> None:
        with contextlib.suppress(OSError, _Cut), connection, connection.makefile("rb") as lines:
            self._say(connection, "BANNER")
            sender, recipients = "", list[str]()
            for raw in lines:
                verb, _, rest = raw.decode("utf-8", "replace").strip().partition(" ")
                step = verb.upper().replace("HELO", "EHLO")
                if step == "DATA":
                    if self._say(connection, "DATA").startswith("354"):
                        data = self._body(lines)
                        self._dot(connection, Got(sender, recipients, data, ""))
                    sender, recipients = "", []
                    continue
                said = self._say(connection, step)
                if step == "MAIL":
                    sender, recipients = rest.partition(":")[2], []
                elif step == "RCPT" and said.startswith("2"):
                    recipients.append(rest.partition(":")[2])
                elif step == "QUIT":
                    break
        with self._lock:
            self._open.discard(connection)

    def _body(self, lines: Iterator[bytes]) -> bytes:
        if self.script.get("BODY") == CUT:
            next(lines)
            raise _Cut
        data = b""
        for line in lines:
            if line == b".\r\n":
                return data
            data += line[1:] if line.startswith(b".") else line
        raise _Cut

    def _dot(self, connection: socket.socket, got: Got) -> None:
        got.answered = self._reply("DOT")
        self.messages.append(got)
        self._send(connection, got.answered)

    def _say(self, connection: socket.socket, step: str) -> str:
        said = self._reply(step)
        self._send(connection, said)
        return said

    def _send(self, connection: socket.socket, said: str) -> None:
        if said == CUT:
            raise _Cut
        if said != SILENCE:
            connection.sendall(said.encode() + b"\r\n")
        if said.startswith("421"):
            raise _Cut


class _Cut(Exception):
    pass


@contextlib.contextmanager
def scripted_smtp(**script: str | Sequence[str]) -> Iterator[ScriptedSmtp]:
    """A server for the length of a test: `scripted_smtp(RCPT="550 5.1.1 no such user")`."""
    server = ScriptedSmtp(script)
    try:
        yield server
    finally:
        server.close()
