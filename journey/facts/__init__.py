"""The facts: customers, purchases, events, products, and where customers stand, in Parquet segments under a manifest."""

from journey.facts.change import Change, Segment
from journey.facts.schema import COLUMNS, Kind
from journey.facts.store import FactStore

__all__ = ["COLUMNS", "Change", "FactStore", "Kind", "Segment"]
