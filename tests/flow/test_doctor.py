"""`doctor`: in a fresh folder all is well; whatever is broken is named, with what to do about it."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest
from daemon import MailShop, configure, free_port, mailing_base
from shop import new_shop

NOW = "2026-06-03T10:00:00+09:00"


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return mailing_base(tmp_path_factory.mktemp("base") / "shop")


def findings(shop: MailShop, code: int) -> dict[str, list[str]]:
    """State → sentences."""
    found: dict[str, list[str]] = {"good": [], "note": [], "bad": []}
    for one in shop.json("doctor", code=code):
        found[one["state"]].append(one["text"])
    return found


@pytest.fixture
def shop(base: Path, tmp_path: Path) -> MailShop:
    shutil.copytree(base, tmp_path / "shop")
    shop = MailShop(tmp_path / "shop", NOW)
    (shop.folder / "config.toml").write_text('language = "ja"\n', encoding="utf-8")
    return shop


def test_a_fresh_folder(tmp_path: Path) -> None:
    made = new_shop(tmp_path / "shop", NOW, "en")
    found = findings(MailShop(made.folder, NOW, "en"), 0)
    assert found["bad"] == []
    assert any("config.toml is fine" in said for said in found["good"])
    assert any("base_url" in said for said in found["note"])


def test_a_shop_that_runs(shop: MailShop) -> None:
    found = findings(shop, 0)
    assert found["bad"] == []
    assert any("顧客 1 人" in said for said in found["good"])


def test_everything_that_is_broken_is_said_once(shop: MailShop) -> None:
    configure(shop, free_port())
    (shop.folder / "data" / "secret").chmod(0o644)
    (shop.folder / "journey.xlsx").write_bytes(b"%PDF-1.7")
    shutil.rmtree(shop.folder / "inbox")
    (shop.folder / "inbox").write_text("a file")
    for segment in (shop.folder / "data").rglob("customers*.parquet"):
        segment.write_bytes(segment.read_bytes()[:-20])
    shop.now = "2026-05-01T10:00:00+09:00"
    bad = findings(shop, 1)["bad"]
    for wanted in ("chmod 600", "journey.xlsx", "inbox", "[store] path", "時計を合わせて", "[channels.email]"):
        assert len([said for said in bad if wanted in said]) == 1, f"{wanted} in {bad}"


def test_a_store_that_is_none(shop: MailShop) -> None:
    for left in (shop.folder / "data").glob("state.sqlite-*"):
        left.unlink()
    (shop.folder / "data" / "state.sqlite").write_bytes(b"garbage" * 5000)
    bad = findings(shop, 1)["bad"]
    assert len([said for said in bad if "バックアップ" in said]) == 1
    assert len(bad) == 1


def test_a_secret_that_is_none(shop: MailShop) -> None:
    (shop.folder / "data" / "secret").write_bytes(b"")
    assert any("署名鍵" in said for said in findings(shop, 1)["bad"])
    assert "署名鍵" in shop.run("tick", code=1).err


@pytest.mark.skipif(os.getuid() == 0, reason="nothing is read-only for root")
def test_a_folder_that_cannot_be_written(shop: MailShop) -> None:
    (shop.folder / "data").chmod(0o500)
    try:
        assert findings(shop, 1)["bad"]
    finally:
        (shop.folder / "data").chmod(0o700)
