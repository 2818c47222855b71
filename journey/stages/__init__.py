"""Placing: which stage of each journey a customer stands on, who moved, when and why.

`assign` is the use case. `maps` says what a map asks of the facts, `news` which facts are new since the last run, `moves` works
out the transitions as set-based SQL, `coverage` counts overlaps and gaps of a map for `check`.
"""

from journey.stages.coverage import Coverage, Gap, Overlap, coverage
from journey.stages.run import StageRun, assign, bring_into_force, last_run

__all__ = ["Coverage", "Gap", "Overlap", "StageRun", "assign", "bring_into_force", "coverage", "last_run"]
