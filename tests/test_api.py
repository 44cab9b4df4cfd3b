"""What holds for the whole API (N13)."""

from rollbook.config.api import api

# Deeds of officials, of people themselves and searches: no key can be made by whoever may do them.
WITHOUT_A_KEY = {
    "/alerts/{alert_id}/ask",
    "/alerts/{alert_id}/close",
    "/alerts/{alert_id}/send-back",
    "/alerts/{alert_id}/settle",
    "/classes/{class_id}/review",
    "/classes/lessons/{lesson_id}/check-in",
    "/classes/lessons/{lesson_id}/face",
    "/classes/lessons/{lesson_id}/roll",
    "/classes/lessons/{lesson_id}/teacher",
    "/classes/rolls/{roll_id}/decide",
    "/claims/papers/{work_paper_id}/decide",
    "/claims/{claim_id}/review",
    "/devices/challenges",
    "/devices/events/{event_id}/picture",
    "/devices/files",
    "/devices/events",  # devices have keys of their own, which open nothing else
    "/directory/{list_id}/publish",
    "/draws",
    "/draws/checks/{check_id}",
    "/draws/checks/{check_id}/sign",
    "/draws/{draw_id}/draw",
    "/faces/challenges/{purpose}",  # a face is shown by its owner, who is signed in
    "/faces/mine",
    "/payments/batches/{batch_id}/check",
    "/payments/batches/{batch_id}/confirm",
    "/payments/batches/{batch_id}/cosign",
    "/payments/batches/{batch_id}/owners",
    "/payments/batches/{batch_id}/release",
    "/payments/batches/{batch_id}/returns",
    "/payments/recoveries/{int:recovery_id}/decide",
    "/payments/recoveries/{int:recovery_id}/plan",
    "/payments/recoveries/{int:recovery_id}/plan/end",
    "/payments/recoveries/{int:recovery_id}/receipts",
    "/payments/recoveries/{int:recovery_id}/reopen",
    "/payments/recoveries/{int:recovery_id}/write-offs",
    "/payments/write-offs/{int:write_off_id}/cosign",
    "/payments/write-offs/{int:write_off_id}/decide",
    "/proposals/{int:proposal_id}/close",
    "/proposals/{int:proposal_id}/order",
    "/fees/classes/{int:class_id}/sign-ups",
    "/fees/receipts/{int:entry_id}/answer",
    "/fees/{int:sign_up_id}/withdraw",
    "/exchange/batches",
    "/exchange/batches/{batch_id}/load",
    "/exchange/batches/{batch_id}/refuse",
    "/persons/search",
}

MONEY = {"claims", "proposals", "payments", "fees"}


def writing():
    """Every endpoint that writes, with its address."""
    for prefix, router in api._routers:
        for path, view in router.path_operations.items():
            for operation in view.operations:
                if set(operation.methods) - {"GET", "HEAD"}:
                    yield f"/{prefix.strip('/')}{path}", operation.view_func


def test_whatever_moves_money_is_done_once_for_a_key():
    """As the description of the API says: a system that lost the answer sends it again."""
    money = [(path, view) for path, view in writing() if path.split("/")[1] in MONEY]
    assert {path.split("/")[1] for path, _view in money} == MONEY
    assert [path for path, view in money if not hasattr(view, "once")] == []


def test_whatever_an_institutions_key_may_write_names_its_scope():
    """A key for one purpose is not a key for all: an endpoint that writes says which keys it is for."""
    unscoped = {path for path, view in writing() if not hasattr(view, "scope")}
    assert unscoped <= WITHOUT_A_KEY, unscoped - WITHOUT_A_KEY
