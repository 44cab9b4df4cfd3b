from rollbook.subsidies.rules.entitlement import Facts, Terms, award, grounds, payable_fen
from rollbook.subsidies.rules.states import LIFECYCLE, LIVE, Move, State

__all__ = ["LIFECYCLE", "LIVE", "Facts", "Move", "State", "Terms", "award", "grounds", "payable_fen"]
