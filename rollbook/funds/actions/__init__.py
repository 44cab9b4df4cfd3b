from rollbook.funds.actions.ledger import (
    Posting,
    move,
    post,
    release,
    reserve,
    set_budget,
)
from rollbook.funds.actions.orders import (
    ask_freeze,
    ask_reversal,
    ask_transfer,
    ask_unfreeze,
    close_month,
    decide_order,
    end_freeze,
)
from rollbook.funds.actions.outcomes import (
    ask_outcomes,
    ask_resolution,
    decide_resolution,
)
from rollbook.funds.actions.ownership import (
    HANDS,
    ask_owners,
    learn_owner,
    request_owners,
)
from rollbook.funds.actions.payments import (
    LineDraft,
    cancel_batch,
    check_batch,
    keep_refused,
    make_batch,
    reasons_to_hold,
    release_batch,
    return_batch,
    send_batch,
    supersede,
    take_return,
    upload_return,
)
from rollbook.funds.actions.recoveries import (
    decide_recovery,
    order_recovery,
    receive,
)
from rollbook.funds.actions.signing import (
    confirm_batch,
    cosign_batch,
    needed,
    set_band,
    sign,
)
from rollbook.funds.actions.statements import (
    own_difference,
    settle_difference,
    take_statement,
)
from rollbook.funds.actions.stops import (
    let_pay,
    reasons_stopped,
    stop_payment,
)
from rollbook.funds.actions.voiding import (
    account_changed,
)

__all__ = [
    "HANDS",
    "LineDraft",
    "Posting",
    "account_changed",
    "ask_freeze",
    "ask_outcomes",
    "ask_owners",
    "ask_resolution",
    "ask_reversal",
    "ask_transfer",
    "ask_unfreeze",
    "cancel_batch",
    "check_batch",
    "close_month",
    "confirm_batch",
    "cosign_batch",
    "decide_order",
    "decide_recovery",
    "decide_resolution",
    "end_freeze",
    "keep_refused",
    "learn_owner",
    "let_pay",
    "make_batch",
    "move",
    "needed",
    "order_recovery",
    "own_difference",
    "post",
    "reasons_stopped",
    "reasons_to_hold",
    "receive",
    "release",
    "release_batch",
    "request_owners",
    "reserve",
    "return_batch",
    "send_batch",
    "set_band",
    "set_budget",
    "settle_difference",
    "sign",
    "stop_payment",
    "supersede",
    "take_return",
    "take_statement",
    "upload_return",
]
