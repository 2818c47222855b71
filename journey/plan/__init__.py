"""Planning: which customers fall due for which campaign, as rows of the ledger. Nothing is sent here.

`run` is the use case. `entries` finds those who entered a stage or have stood on it long enough, `repeats` what recurs or
happens once, `limits` says what is held for a person, `audiences` turns a campaign into SQL, `estimate` is what an approval is shown.
"""

from journey.plan.estimate import Audience, estimate
from journey.plan.run import Planned, PlanReport, plan

__all__ = ["Audience", "PlanReport", "Planned", "estimate", "plan"]
