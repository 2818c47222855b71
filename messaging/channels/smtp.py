"""A mail server, by SMTP. What it answers, and when a connection breaks, decides what is certain (RFC 5321, RFC 1047)."""

from __future__ import annotations

import contextlib
import queue
import re
import smtplib
import socket
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Literal

from messaging.addresses import parse_email, written
from messaging.channels.base import Accepted, Answer, Carries, InDoubt, NotAccepted, Parcel
from messaging.channels.pacing import Pace

Tls = Literal["starttls", "implicit", "none"]
DEFAULT_PORTS: Mapping[Tls, int] = {"starttls": 587, "implicit": 465, "none": 25}
CONNECT_SECONDS = 15.0
REPLY_SECONDS = 60.0
DOT_SECONDS = 180.0
"""How long a server may think about a whole message before its answer counts as lost."""
MAILS_A_CONNECTION = 200

_ENHANCED = re.compile(r"\b([245])\.(\d{1,3})\.(\d{1,3})\b")
_QUEUED = re.compile(r"queued as ([A-Za-z0-9._-]+)|\bid[ =]<?([A-Za-z0-9._@-]{6,})", re.IGNORECASE)


@dataclass(frozen=True)
class SmtpServer:
    """How to reach a mail server. Time-outs are seconds."""

    host: str
    port: int
    tls: Tls = "starttls"
    user: str = ""
    password: str = field(default="", repr=False)
    connect_seconds: float = CONNECT_SECONDS
    reply_seconds: float = REPLY_SECONDS
    dot_seconds: float = DOT_SECONDS


class Smtp:
    """Sends over a pool of connections, one for each thread that sends at the same time."""

    kind = "smtp"
    carries: Carries = "mail"

    def __init__(
        self, server: SmtpServer, *, rate_per_second: float = 0, window: int = 10, when_in_doubt: str = "hold"
    ) -> None:
        self.server = server
        self.hosts: tuple[str, ...] = (f"{server.host}:{server.port}",)
        self.when_in_doubt = when_in_doubt
        self.window = window
        self._pace = Pace(rate_per_second)
        self._idle: queue.LifoQueue[_Connection] = queue.LifoQueue()

    def send(self, parcel: Parcel) -> Answer:
        """Hands one mail over. A pooled connection that turns out to be dead is replaced once: nothing had been accepted on it."""
        sender, recipient = parse_email(parcel.sender), parse_email(parcel.address)
        if sender is None or recipient is None:
            return NotAccepted("the sender or the recipient is not one e-mail address", permanent=True)
        self._pace.wait()
        for fresh in (False, True):
            connection = None if fresh else self._pooled()
            reused = connection is not None
            try:
                connection = connection or _Connection(self.server)
                connection.begin(written(sender))
            except _Refused as refused:
                if connection is not None:
                    self._put_back(connection)
                return refused.answer
            except (OSError, smtplib.SMTPException) as error:
                if connection is not None:
                    connection.drop()
                if reused:
                    continue
                return _unreached(error)
            return self._finish(connection, written(recipient), parcel.payload)
        return NotAccepted("no connection to the mail server", permanent=False)

    def check(self) -> str | None:
        """Connects, secures and logs in, and goes away again."""
        try:
            _Connection(self.server).quit()
        except (OSError, smtplib.SMTPException, _Refused) as error:
            return f"{self.hosts[0]}: {_short(error)}"
        return None

    def close(self) -> None:
        """Says goodbye on every idle connection."""
        while (connection := self._pooled()) is not None:
            connection.quit()

    def _finish(self, connection: _Connection, recipient: str, payload: bytes) -> Answer:
        try:
            answer = connection.deliver(recipient, payload)
        except _Refused as refused:
            answer = refused.answer
        except (OSError, smtplib.SMTPException) as error:
            connection.drop()
            reason = f"{self.hosts[0]}: {_short(error)}"
            if connection.dot_sent:
                return InDoubt(f"the connection broke after the message's end, before the answer ({reason})")
            return NotAccepted(reason, permanent=False)
        self._put_back(connection)
        return answer

    def _pooled(self) -> _Connection | None:
        try:
            return self._idle.get_nowait()
        except queue.Empty:
            return None

    def _put_back(self, connection: _Connection) -> None:
        if connection.usable:
            self._idle.put(connection)
        else:
            connection.quit()


class _Refused(Exception):
    """The server said no."""

    def __init__(self, answer: NotAccepted) -> None:
        super().__init__(answer.reason)
        self.answer = answer


class _Connection:
    """One greeted, secured and logged-in connection. `dot_sent` once the bytes that may cause acceptance are on their way."""

    def __init__(self, server: SmtpServer) -> None:
        self._server = server
        self._left = MAILS_A_CONNECTION
        self._alive = True
        self.dot_sent = False
        self._smtp = self._open()

    @property
    def usable(self) -> bool:
        return self._alive and self._left > 0

    def begin(self, sender: str) -> None:
        """RSET where needed and MAIL FROM."""
        self.dot_sent = False
        self._left -= 1
        self._expect(self._smtp.docmd("MAIL", f"FROM:<{sender}>"), "MAIL")

    def deliver(self, recipient: str, payload: bytes) -> Answer:
        """RCPT TO, DATA, the message, the dot, and the answer that decides."""
        self._expect(self._smtp.docmd("RCPT", f"TO:<{recipient}>"), "RCPT")
        self._expect(self._smtp.docmd("DATA"), "DATA", wanted=354)
        lines = re.sub(rb"\r\n|\n|\r", b"\r\n", payload)
        if not lines.endswith(b"\r\n"):
            lines += b"\r\n"
        self._socket.settimeout(self._server.reply_seconds)
        self._socket.sendall(re.sub(rb"(?m)^\.", b"..", lines))
        self._socket.settimeout(self._server.dot_seconds)
        self._socket.sendall(
            b".\r\n"
        )  # where this raises, the dot is not whole in the kernel's hands, and so never on the wire
        self.dot_sent = True
        code, said = self._smtp.getreply()
        self._socket.settimeout(self._server.reply_seconds)
        if 200 <= code < 300:
            return Accepted(_queue_id(said))
        if not 400 <= code < 600:
            self.drop()
            return InDoubt(f"the mail server answered {code} to the whole message: {_shown(said)}")
        self._refuse(code, said, "message")
        raise AssertionError("unreachable")

    def quit(self) -> None:
        """A polite end; whatever goes wrong with it changes nothing."""
        with contextlib.suppress(OSError, smtplib.SMTPException):
            self._socket.settimeout(5)
            self._smtp.quit()
        self.drop()

    def drop(self) -> None:
        """An end without words."""
        self._alive = False
        self._smtp.close()

    @property
    def _socket(self) -> socket.socket:
        if self._smtp.sock is None:
            raise smtplib.SMTPServerDisconnected("not connected")
        return self._smtp.sock

    def _open(self) -> smtplib.SMTP:
        server = self._server
        context = ssl.create_default_context()
        if server.tls == "implicit":
            smtp: smtplib.SMTP = smtplib.SMTP_SSL(server.host, server.port, timeout=server.connect_seconds, context=context)
        else:
            smtp = smtplib.SMTP(server.host, server.port, timeout=server.connect_seconds)
        try:
            if server.tls == "starttls":
                smtp.starttls(context=context)
            smtp.ehlo_or_helo_if_needed()
            if server.user:
                smtp.login(server.user, server.password)
            assert smtp.sock is not None
            smtp.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # else the dot waits 40 ms for the body's ACK
            smtp.sock.settimeout(server.reply_seconds)
        except BaseException:
            smtp.close()
            raise
        return smtp

    def _expect(self, reply: tuple[int, bytes], step: str, wanted: int = 250) -> None:
        code, said = reply
        if code == wanted or (wanted == 250 and 200 <= code < 300):
            return
        self._refuse(code, said, step)

    def _refuse(self, code: int, said: bytes, step: str) -> None:
        if code == 421 or not 400 <= code < 600:
            self.drop()
        elif step != "message":
            with contextlib.suppress(OSError, smtplib.SMTPException):
                if self._smtp.docmd("RSET")[0] != 250:
                    self.drop()
                raise _Refused(_refusal(code, said, step))
            self.drop()
        raise _Refused(_refusal(code, said, step))


def _refusal(code: int, said: bytes, step: str) -> NotAccepted:
    reason = f"{code} {_shown(said)}"
    permanent = 500 <= code < 600
    return NotAccepted(reason, permanent=permanent, bounced=permanent and step == "RCPT" and _no_such_mailbox(code, said))


def _no_such_mailbox(code: int, said: bytes) -> bool:
    """Whether a refusal is about the address itself, not about us (5.7.x: policy) nor its state today (5.2.2: full)."""
    enhanced = _ENHANCED.search(said.decode("utf-8", "replace"))
    if enhanced:
        return (enhanced[2] == "1" and enhanced[3] not in ("7", "8")) or (enhanced[2], enhanced[3]) == ("2", "1")
    return code in (550, 551, 553)


def _unreached(error: Exception) -> NotAccepted:
    wait = timedelta(minutes=10) if isinstance(error, smtplib.SMTPAuthenticationError) else None
    return NotAccepted(_short(error), permanent=False, retry_after=wait)


def _queue_id(said: bytes) -> str | None:
    found = _QUEUED.search(said.decode("utf-8", "replace"))
    return (found[1] or found[2]) if found else None


def _shown(said: bytes) -> str:
    line = " ".join(said.decode("utf-8", "replace").split())
    return "".join(c for c in line if c.isprintable())[:200]


def _short(error: BaseException) -> str:
    if isinstance(error, smtplib.SMTPResponseException):
        said = error.smtp_error
        return f"{error.smtp_code} {_shown(said if isinstance(said, bytes) else str(said).encode())}"
    if isinstance(error, TimeoutError):
        return "no answer in time"
    return str(error)[:200] or type(error).__name__
