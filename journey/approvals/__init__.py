"""What a person has said about each campaign, and what it may therefore do now.

`hashes` says what an approval covers, `standing` compares the newest approval with the workbook in force, `decisions` are the
use cases (approve, reject, pause, resume). Nothing here sends or plans; the planner and the gate obey `Standing`.
"""

from journey.approvals.decisions import Decided, Ground, approve, pause, reject, resume
from journey.approvals.hashes import Audiences, Used, content_hash
from journey.approvals.standing import Approval, Standing, State, standings

__all__ = [
    "Approval",
    "Audiences",
    "Decided",
    "Ground",
    "Standing",
    "State",
    "Used",
    "approve",
    "content_hash",
    "pause",
    "reject",
    "resume",
    "standings",
]
