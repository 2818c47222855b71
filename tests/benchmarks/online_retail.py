"""The whole way on real data: online_retail's 541,909 rows in, 4,372 customers placed, one campaign approved and sent to the outbox.

    .venv/bin/python tests/benchmarks/online_retail.py FOLDER_OF_THE_DATA [WORK_FOLDER]

FOLDER_OF_THE_DATA holds online_retail.csv.gz (UCI "Online Retail", Chen, Sain, Guo 2012; CC BY 4.0). The data has no addresses and no
consents: `addresses` makes them (every customer C gets cC@example.com; every tenth gave no consent). Each step is a command of its own,
timed as a whole process. Prints the times and the totals beside those that the data's note gives.
"""

from __future__ import annotations

import csv
import gzip
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import openpyxl

PROGRAM = Path(__file__).parents[2] / ".venv" / "bin" / "tabiji"
DAY = "2011-12-10T10:00:00+09:00"
NEXT = "2011-12-11T10:00:00+09:00"
KNOWN = {"rows": 541_909, "guests": 135_080, "customers": 4_372}


def addresses(data: Path, target: Path) -> int:
    """Writes a customers file for everyone in the purchases; returns how many."""
    with gzip.open(data, "rt", encoding="utf-8", newline="") as file:
        ids = sorted({row["CustomerID"].removesuffix(".0") for row in csv.DictReader(file)} - {""})
    with target.open("w", encoding="utf-8", newline="") as file:
        out = csv.writer(file)
        out.writerow(["customer_id", "email", "last_name", "joined_at", "email_consent"])
        out.writerows([i, f"c{i}@example.com", "Smith", "2010-12-01", "no" if int(i) % 10 == 0 else "yes"] for i in ids)
    return len(ids)


def timed(folder: Path, *words: str, now: str = DAY) -> Any:
    """Runs one command, prints how long it took, and returns its document."""
    start = time.perf_counter()
    done = subprocess.run(
        [PROGRAM, *words, "--json", "--now", now, "--config", folder / "config.toml"],
        capture_output=True,
        text=True,
        check=False,
    )
    print(f"{time.perf_counter() - start:7.2f} s  tabiji {words[0]}  (exit {done.returncode})")
    if done.returncode != 0:
        sys.exit(done.stderr)
    return json.loads(done.stdout)


def include_existing(workbook: Path, campaign: str) -> None:
    """Types ○ into a campaign's Include existing."""
    book = openpyxl.load_workbook(workbook)
    sheet = book["Campaigns"]
    header = {cell.value: cell.column for cell in sheet[1]}
    row = next(n for n in range(2, sheet.max_row + 1) if sheet.cell(n, header["ID"]).value == campaign)
    sheet.cell(row, header["Include existing"]).value = "yes"
    book.save(workbook)


def main(data: Path, folder: Path) -> None:
    """The steps of the docstring."""
    subprocess.run([PROGRAM, "init", folder, "--template", "ec", "--lang", "en"], check=True, capture_output=True)
    include_existing(folder / "journey.xlsx", "C09")
    print(f"{addresses(data, folder / 'customers.csv'):,} customers with addresses")
    (bought,) = timed(folder, "upload", str(data))
    timed(folder, "upload", str(folder / "customers.csv"))
    timed(folder, "sync")
    placed = timed(folder, "assign")
    timed(folder, "approve", "C09")
    timed(folder, "tick")
    timed(folder, "tick", now=NEXT)
    sent = timed(folder, "deliveries", "--campaign", "C09", now=NEXT)
    again = timed(folder, "tick", now=NEXT)
    states: dict[str, int] = {}
    for row in sent:
        key = row["state"] if not row["reason"] else f"{row['state']} ({row['reason']})"
        states[key] = states.get(key, 0) + 1
    got = {"rows": bought["rows"], "guests": bought["guests"], "customers": placed["customers"]}
    print("known ", KNOWN, "\ngot   ", got, "\nplaced", placed["counts"], "\nC09   ", states, "\nagain ", again["sent"])
    mails = list((folder / "outbox").rglob("*.eml"))
    print(len(mails), "files in the outbox")
    assert got == KNOWN
    assert bought["rejected"] == 0
    assert len(mails) == states["accepted"] > 0


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    work = Path(sys.argv[2]) if len(sys.argv) > 2 else Path(tempfile.mkdtemp()) / "retail"
    main(Path(sys.argv[1]) / "online_retail.csv.gz", work)
