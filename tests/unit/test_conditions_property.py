"""One meaning: the SQL of a condition against its row-by-row evaluation, over random facts and random sentences."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from condition_worlds import IDS, NAMES, NOW, conditions, database, worlds
from hypothesis import given, settings
from hypothesis import strategies as st

from journey import audience
from journey.conditions import compile_condition
from journey.conditions.plain import Plain, World

ZONES = [ZoneInfo(key) for key in ("Asia/Tokyo", "America/New_York", "Europe/London", "Australia/Lord_Howe")]


@settings(max_examples=40)
@given(
    world=worlds(),
    typed=st.lists(conditions, min_size=1, max_size=8),
    zone=st.sampled_from(ZONES),
    some=st.sets(st.sampled_from(IDS)),
)
def test_sql_means_what_the_plain_evaluation_means(world: World, typed: list[str], zone: ZoneInfo, some: set[str]) -> None:
    wanted = {str(i): compile_condition(source, NAMES) for i, source in enumerate(typed)}
    for compiled in wanted.values():
        errors = [p.said.say("en") for p in compiled.problems if p.severity == "error"]
        assert compiled.ast is not None, (compiled.source, errors)
    plain = Plain(world, NOW, zone)
    expected = {
        row["customer_id"]: {key: plain.holds(compiled.tree, row) is True for key, compiled in wanted.items()}
        for row in world.customers
    }
    with database(world) as con:
        found = {row.pop("customer_id"): row for row in audience.evaluate(con, wanted, NOW, zone).to_pylist()}
        assert found == expected
        restricted = {
            row.pop("customer_id"): row for row in audience.evaluate(con, wanted, NOW, zone, only=sorted(some)).to_pylist()
        }
        assert restricted == {who: expected[who] for who in some}
