from rollbook.exchange.actions.batches import load_batch, receive, refuse_batch, reveal_facts, take_push, take_upload
from rollbook.exchange.actions.contracts import BEGAN, add_source, load_feeds, set_contract, terms_of
from rollbook.exchange.actions.likeness import find_likely
from rollbook.exchange.actions.lines import pull, take_drops
from rollbook.exchange.actions.refusals import settle_refusal
from rollbook.exchange.actions.sources import ask_source_change, confirm_source_change, refuse_source_change
from rollbook.exchange.actions.tidying import tidy_lake

__all__ = [
    "BEGAN",
    "add_source",
    "ask_source_change",
    "confirm_source_change",
    "find_likely",
    "load_batch",
    "load_feeds",
    "pull",
    "receive",
    "refuse_batch",
    "refuse_source_change",
    "reveal_facts",
    "set_contract",
    "settle_refusal",
    "take_drops",
    "take_push",
    "take_upload",
    "terms_of",
    "tidy_lake",
]
