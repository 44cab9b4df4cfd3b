from rollbook.supervision.actions.cases import answer_case, conclude, hand_over
from rollbook.supervision.actions.dossier import (
    make_dossier,
    may_have_dossier,
)
from rollbook.supervision.actions.draws import announce_draw, draw, record_check, sign_check
from rollbook.supervision.actions.following import follow_alert
from rollbook.supervision.actions.inspections import (
    accept_mended,
    add_photo,
    answer_inspection,
    cancel_task,
    plan_task,
    plan_wanted,
    record_call,
    record_inspection,
    sign_inspection,
    take_measure,
)

__all__ = [
    "accept_mended",
    "add_photo",
    "announce_draw",
    "answer_case",
    "answer_inspection",
    "cancel_task",
    "conclude",
    "draw",
    "follow_alert",
    "hand_over",
    "make_dossier",
    "may_have_dossier",
    "plan_task",
    "plan_wanted",
    "record_call",
    "record_check",
    "record_inspection",
    "sign_check",
    "sign_inspection",
    "take_measure",
]
