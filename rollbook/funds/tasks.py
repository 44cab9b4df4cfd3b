from django.utils import timezone
from django_tasks import task

from rollbook.funds import actions


@task
def hand_to_bank(batch_id: int) -> None:
    """A released batch goes to the bank; the clock tries again where the line breaks."""
    actions.send_batch(batch_id=batch_id, now=timezone.now())


@task
def ask_owners(batch_id: int) -> None:
    """The bank is asked whose the accounts of a batch are, as far as it has not said."""
    actions.ask_owners(batch_id=batch_id, now=timezone.now())


@task
def account_changed(person_id: int) -> None:
    """Somebody is paid elsewhere from now on: approvals for the old account are void."""
    actions.account_changed(person_id=person_id, now=timezone.now())


@task
def organisation_account_changed(organisation_id: int) -> None:
    """An employer or institution is paid elsewhere from now on: approvals for the old account are void."""
    actions.account_changed(organisation_id=organisation_id, now=timezone.now())
