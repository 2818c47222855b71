"""What a condition speaks of, transitively through its segments: what an approval of it must cover."""

from __future__ import annotations

from dataclasses import dataclass, field

from journey.conditions.syntax import Column, Feature, Field


@dataclass(frozen=True)
class Uses:
    """Names that a condition depends on."""

    fields: frozenset[str] = frozenset()
    """Keys of customer attributes."""
    features: frozenset[str] = frozenset()
    """English names of features."""
    segments: frozenset[str] = frozenset()
    journeys: frozenset[str] = frozenset()
    stages: frozenset[tuple[str, str]] = frozenset()
    """Stages that are named, as journey id and stage id."""
    messages: frozenset[str] = frozenset()


@dataclass
class Gathered:
    """The same while a condition is being read, with the columns themselves."""

    columns: set[Column] = field(default_factory=set)
    segments: set[str] = field(default_factory=set)
    journeys: set[str] = field(default_factory=set)
    stages: set[tuple[str, str]] = field(default_factory=set)
    messages: set[str] = field(default_factory=set)

    def take(self, uses: Uses, columns: frozenset[Column], segment: str) -> None:
        """Adds what a segment uses, and the segment itself."""
        self.columns |= columns
        self.segments |= uses.segments | {segment}
        self.journeys |= uses.journeys
        self.stages |= uses.stages
        self.messages |= uses.messages

    def frozen(self) -> Uses:
        """What was gathered, for keeping."""
        return Uses(
            frozenset(c.key for c in self.columns if isinstance(c, Field)),
            frozenset(c.name for c in self.columns if isinstance(c, Feature)),
            frozenset(self.segments),
            frozenset(self.journeys),
            frozenset(self.stages),
            frozenset(self.messages),
        )
