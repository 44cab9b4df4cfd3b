from rollbook.funds.actions.ledger import Posting, move, post, release, reserve, set_budget
from rollbook.funds.actions.ownership import HANDS, ask_owners, learn_owner, request_owners
from rollbook.funds.actions.payments import (
    LineDraft,
    cancel_batch,
    check_batch,
    make_batch,
    reasons_to_hold,
    release_batch,
    return_batch,
    send_batch,
    supersede,
    take_return,
    upload_return,
)
from rollbook.funds.actions.signing import confirm_batch, cosign_batch, needed, set_band, sign
from rollbook.funds.actions.voiding import account_changed

__all__ = [
    "HANDS",
    "LineDraft",
    "Posting",
    "account_changed",
    "ask_owners",
    "cancel_batch",
    "check_batch",
    "confirm_batch",
    "cosign_batch",
    "learn_owner",
    "make_batch",
    "move",
    "needed",
    "post",
    "reasons_to_hold",
    "release",
    "release_batch",
    "request_owners",
    "reserve",
    "return_batch",
    "send_batch",
    "set_band",
    "set_budget",
    "sign",
    "supersede",
    "take_return",
    "upload_return",
]
