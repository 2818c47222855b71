"""Tables, charts, Home, digests and alerts over documents of any size: within limits, nobody mentioned, nothing left out silently."""

import json
import re
from datetime import UTC, datetime
from typing import Any

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from slack_documents import HASH, IDS, MAYBE, MOMENTS, NUMBERS, ZONE, held_documents
from slack_limits import HOSTILE, keeps_limits

from bot.desk.speaker import ROLES
from bot.slack import blocks, home, tables
from bot.slack.digest import alert, alert_over, digest
from bot.slack.presses import showing
from journey.texts import LANGS

SECRET = b"s" * 32
NOW = datetime(2026, 11, 22, 1, 0, tzinfo=UTC)
HEAVY = settings(
    max_examples=25, phases=[Phase.explicit, Phase.generate], deadline=None, suppress_health_check=list(HealthCheck)
)  # fmt: skip
LANG = st.sampled_from(LANGS)
STATES = st.sampled_from(["running", "pending", "nobody_knows"])
CAMPAIGN = st.fixed_dictionaries(
    {
        "id": IDS,
        "name": HOSTILE,
        "state": STATES,
        "approval": STATES,
        "audience": NUMBERS,
        "sent": NUMBERS,
        "converted": NUMBERS,
    }
)
STAGE = st.fixed_dictionaries({"id": IDS, "name": HOSTILE, "customers": NUMBERS, "before": st.one_of(st.none(), NUMBERS)})
JOURNEY = st.fixed_dictionaries(
    {"id": IDS, "name": HOSTILE, "stages": st.lists(STAGE, max_size=40), "unassigned": NUMBERS}
)  # fmt: skip
PROBLEM = st.fixed_dictionaries(
    {"tab": HOSTILE, "cell": HOSTILE, "severity": st.sampled_from(["error", "warning"]), "text": HOSTILE}
)


def good(made: dict[str, Any]) -> None:
    keeps_limits(made)
    assert not re.search(r"<[!@#]", json.dumps(made, ensure_ascii=False))


def told(rows: list[Any], times: int) -> list[Any]:
    return (rows * times)[:10_000]


@HEAVY
@given(st.lists(CAMPAIGN, min_size=1, max_size=40), st.sampled_from([1, 5, 500]), LANG)
def test_any_number_of_campaigns_is_a_table_that_says_how_many_are_left_out(rows: list[Any], times: int, lang: Any) -> None:
    rows = told(rows, times)
    made = blocks.message("x", tables.drawn("campaigns", rows, lang))
    good(made)
    shown = len(made["blocks"][0]["rows"]) - 1
    assert 0 < shown <= len(rows)
    assert (shown == len(rows)) == (len(made["blocks"]) == 1)
    if shown < len(rows):
        assert f"{len(rows) - shown:,}" in made["blocks"][1]["elements"][0]["text"]


@HEAVY
@given(st.lists(JOURNEY, max_size=4), MOMENTS, LANG)
def test_stages_keep_limits(journeys: list[Any], at: str, lang: Any) -> None:
    good(blocks.message("x", tables.drawn("stages", {"at": at, "journeys": journeys}, lang)))


@HEAVY
@given(st.data(), st.lists(HOSTILE, min_size=1, max_size=25, unique=True), st.integers(1, 90), LANG)
def test_reports_keep_limits(data: st.DataObject, stages: list[str], months: int, lang: Any) -> None:
    document = {
        "names": {one: one for one in stages if len(one) % 2},
        "structure": [
            {"month": f"{2020 + m // 12}-{m % 12 + 1:02d}", "stage": one, "customers": m}
            for m in range(months)
            for one in stages
        ],
        "flows": [{"from": None, "to": one, "customers": 5} for one in stages] * 30,
        "campaigns": [{"id": data.draw(IDS), "sent": data.draw(NUMBERS), "converted": None} for _ in range(30)],
    }
    good(blocks.message("x", tables.drawn("report", document, lang)))


@HEAVY
@given(st.lists(PROBLEM, max_size=60), st.dictionaries(HOSTILE, HOSTILE, max_size=30), HOSTILE, LANG)
def test_problems_and_one_stage_keep_limits(problems: list[Any], aspects: dict[str, str], name: str, lang: Any) -> None:
    good(blocks.message("x", tables.drawn("problems", problems, lang)))
    stage = {"name": name, "journey": "ec", "id": "a", "customers": None, "condition": name, "goal": name, "aspects": aspects}
    good(blocks.message("x", tables.drawn("stage", {**stage, "campaigns": []}, lang)))


@HEAVY
@given(st.data(), LANG, st.sampled_from(ROLES), st.sampled_from([1, 5, 500]))
def test_home_keeps_limits_and_shows_each_role_its_buttons(data: st.DataObject, lang: Any, role: Any, times: int) -> None:
    bound = {"offer": st.just("0" * 16), "content": HASH, "audience": HASH, "id": IDS, "name": HOSTILE}
    asks = st.fixed_dictionaries(
        {"kind": st.just("campaign"), "subject": IDS.map("campaign:{}".format), "approval": st.sampled_from(["pending", "void"]),
         "transactional": st.booleans(), **bound}
    )  # fmt: skip
    runs = st.fixed_dictionaries({"state": STATES, "paused": st.booleans(), "sent": NUMBERS, **bound})
    problems = data.draw(st.lists(PROBLEM, max_size=20))
    document = {
        "at": data.draw(MOMENTS),
        "zone": ZONE,
        "version": data.draw(st.one_of(st.none(), NUMBERS)),
        "sheet": data.draw(st.sampled_from([None, "https://docs.google.com/spreadsheets/d/x"])),
        "today": {key: data.draw(NUMBERS) for key in ("sent", "planned", "in_doubt", "failed")},
        "journeys": data.draw(st.lists(JOURNEY, max_size=6)),
        "waiting": told(
            data.draw(
                st.lists(st.one_of(asks, held_documents(), st.just({"kind": "settings", "subject": "settings"})), max_size=6)
            ),
            times,
        ),
        "campaigns": told(data.draw(st.lists(runs, max_size=6)), times),
        "problems": {"errors": 3, "warnings": len(problems), "rows": problems},
    }
    links = {row["subject"]: "https://slack.invalid/x" for row in document["waiting"][:2]}
    made = home.home(document, showing(SECRET, NOW), lang, role, links=links)
    good(made)
    ids = [e["action_id"] for x in made["blocks"] for e in [*x.get("elements", ()), x.get("accessory", {})] if "action_id" in e]
    assert len(ids) == len(set(ids))
    if ROLES.index(role) < ROLES.index("editor"):
        assert not any(one.startswith(("tabiji.pause", "tabiji.resume")) for one in ids)


def test_nothing_to_draw_is_no_block() -> None:
    assert tables.drawn("help", [1], "ja") == tables.drawn("campaigns", [], "ja") == tables.drawn("stages", None, "en") == []


@HEAVY
@given(
    st.lists(JOURNEY, max_size=6),
    st.lists(st.tuples(MAYBE, MAYBE, NUMBERS), max_size=40),
    st.lists(CAMPAIGN, max_size=40),
    LANG,
)
def test_digests_keep_limits(journeys: list[Any], moves: list[Any], sent: list[Any], lang: Any) -> None:
    for journey in journeys:
        journey["stages"] = [{**one, "before": one["before"] or 0} for one in journey["stages"]]
    document = {
        "from": "2026-06-01",
        "to": "2026-06-07",
        "journeys": journeys,
        "moves": [{"from": a, "to": b, "customers": n} for a, b, n in moves],
        "sent": sent,
        "waiting": len(sent),
    }
    made = digest(document, lang)
    good(made)
    assert f"{sum(one['sent'] for one in sent):,}" in json.dumps(made["blocks"], ensure_ascii=False) or not sum(
        one["sent"] for one in sent
    )


@HEAVY
@given(
    st.sampled_from(["problems", "channel", "trouble"]),
    NUMBERS,
    st.lists(PROBLEM, max_size=30),
    st.one_of(st.none(), HOSTILE),
    st.sampled_from(["editor", "approver", "admin"]),
    LANG,
)
def test_alerts_keep_limits(code: str, number: int, rows: list[Any], channel: str | None, who: str, lang: Any) -> None:
    document = {"code": code, "number": number, "rows": rows, "channel": channel, "who": who, "since": None}
    good(alert(document, lang))
    good(alert_over(document, lang))
