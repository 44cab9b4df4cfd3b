from rollbook.faces.actions.checks import (
    answer_challenges,
    compare_still,
    count_faces,
    likeness,
    note_checks,
    note_look,
    take_capture,
)
from rollbook.faces.actions.consent import end_merged, expire, give_consent, withdraw_consent
from rollbook.faces.actions.looks import challenge_account, challenge_device, look, pass_look
from rollbook.faces.actions.province import count_templates, decide_likeness, note_filing
from rollbook.faces.actions.templates import enrol, enrol_at_counter, rotate

__all__ = [
    "answer_challenges",
    "challenge_account",
    "challenge_device",
    "compare_still",
    "count_faces",
    "count_templates",
    "decide_likeness",
    "end_merged",
    "enrol",
    "enrol_at_counter",
    "expire",
    "give_consent",
    "likeness",
    "look",
    "note_checks",
    "note_filing",
    "note_look",
    "pass_look",
    "rotate",
    "take_capture",
    "withdraw_consent",
]
