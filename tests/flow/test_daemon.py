"""`tabiji run` as a process: it acts, tells, lets others work beside it, stops when told, and loses nothing when killed."""

from __future__ import annotations

import shutil
import signal
from collections import Counter
from pathlib import Path

import pytest
from daemon import MailShop, Process, configure, mailing_base, mailing_shop, running, until
from servers.smtp import SILENCE, ScriptedSmtp, scripted_smtp
from shop import PURCHASES

WINDOW = 10


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return mailing_base(tmp_path_factory.mktemp("base") / "shop")


def recipients(server: ScriptedSmtp) -> Counter[str]:
    return Counter(mail.recipients[0].strip("<>") for mail in server.accepted)


def test_a_day_of_the_daemon(base: Path, tmp_path: Path) -> None:
    with scripted_smtp() as server:
        shop = mailing_shop(base, tmp_path / "shop", server.port)
        shop.run("upload", shop.newcomers(range(50, 52)))
        with running(shop) as daemon:
            daemon.says("次の配信の予定は 2026-06-05T10:00:00+09:00 です")  # C02, three days after
            assert daemon.get("/healthz") == (200, "ok\n")
            assert sorted(recipients(server)) == ["k050@example.jp", "k051@example.jp"]

            _a_file_in_the_inbox(shop, daemon, server)
            _an_edit_of_the_workbook(shop, daemon)
            _others_beside_it(shop)

            code, seconds = daemon.stop()
            assert (code, seconds < 8) == (0, True)
            log = daemon.log
        assert "停止しました" in log.splitlines()[-1]
        assert "Traceback" not in log
        assert "@" not in log, "an address in the log"
        assert "apscheduler" not in log
        assert set(recipients(server).values()) == {1}


def _a_file_in_the_inbox(shop: MailShop, daemon: Process, server: ScriptedSmtp) -> None:
    made = Path(shop.newcomers(range(100, 103)))
    shutil.copy(made, shop.folder / "inbox" / ".half.csv")
    (shop.folder / "inbox" / ".half.csv").rename(shop.folder / "inbox" / "new.csv")
    until(lambda: len(server.accepted) == 5, "three more welcomes")
    daemon.says("取り込み new.csv（customers）: 受け入れ 3、変更なし 0、受け付けず 0")
    daemon.says("送信 3")
    assert (shop.folder / "inbox" / "done" / "new.csv").exists()


def _an_edit_of_the_workbook(shop: MailShop, daemon: Process) -> None:
    shop.edit("メッセージ", "M01", "件名", "ようこそ、新しい件名です")
    daemon.says("ワークブック: 版 2 を有効にしました（変更 1 か所）")
    shop.edit("施策", "C04", "きっかけ", "ステージにはいったらすぐ")
    daemon.says("ワークブック: 問題が 1 件あるため、前の版のまま動きます")


def _others_beside_it(shop: MailShop) -> None:
    for command in ("run", "tick"):
        refused = shop.run(command, code=1)
        assert "別の Tabiji" in refused.err
    later = "2026-06-02T10:00:59+09:00"
    for words in (["approve", "C01"], ["pause", "C04"], ["stages"], ["why", "K100"], ["sync"], ["deliveries"]):
        shop.run(*words, now=later, code=1 if words == ["sync"] else 0)
    shop.run("upload", shop.file("p.csv", PURCHASES, [["N1", "K100", "2026-06-02 09:00", "T01", "1200"]]), now=later)
    states = {c["id"]: (c["state"], c["approval"]) for c in shop.json("campaigns", now=later)}
    assert (states["C01"], states["C04"][0]) == (("running", "approved"), "paused")


def test_what_falls_due_while_it_runs_is_sent_then(base: Path, tmp_path: Path) -> None:
    with scripted_smtp() as server:
        shop = mailing_shop(base, tmp_path / "shop", server.port)
        shop.run("upload", shop.newcomers(range(50, 51)))
        shop.run("tick")
        with running(shop, now="2026-06-05T09:59:55+09:00") as daemon:
            until(lambda: len(server.accepted) == 2, "C02 at ten")
            daemon.says("送信 1")
            assert daemon.stop(signal.SIGINT)[0] == 0
        assert shop.states("C02") == {"K050": "accepted"}


def test_told_to_stop_in_the_middle(base: Path, tmp_path: Path) -> None:
    with scripted_smtp() as server:
        shop = mailing_shop(base, tmp_path / "shop", server.port, email="rate_per_second = 10")
        shop.run("upload", shop.newcomers(range(100, 160)))
        with running(shop) as daemon:
            until(lambda: len(server.accepted) >= 12)
            code, seconds = daemon.stop()
            assert (code, seconds < 8) == (0, True)
        done = Counter(shop.states().values())
        assert done == {"accepted": len(server.accepted), "planned": 60 - len(server.accepted)}
        assert 12 <= len(server.accepted) < 60
        configure(shop, server.port)
        shop.run("tick", now="2026-06-02T10:05:00+09:00")
        assert Counter(shop.states().values()) == {"accepted": 60}
        assert set(recipients(server).values()) == {1}


def test_killed_in_the_middle(base: Path, tmp_path: Path) -> None:
    with scripted_smtp() as server:
        shop = mailing_shop(base, tmp_path / "shop", server.port, email="rate_per_second = 20")
        shop.run("upload", shop.newcomers(range(100, 150)))
        with running(shop) as daemon:
            until(lambda: len(server.accepted) >= 13)
            assert daemon.stop(signal.SIGKILL)[0] == -signal.SIGKILL
        configure(shop, server.port)
        shop.now = "2026-06-02T10:05:00+09:00"
        with running(shop) as daemon:
            daemon.says("次に見直すのは")
            assert "前回の停止のあと" in daemon.log
            shop.now = "2026-06-02T10:06:00+09:00"
            doubtful = shop.deliveries(state="in_doubt")
            states = Counter(shop.states().values())
            assert 1 <= len(doubtful) <= WINDOW
            assert states == {"accepted": 50 - len(doubtful), "in_doubt": len(doubtful)}
            assert set(recipients(server).values()) == {1}, "somebody got two"
            again, gone = doubtful[0]["id"], doubtful[-1]["id"]
            shop.run("deliveries", "retry", str(again))
            shop.run("deliveries", "drop", str(gone))
            daemon.stop()
        shop.run("tick", now="2026-06-02T10:07:00+09:00")
        after = {d["id"]: d["state"] for d in shop.deliveries()}
        assert (after[again], after[gone]) == ("accepted", "cancelled" if again != gone else "accepted")


def test_told_twice_while_a_server_is_silent(base: Path, tmp_path: Path) -> None:
    with scripted_smtp(DOT=SILENCE) as server:
        shop = mailing_shop(base, tmp_path / "shop", server.port)
        shop.run("upload", shop.newcomers(range(100, 101)))
        with running(shop) as daemon:
            until(lambda: server.messages)
            daemon.child.send_signal(signal.SIGTERM)
            daemon.says("停止します")
            assert daemon.stop()[0] == -signal.SIGTERM
    with scripted_smtp() as server:
        configure(shop, server.port)
        shop.run("tick", now="2026-06-02T10:05:00+09:00")
        assert (shop.states(), server.messages) == ({"K100": "in_doubt"}, [])
