"""Whatever ends a sending process, wherever: nothing is lost, nothing is accepted twice, at most a window is in doubt."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import textwrap
import time as clock_time
from pathlib import Path

import pytest
from sending_shop import NOW, Fuse, Provider, Shop, SimulatedCrash, campaign, people
from sqlalchemy import update

from journey.ledger import Chosen, Evidence, claim, record, retry
from journey.lock import AlreadyRunning, EpochLost, only_one
from journey.store.engine import reading, writing
from journey.store.tables import campaign_state, consents, deliveries, parcels
from messaging.channels.base import Accepted, InDoubt

WINDOW = 5
END = {"accepted", "failed", "skipped", "cancelled", "in_doubt"}


def _crashed(shop: Shop, at: int) -> bool:
    """One process that ends at its `at`-th checkpoint; False where it came to its end before."""
    fuse = Fuse(shop.engine, shop.provider, at)
    fuse.light()
    try:
        shop.start(WINDOW).send_due()
    except SimulatedCrash:
        return True
    finally:
        fuse.out()
        shop.engine.dispose()  # the process's connections, and with them its open transaction, are gone
    return False


def test_every_checkpoint(tmp_path: Path) -> None:
    begun = Shop.open(tmp_path / "begun")
    begun.add(campaign(), people(12))
    begun.engine.dispose()
    at, crashes = 0, 0
    while True:
        at += 1
        shutil.copytree(tmp_path / "begun", tmp_path / str(at))
        shop = Shop.open(tmp_path / str(at))
        shop.campaigns, shop.people = begun.campaigns, begun.people
        if not _crashed(shop, at):
            break
        crashes += 1
        shop.start(WINDOW).send_due()
        states = shop.states()
        assert states.total() == 12, "a row went missing"
        assert set(states) <= END, f"checkpoint {at}: {states}"
        assert states["in_doubt"] <= WINDOW, f"checkpoint {at}: {states}"
        assert max(shop.provider.counts.values(), default=0) <= 1, f"checkpoint {at}: someone got two"
        assert len(shop.provider.accepted) >= states["accepted"], f"checkpoint {at}: an acceptance nobody gave"
    assert crashes > 30, "the sweep passed its checkpoints by"


def test_crash_after_crash_in_recovery_too(tmp_path: Path) -> None:
    shop = Shop.open(tmp_path)
    shop.add(campaign(), people(40))
    crashes = sum(_crashed(shop, at) for at in (9, 3, 14, 1, 2, 20, 5, 11))
    shop.start(WINDOW).send_due()
    assert crashes >= 7
    assert set(shop.states()) <= {"accepted", "in_doubt"}
    assert shop.states()["in_doubt"] <= crashes * WINDOW
    assert max(shop.provider.counts.values()) == 1


def test_repeating_channel_repeats_the_same_bytes(tmp_path: Path) -> None:
    for at in (6, 8, 9, 12, 16):
        shop = Shop.open(tmp_path / str(at), Provider(when_in_doubt="repeat"))
        shop.add(campaign(), people(12))
        assert _crashed(shop, at)
        shop.variants = tuple(type(v)(v.message, body="edited meanwhile") for v in shop.variants)
        shop.start(WINDOW).send_due()
        assert shop.states() == {"accepted": 12}
        twice = [a for a, n in shop.provider.counts.items() if n > 1]
        assert len(twice) <= WINDOW
        for address in twice:
            assert len({p.payload for p in shop.provider.accepted if p.address == address}) == 1
            assert len({p.attempt_id for p in shop.provider.accepted if p.address == address}) == 1
        with reading(shop.engine) as connection:
            assert connection.execute(parcels.select()).all() == [], "an address and a message were kept too long"


def test_real_kill(tmp_path: Path) -> None:
    script = tmp_path / "send.py"
    script.write_text(
        textwrap.dedent(f"""
        import sys, time
        sys.path.insert(0, {str(Path(__file__).parent)!r})
        from pathlib import Path
        from sending_shop import Shop, campaign, people
        from journey.lock import only_one
        folder = Path({str(tmp_path / "store")!r})
        shop = Shop.open(folder)
        with only_one(folder, shop.engine):
            shop.add(campaign(), people(400))
            def before(parcel):
                with open(folder / "sent.txt", "a") as file:
                    file.write(parcel.address + chr(10))
                time.sleep(0.002 if parcel.address < "c300" else 600)  # not through before it is killed, however busy the machine
            shop.provider.before = before
            shop.start({WINDOW}).send_due()
        """)
    )
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    child = subprocess.Popen([sys.executable, str(script)], env=environment)
    sent = tmp_path / "store" / "sent.txt"
    for _ in range(2400):
        if child.poll() is not None or (sent.exists() and sent.read_text().count("\n") > 50):
            break
        clock_time.sleep(0.05)
    child.send_signal(signal.SIGKILL)
    child.wait()
    first = sent.read_text().split()
    assert 50 < len(first) < 400

    shop = Shop.open(tmp_path / "store")
    shop.campaigns["C1"] = campaign()
    shop.people = {c: {"email": f"{c}@example.com"} for c in people(400)}
    with only_one(tmp_path / "store", shop.engine):  # the dead one's lock is free
        shop.start(WINDOW).send_due()
    states = shop.states()
    assert states.total() == 400
    assert states["in_doubt"] <= WINDOW
    assert set(states) <= {"accepted", "in_doubt"}
    second = [p.address for p in shop.provider.accepted]
    assert not set(first) & set(second), "someone got two"
    assert len(first) + len(second) >= 400 - WINDOW


def test_two_senders(tmp_path: Path) -> None:
    shop = Shop.open(tmp_path)
    shop.add(campaign(), people(20))
    old = shop.start(WINDOW)
    sends = 0

    def taken_over(_: object) -> None:
        nonlocal sends
        sends += 1
        if sends == WINDOW + 2:  # in the old one's second window a new process starts
            shop.provider.after = lambda _: None
            shop.start(WINDOW).send_due()

    shop.provider.after = taken_over
    with pytest.raises(EpochLost):
        old.send_due()
    assert shop.states() == {"accepted": 20}, "the old one's answers are evidence"
    assert set(shop.provider.counts.values()) == {1}
    with writing(shop.engine) as connection:
        assert claim(connection, old.epoch, ["C1"], NOW, 10) == []


def test_a_claim_of_an_old_epoch_is_refused(tmp_path: Path) -> None:
    shop = Shop.open(tmp_path)
    shop.add(campaign(), people(3))
    old = shop.start()
    shop.start()
    with pytest.raises(EpochLost):
        old.send_due()
    assert shop.provider.accepted == []


def test_only_one_process(tmp_path: Path) -> None:
    shop = Shop.open(tmp_path)
    with (
        only_one(tmp_path, shop.engine) as epoch,
        pytest.raises(AlreadyRunning, match=str(os.getpid())),
        only_one(tmp_path, shop.engine),
    ):
        raise AssertionError("two at once")
    with only_one(tmp_path, shop.engine) as later:
        assert later == epoch + 1


def test_pause_lets_at_most_a_window_out(tmp_path: Path) -> None:
    shop = Shop.open(tmp_path)
    shop.add(campaign(), people(50))
    sent_at_pause = 0

    def pausing(_: object) -> None:
        nonlocal sent_at_pause
        if len(shop.provider.accepted) == 7 and not sent_at_pause:
            sent_at_pause = 7
            with writing(shop.engine) as connection:
                connection.execute(campaign_state.insert().values(campaign_id="C1", paused=True, stopped=False))

    shop.provider.after = pausing
    report = shop.start(WINDOW).send_due()
    assert sent_at_pause
    assert len(shop.provider.accepted) - sent_at_pause <= WINDOW
    assert report.held["paused"] == 50 - len(shop.provider.accepted)
    with writing(shop.engine) as connection:
        connection.execute(update(campaign_state).values(paused=False))
    shop.start(WINDOW).send_due()
    assert shop.states() == {"accepted": 50}
    assert set(shop.provider.counts.values()) == {1}


def test_unsubscribe_between_claim_and_hand_over(tmp_path: Path) -> None:
    shop = Shop.open(tmp_path)
    shop.add(campaign(), people(20))

    def leaving(_: object) -> None:
        if len(shop.provider.accepted) == 1:
            with writing(shop.engine) as connection:
                connection.execute(update(consents).where(consents.c.customer_id == "c019").values(granted=False))

    shop.provider.after = leaving
    shop.start(WINDOW).send_due()
    assert "c019@example.com" not in shop.provider.counts
    assert shop.reasons()["c019"] == ("skipped", "no_consent")
    assert shop.states() == {"accepted": 19, "skipped": 1}


def test_no_answer_is_in_doubt_until_evidence_or_a_person(tmp_path: Path) -> None:
    shop = Shop.open(tmp_path)
    shop.add(campaign(), people(3))
    shop.provider.answer = lambda parcel: InDoubt(f"no reply for {parcel.address}")
    sender = shop.start()
    assert sender.send_due().in_doubt == 3
    assert sender.send_due().in_doubt == 0, "sent again without being asked"
    with writing(shop.engine) as connection:
        rows = connection.execute(deliveries.select().order_by(deliveries.c.id)).all()
        assert all("example.com" not in str(row.detail) for row in rows), "an address in the trail"
        assert record(connection, [Evidence(rows[0].attempt_id, "accepted", provider_id="late")], NOW)
        assert retry(connection, Chosen(ids=(rows[1].id,)), "aki", NOW) == 1
    shop.provider.answer = lambda _: Accepted()
    sender.send_due()
    assert [row.state for row in shop.rows()] == ["accepted", "accepted", "in_doubt"]


def test_a_channel_that_raises_leaves_doubt_not_a_traceback(tmp_path: Path) -> None:
    shop = Shop.open(tmp_path)
    shop.add(campaign(), people(2))

    def broken(_: object) -> Accepted:
        raise ValueError("a bug in a plug-in")

    shop.provider.answer = broken
    assert shop.start().send_due().in_doubt == 2
