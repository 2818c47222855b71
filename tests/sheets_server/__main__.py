"""A trial by hand: `python -m sheets_server` (from tests/) serves a Sheet of its own for a while, and says how to reach it."""

from __future__ import annotations

import argparse
import time
from pathlib import Path

from sheets_server.server import SheetsServer


def main() -> None:
    """Serves until the minutes are over or the process is interrupted."""
    parser = argparse.ArgumentParser(prog="python -m sheets_server", description=__doc__)
    parser.add_argument("--minutes", type=float, default=30, help="how long to serve (30)")
    parser.add_argument("--port", type=int, default=0, help="the port (any that is free)")
    parser.add_argument("--key", type=Path, default=Path("service-account.json"), help="where to write the key file")
    parser.add_argument("--tab", action="append", help="title of a tab (シート1); may be repeated")
    wanted = parser.parse_args()
    with SheetsServer(port=wanted.port) as server:
        book = server.create(tuple(wanted.tab or ["シート1"]))
        print(f"key file    {server.key_file(wanted.key).resolve()}")
        print("config.toml [sheet]")
        print(
            f'            source = "{book.url}"\n            api_root = "{server.url}"\n            token_uri = "{server.token_uri}"'
        )
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
