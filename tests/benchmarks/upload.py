"""How long the real files take as whole commands, and how much memory: medians of a few runs, each in a process and store of its own.

.venv/bin/python tests/benchmarks/upload.py FOLDER_OF_SAMPLE_DATA [RUNS]
"""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

FILES = (
    "online_retail/online_retail.csv.gz",
    "completejourney/transactions.csv.zst",
    "jp_100knocks/customer.csv",
    "jp_100knocks/customer_cp932_crlf.derived.csv",
    "jp_100knocks/product.csv",
)
ONE = """
import json, resource, sys
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo
from journey.facts import FactStore
from journey.store.engine import open_store
from sheets_sync.uploads.upload import upload
folder, file = map(Path, sys.argv[1:])
engine = open_store(folder)
facts = FactStore(folder / "facts", engine)
[result] = upload(engine, facts, [file], now=datetime(2026, 1, 1, tzinfo=UTC), zone=ZoneInfo("Asia/Tokyo"), rejected_folder=folder)
with facts.open() as con:
    [(total, customers)] = con.execute("SELECT (SELECT sum(amount) FROM purchases), (SELECT count(*) FROM customers)").fetchall()
megabytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
print(json.dumps({**result.as_json("en"), "total": total, "customers": customers, "megabytes": megabytes}))
"""


def main(data: Path, runs: int) -> None:
    """Prints a line a file."""
    for name in FILES:
        seconds, last = [], {}
        for _ in range(runs):
            with tempfile.TemporaryDirectory() as folder:
                started = time.perf_counter()
                done = subprocess.run([sys.executable, "-c", ONE, folder, str(data / name)], capture_output=True, check=True)
                seconds.append(time.perf_counter() - started)
                last = json.loads(done.stdout)
        shown = {key: last[key] for key in ("rows", "accepted", "guests", "rejected", "total", "customers", "megabytes")}
        print(f"{statistics.median(seconds):6.2f} s  {name}  {shown}")


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 3)
