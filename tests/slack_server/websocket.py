"""The server's side of a WebSocket (RFC 6455): the handshake, frames in, frames out."""

from __future__ import annotations

import base64
import binascii
import hashlib
import socket
import struct
from collections.abc import Mapping
from io import BufferedIOBase
from threading import Lock

GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
"""What the RFC has both sides add to the key."""

CONTINUED, TEXT, BINARY, CLOSE, PING, PONG = 0x0, 0x1, 0x2, 0x8, 0x9, 0xA
MOST = 4 * 1024 * 1024
"""Bytes that a message of a client may have."""


class Broken(Exception):
    """The client broke the protocol: the code to close with, and why."""

    def __init__(self, code: int, why: str) -> None:
        super().__init__(why)
        self.code = code
        self.why = why


def accepted(headers: Mapping[str, str]) -> bytes:
    """The answer that opens the socket. Raises Broken (1002) where the request is no opening handshake."""
    key = headers.get("sec-websocket-key", "")
    try:
        whole = len(base64.b64decode(key, validate=True)) == 16
    except binascii.Error:
        whole = False
    if not whole or headers.get("sec-websocket-version") != "13" or "upgrade" not in headers.get("connection", "").lower():
        raise Broken(1002, "not an opening handshake")
    proof = base64.b64encode(hashlib.sha1(f"{key}{GUID}".encode()).digest()).decode()
    lines = ("HTTP/1.1 101 Switching Protocols", "Upgrade: websocket", "Connection: Upgrade", f"Sec-WebSocket-Accept: {proof}")
    return "\r\n".join(lines).encode() + b"\r\n\r\n"


class Frames:
    """Frames over a connection that has been upgraded. Several threads may send; one reads."""

    def __init__(self, reader: BufferedIOBase, connection: socket.socket) -> None:
        self._reader = reader
        self._connection = connection
        self._sending = Lock()
        self._kind: int | None = None  # of the message that came in part so far
        self._parts = bytearray()

    def send(self, payload: bytes, opcode: int = TEXT) -> None:
        """One whole message. Raises OSError where the client is gone."""
        size = len(payload)
        if size < 126:
            head = struct.pack("!BB", 0x80 | opcode, size)
        elif size < 1 << 16:
            head = struct.pack("!BBH", 0x80 | opcode, 126, size)
        else:
            head = struct.pack("!BBQ", 0x80 | opcode, 127, size)
        with self._sending:
            self._connection.sendall(head + payload)

    def close(self, code: int, why: str = "") -> None:
        """Says goodbye."""
        self.send(struct.pack("!H", code) + why.encode()[:123], CLOSE)

    def read(self) -> tuple[int, bytes] | None:
        """The next message (parts put together) or control frame; None where the connection is over. Raises Broken."""
        while (frame := self._frame()) is not None:
            final, opcode, payload = frame
            if opcode >= CLOSE:
                return opcode, payload
            if (opcode == CONTINUED) == (self._kind is None):
                raise Broken(1002, "a part out of its order")
            kind = opcode if self._kind is None else self._kind
            self._parts += payload
            if len(self._parts) > MOST:
                raise Broken(1009, "too big")
            if final:
                whole, self._kind, self._parts = bytes(self._parts), None, bytearray()
                return kind, whole
            self._kind = kind
        return None

    def _frame(self) -> tuple[bool, int, bytes] | None:
        head = self._exactly(2)
        if head is None:
            return None
        final, opcode, masked, size = bool(head[0] & 0x80), head[0] & 0x0F, head[1] & 0x80, head[1] & 0x7F
        if head[0] & 0x70 or opcode not in (CONTINUED, TEXT, BINARY, CLOSE, PING, PONG):
            raise Broken(1002, "reserved bits")
        if not masked:
            raise Broken(1002, "frames of a client are masked")
        if opcode >= CLOSE and (size > 125 or not final):
            raise Broken(1002, "a control frame is short and whole")
        if size == 126 or size == 127:
            longer = self._exactly(2 if size == 126 else 8)
            if longer is None:
                return None
            size = int.from_bytes(longer, "big")
        if size > MOST:
            raise Broken(1009, "too big")
        mask, payload = self._exactly(4), self._exactly(size)
        if mask is None or payload is None:
            return None
        pad = (mask * (size // 4 + 1))[:size]
        plain = (int.from_bytes(payload, "big") ^ int.from_bytes(pad, "big")).to_bytes(size, "big")
        return final, opcode, plain

    def _exactly(self, size: int) -> bytes | None:
        try:
            read = self._reader.read(size)
        except (OSError, ValueError):
            return None
        return read if len(read) == size else None
