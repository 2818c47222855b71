"""The unsubscribe page of a real installation: what one press records, for whom."""

from contextlib import closing
from pathlib import Path

from shop import CUSTOMERS, new_shop

from bot.pages import pages
from bot.wiring import open_installation
from journey import consents
from journey.store.engine import reading

NOW = "2026-06-01T10:00:00+09:00"
ADDRESSES = ("a@example.jp", "A@example.jp", "b@example.jp")


def test_a_no_is_for_everyone_at_that_address(tmp_path: Path) -> None:
    shop = new_shop(tmp_path / "shop", NOW)
    rows = [
        [f"K{n}", "山田", "花子", mail, "2026-05-31", "○"]
        for n, mail in enumerate(("a@example.jp", "A@example.jp", "b@example.jp"))
    ]
    shop.run("sync")
    shop.run("assign")
    shop.run("approve", "C01", "--as", "佐藤")
    shop.now = "2026-06-02T10:00:00+09:00"
    rows = [[*row[:4], "2026-06-01 20:00", "○"] for row in rows]
    shop.run("upload", shop.file("c.csv", CUSTOMERS, rows))
    shop.run("tick")
    sent = shop.deliveries(state="accepted")
    assert sorted(d["customer"] for d in sent) in (["K0", "K2"], ["K1", "K2"])  # one address gets one mail
    mine = next(d for d in sent if d["customer"] != "K2")
    installation = open_installation(shop.folder / "config.toml", now=shop.now)
    client = pages(installation).test_client()
    path = f"/u/{installation.links.token(mine['id'])}"
    assert client.get(path).status_code == 200
    with reading(installation.engine) as connection:
        assert all(consents.granted(connection, ["K0", "K1", "K2"]).values())
    assert client.post(path, data={"List-Unsubscribe": "One-Click"}).status_code == 200
    with reading(installation.engine) as connection:
        granted = consents.granted(connection, ["K0", "K1", "K2"])
    assert {who for (who, channel), yes in granted.items() if yes and channel == "email"} == {"K2"}
    with closing(installation.facts.open()) as con:
        assert con.execute("SELECT count(*) FROM customers").fetchall() == [(3,)]
