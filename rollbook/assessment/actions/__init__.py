from rollbook.assessment.actions.door import photograph
from rollbook.assessment.actions.scores import (
    Marks,
    ask_score_change,
    decide_score_change,
    enter_scores,
    import_scores,
    lock_scores,
    plan_assessment,
    preview_scores,
)
from rollbook.assessment.actions.sittings import (
    Examiner,
    add_record,
    file_answers,
    file_sitting,
    import_answers,
    preview_answers,
    withdraw_sitting,
)

__all__ = [
    "Examiner",
    "Marks",
    "add_record",
    "ask_score_change",
    "decide_score_change",
    "enter_scores",
    "file_answers",
    "file_sitting",
    "import_answers",
    "import_scores",
    "lock_scores",
    "photograph",
    "plan_assessment",
    "preview_answers",
    "preview_scores",
    "withdraw_sitting",
]
