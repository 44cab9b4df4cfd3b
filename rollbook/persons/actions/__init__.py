from rollbook.persons.actions.notices import rotate, send_notices
from rollbook.persons.actions.organisations import (
    keep_organisation_account,
    mend_organisation_account,
    register_organisation,
)
from rollbook.persons.actions.people import (
    Draft,
    answer_enquiry,
    dismiss_candidate,
    find_candidates,
    give_account,
    merge,
    note_candidates,
    register,
    register_many,
    reveal,
    set_account,
    tell,
    unmerge,
    verify,
)

__all__ = [
    "Draft",
    "answer_enquiry",
    "dismiss_candidate",
    "find_candidates",
    "give_account",
    "keep_organisation_account",
    "mend_organisation_account",
    "merge",
    "note_candidates",
    "register",
    "register_many",
    "register_organisation",
    "reveal",
    "rotate",
    "send_notices",
    "set_account",
    "tell",
    "unmerge",
    "verify",
]
