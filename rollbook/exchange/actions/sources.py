from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from django.db import transaction
from django.utils.timezone import localdate
from psycopg.types.range import DateRange

from rollbook.accounts.rules import Permission, authorise
from rollbook.exchange.actions.contracts import against_line
from rollbook.exchange.models import Contract, Source, SourceChange
from rollbook.exchange.queries import senders
from rollbook.journal.actions import record
from rollbook.kernel.messages import _
from rollbook.kernel.reasons import Refused, reason, refuse_if

if TYPE_CHECKING:
    from rollbook.accounts.models import Account


@transaction.atomic
def ask_source_change(
    *,
    by: "Account",
    source_id: int,
    public_key: str,
    url: str,
    cadence_days: int | None = None,
    why: str,
    now: datetime,
) -> SourceChange:
    """Ask that a source has another key, address or cadence. A key opens a door: nothing holds until another official
    of the office has confirmed it (N3.5, N14.1)."""
    source = _locked(by, source_id)
    public_key, url, why = public_key.strip(), url.strip().rstrip("/"), why.strip()[:200]
    found = list(against_line(public_key, url))
    if cadence_days is not None and cadence_days < 1:
        found.append(reason("contract-figures", _("A cadence is at least a day, a share between 0 and 100."), "N3.5"))
    if not why:
        found.append(reason("source-change-why", _("Say why the source changes, and by what document."), "N14.1"))
    if (public_key, url) == (source.public_key, source.url) and not _others(source, cadence_days):
        found.append(reason("source-same", _("The source is so already: nothing would change."), "N3.5"))
    if senders.open_change(source) is not None:
        text = _("A change of this source waits for another official already.")
        found.append(reason("source-change-open", text, "N14.1"))
    refuse_if(found)
    change = SourceChange.objects.create(
        source=source, public_key=public_key, url=url, cadence_days=cadence_days, why=why, asked_by=by, asked_at=now
    )
    _recorded("exchange.source-change-asked", change, by, now, why=why)
    return change


@transaction.atomic
def confirm_source_change(*, by: "Account", source_id: int, now: datetime) -> Source:
    """From now on the source signs with that key and is fetched from there. Its batches and facts go on; contracts
    with another cadence are superseded, all else in them as it was."""
    source = _locked(by, source_id)
    change = _open(source)
    if change.asked_by_id == by.pk:
        text = _("You asked for this change; another official confirms it.")
        raise Refused(reason("own-source-change", text, "N14.1"))
    _decide(change, by, now, is_confirmed=True)
    was = f"{source.public_key} {source.url}".strip()
    source.public_key, source.url = change.public_key, change.url
    source.failures, source.failure, source.next_try_at = 0, "", now
    source.save(update_fields=["public_key", "url", "failures", "failure", "next_try_at"])
    for former in _others(source, change.cadence_days):
        _superseded(former, change, by, now)
    _recorded("exchange.source-changed", change, by, now, why=change.why, was=was)
    return source


@transaction.atomic
def refuse_source_change(*, by: "Account", source_id: int, why: str, now: datetime) -> Source:
    """Turn a change down, or take the own one back: the source stays as it is."""
    source = _locked(by, source_id)
    change = _open(source)
    if not why.strip():
        raise Refused(reason("source-change-why-not", _("Say why the source stays as it is."), "N14.1"))
    _decide(change, by, now, is_confirmed=False)
    _recorded("exchange.source-change-refused", change, by, now, why=why.strip()[:200])
    return source


def _locked(by: "Account", source_id: int) -> Source:
    source = senders.get_source(by, source_id, lock=True)
    authorise(by, Permission.EXCHANGE_SET, region_code=source.region_code)
    return source


def _open(source: Source) -> SourceChange:
    change = senders.open_change(source)
    if change is None:
        raise Refused(reason("source-change-none", _("No change of this source waits any more."), "N14.1"))
    return change


def _decide(change: SourceChange, by: "Account", now: datetime, *, is_confirmed: bool) -> None:
    change.is_confirmed, change.decided_by, change.decided_at = is_confirmed, by, now
    change.save(update_fields=["is_confirmed", "decided_by", "decided_at"])


def _others(source: Source, cadence_days: int | None) -> list[Contract]:
    """Its contracts that have another cadence."""
    if cadence_days is None:
        return []
    return list(senders.contracts_of(source).exclude(cadence_days=cadence_days))


def _superseded(former: Contract, change: SourceChange, by: "Account", now: datetime) -> None:
    begun = former.in_force.lower
    from_on = max(localdate(now), begun + timedelta(1))
    former.in_force = DateRange(begun, from_on)
    former.save(update_fields=["in_force"])
    former.pk, former._state.adding = None, True  # the same contract anew
    former.in_force, former.cadence_days = DateRange(from_on, None), change.cadence_days or former.cadence_days
    former.set_by, former.set_at = by, now
    former.save()
    record(
        "exchange.contract-set", former, by=by, at=now, region_code=change.source.region_code,
        document=former.document, from_on=str(from_on),
    )  # fmt: skip


def _recorded(kind: str, change: SourceChange, by: "Account", now: datetime, *, why: str, was: str = "") -> None:
    record(
        kind, change.source, by=by, at=now, region_code=change.source.region_code, public_key=change.public_key,
        url=change.url, cadence_days=change.cadence_days, why=why, was=was,
    )  # fmt: skip
