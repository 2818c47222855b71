"""A first look through a text file: its packing, its encoding, its delimiter, and whether it is a text at all."""

from __future__ import annotations

import codecs
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa

from journey.errors import InputError
from journey.texts import text

BLOCK = 4 * 1024 * 1024
HEAD = 512 * 1024
FREE_UNPACKED = 256 * 1024**2
MOST_UNPACKED = 50 * 1024**3
MOST_RATIO = 500
_BOM = b"\xef\xbb\xbf"
_PACKED = {b"\x1f\x8b": "gzip", b"\x28\xb5": "zstd"}


@dataclass(frozen=True)
class Encoded:
    """How a text file is written. `head` is its decoded beginning; `skip` the bytes of byte-order marks before it."""

    path: Path
    packing: str | None
    encoding: str
    skip: int
    delimiter: str
    head: str
    odd_quotes: bool
    only_header: bool

    @contextmanager
    def stream(self) -> Iterator[Any]:
        """The unpacked bytes from behind the byte-order marks on."""
        with pa.input_stream(str(self.path), compression=self.packing) as stream:
            if self.skip:
                stream.read(self.skip)
            yield stream


def survey(path: Path) -> Encoded:
    """Reads the whole file once, a block at a time. Raises InputError for what is no text, is broken, or unpacks without end."""
    with path.open("rb") as file:
        packing = _PACKED.get(file.read(2))
    size = max(1, path.stat().st_size)
    decoders = {name: codecs.getincrementaldecoder(name)() for name in ("utf-8", "cp932")}
    utf16 = False
    head, total, quotes, lines, skip, line_ends = b"", 0, 0, 1, 0, 0
    try:
        with pa.input_stream(str(path), compression=packing) as stream:
            while block := stream.read(BLOCK):
                if not total:
                    utf16 = block.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
                    while block[skip:].startswith(_BOM):
                        skip += len(_BOM)
                    head = block[skip:HEAD]
                total += len(block)
                if total > MOST_UNPACKED or (packing and total > FREE_UNPACKED and total / size > MOST_RATIO):
                    raise InputError(text("uploads.too_big", file=path.name))
                if not utf16:
                    if b"\x00" in block:
                        row = lines + block.count(b"\n", 0, block.index(b"\x00"))
                        raise InputError(text("uploads.nul", file=path.name, line=row))
                    _decode(decoders, block, path, lines)
                quotes += block.count(b'"')
                lines += block.count(b"\n")
                line_ends = lines + block.count(b"\r")
    except (pa.ArrowException, OSError, EOFError) as error:
        raise InputError(text("uploads.unreadable", file=path.name, why=str(error).splitlines()[0][:200])) from error
    if not utf16:
        _decode(decoders, b"", path, lines, final=True)
    if total <= skip:
        raise InputError(text("uploads.empty", file=path.name))
    encoding = "utf-16" if utf16 else next(iter(decoders))
    decoded = head.decode(encoding, errors="ignore")
    return Encoded(path, packing, encoding, skip, _delimiter(decoded), decoded, quotes % 2 == 1, line_ends <= 1)


def _decode(decoders: dict[str, Any], block: bytes, path: Path, line: int, final: bool = False) -> None:
    if block.isascii() and not any(decoder.getstate()[0] for decoder in decoders.values()):
        return  # much faster, and most of most files
    for name in list(decoders):
        try:
            decoders[name].decode(block, final)
        except UnicodeDecodeError as error:
            if len(decoders) == 1:
                at = line + block.count(b"\n", 0, error.start)
                raise InputError(text("uploads.encoding", file=path.name, line=at)) from error
            del decoders[name]


def _delimiter(head: str) -> str:
    """The sign that parts the header's cells: the most frequent one outside quotes, a comma where there is none."""
    counts = dict.fromkeys(",\t;|", 0)
    quoted = False
    for sign in head:
        if sign == '"':
            quoted = not quoted
        elif sign in "\r\n" and not quoted:
            break
        elif sign in counts and not quoted:
            counts[sign] += 1
    return max(counts, key=lambda sign: counts[sign])
