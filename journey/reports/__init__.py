"""Reading only: where customers stand and stood, who moved where, what campaigns sent and what came of it."""

from journey.reports.campaigns import CampaignNumbers, campaign_numbers, conversions, delivery_rows
from journey.reports.stages import Flow, StageCount, flows, stage_counts, stage_history, structure

__all__ = [
    "CampaignNumbers",
    "Flow",
    "StageCount",
    "campaign_numbers",
    "conversions",
    "delivery_rows",
    "flows",
    "stage_counts",
    "stage_history",
    "structure",
]
