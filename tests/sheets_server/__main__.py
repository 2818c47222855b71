"""A trial by hand: `python -m sheets_server` (from tests/) serves a Sheet of its own for a while, and says how to reach it."""

from __future__ import annotations

import argparse
import time
from pathlib import Path
from tempfile import mkdtemp

from sheets_server.server import SheetsServer


def main() -> None:
    """Serves until the minutes are over or the process is interrupted."""
    parser = argparse.ArgumentParser(prog="python -m sheets_server", description=__doc__)
    parser.add_argument("--minutes", type=float, default=30, help="how long to serve (30)")
    parser.add_argument("--port", type=int, default=0, help="the port (any that is free)")
    parser.add_argument("--key", type=Path, help="where to write the key file (a new folder for temporary things)")
    parser.add_argument("--tab", action="append", help="title of a tab (シート1); may be repeated")
    wanted = parser.parse_args()
    with SheetsServer(port=wanted.port) as server:
        book = server.create(tuple(wanted.tab or ["シート1"]))
        key = server.key_file(wanted.key or Path(mkdtemp()) / "service-account.json").resolve()
        print("config.toml [sheet]")
        for name, value in (
            ("source", book.url),
            ("credentials", key),
            ("api_root", server.url),
            ("token_uri", server.token_uri),
        ):
            print(f'            {name} = "{value}"')
        print(f"shared with {server.email}; serving for {wanted.minutes:g} minutes, Ctrl-C ends it", flush=True)
        until = time.monotonic() + wanted.minutes * 60
        shown = 0
        try:
            while time.monotonic() < until:
                time.sleep(0.5)
                for seen in server.seen[shown:]:
                    if not seen.status:
                        break
                    shown += 1
                    print(f"{seen.number:5} {seen.kind:5} {seen.status} {seen.method} {seen.path}", flush=True)
        except KeyboardInterrupt:
            print("ended")


if __name__ == "__main__":
    main()
