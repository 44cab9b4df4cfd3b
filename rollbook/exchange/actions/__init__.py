from rollbook.exchange.actions.batches import load_batch, receive, refuse_batch, reveal_facts, take_push, take_upload
from rollbook.exchange.actions.contracts import add_source, load_feeds, set_contract
from rollbook.exchange.actions.likeness import find_likely
from rollbook.exchange.actions.lines import pull, take_drops
from rollbook.exchange.actions.tidying import tidy_lake

__all__ = [
    "add_source",
    "find_likely",
    "load_batch",
    "load_feeds",
    "pull",
    "receive",
    "refuse_batch",
    "reveal_facts",
    "set_contract",
    "take_drops",
    "take_push",
    "take_upload",
    "tidy_lake",
]
