from rollbook.subsidies.models.claims import Claim, Hold, Objection, Proposal, Publicity
from rollbook.subsidies.models.filing import Apprenticeship, Filing, WorkPaper
from rollbook.subsidies.models.policies import PolicyVersion
from rollbook.subsidies.models.recomputation import Accuracy, Discrepancy, Recomputation
from rollbook.subsidies.models.simulation import Simulation

__all__ = [
    "Accuracy",
    "Apprenticeship",
    "Claim",
    "Discrepancy",
    "Filing",
    "Hold",
    "Objection",
    "PolicyVersion",
    "Proposal",
    "Publicity",
    "Recomputation",
    "Simulation",
    "WorkPaper",
]
