from rollbook.risk.actions.extraction import refresh
from rollbook.risk.actions.screening import screen_added, screen_claim, screen_everyone, screen_roster
from rollbook.risk.actions.settling import ask, close, explain, send_back, set_limit, settle
from rollbook.risk.actions.telling import note_told

__all__ = [
    "ask",
    "close",
    "explain",
    "note_told",
    "refresh",
    "screen_added",
    "screen_claim",
    "screen_everyone",
    "screen_roster",
    "send_back",
    "set_limit",
    "settle",
]
