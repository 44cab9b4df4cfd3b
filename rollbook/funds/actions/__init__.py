from rollbook.funds.actions.ledger import Posting, move, post, release, reserve, set_budget
from rollbook.funds.actions.payments import (
    LineDraft,
    cancel_batch,
    check_batch,
    make_batch,
    release_batch,
    return_batch,
    send_batch,
    supersede,
    take_return,
    upload_return,
)

__all__ = [
    "LineDraft",
    "Posting",
    "cancel_batch",
    "check_batch",
    "make_batch",
    "move",
    "post",
    "release",
    "release_batch",
    "reserve",
    "return_batch",
    "send_batch",
    "set_budget",
    "supersede",
    "take_return",
    "upload_return",
]
