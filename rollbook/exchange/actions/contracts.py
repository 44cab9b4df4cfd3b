import base64
from collections.abc import Iterator
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.utils.timezone import localdate
from psycopg.types.range import DateRange

from rollbook.accounts.rules import Permission, authorise
from rollbook.exchange import queries, rules
from rollbook.exchange.models import Contract, Source
from rollbook.journal.actions import record
from rollbook.kernel.messages import Message, _
from rollbook.kernel.reasons import NotFound, Refused, reason, refuse_if

if TYPE_CHECKING:
    from rollbook.accounts.models import Account

LIMITS = {"wrong_percent": 5, "changed_percent": 20, "matched_percent": 100}
BEGAN = date(2020, 1, 1)  # what comes with the project holds for older batches too


@transaction.atomic
def add_source(*, by: "Account", code: str, name: str, public_key: str, url: str, now: datetime) -> Source:
    """Enter a department that will deliver: by the office of the region whose facts it keeps."""
    authorise(by, Permission.EXCHANGE_SET, region_code=by.region_code)
    code, name, url, public_key = code.strip(), name.strip(), url.strip().rstrip("/"), public_key.strip()
    found = []
    if not code.isascii() or not code.replace("-", "").isalnum() or not name:
        text = _("A source has a name, and a code of letters, digits and hyphens.")
        found.append(reason("source-code", text, "N3.5"))
    found += against_line(public_key, url)
    if queries.source_by_code(code) is not None:
        found.append(reason("source-known", _("There is a source with the code “{known}”."), "N3.5", known=code))
    refuse_if(found)
    source = Source.objects.create(
        code=code,
        name=name,
        region_code=by.region_code,
        public_key=public_key,
        url=url,
        next_try_at=now,
        created_at=now,
    )
    record("exchange.source-added", source, by=by, at=now, region_code=source.region_code, name=name)
    return source


def against_line(public_key: str, url: str) -> Iterator[Message]:
    """What is wrong with a source's key and address."""
    if public_key and not _is_key(public_key):
        yield reason("source-key", _("The public key is 32 bytes of Ed25519 in base64."), "N3.5")
    if url and not url.startswith(("https://", "http://")):
        yield reason("source-url", _("An address begins with https:// (http:// within a closed network)."), "N3.5")
    if url and not public_key:
        yield reason("source-unsigned", _("A source that is fetched from signs: give its public key."), "N3.5")


def _is_key(text: str) -> bool:
    try:
        return len(base64.b64decode(text, validate=True)) == 32
    except ValueError:
        return False


@transaction.atomic
def set_contract(
    *,
    by: "Account",
    source_id: int,
    feed: str,
    from_on: date,
    cadence_days: int,
    purpose: str,
    legal_basis: str,
    document: str,
    wrong_percent: int,
    changed_percent: int,
    matched_percent: int,
    now: datetime,
) -> Contract:
    """Agree with a source what it delivers from a day on; what was agreed before stays on record (N3.5)."""
    source = queries.sources(by).select_for_update().filter(pk=source_id).first()
    shape = queries.catalogue().get(feed)
    if source is None or shape is None:
        raise NotFound
    authorise(by, Permission.EXCHANGE_SET, region_code=source.region_code)
    found = []
    if not (purpose.strip() and legal_basis.strip() and document.strip()):
        text = _("Name the purpose, the legal basis and the document: without them no personal data are asked for.")
        found.append(reason("contract-basis", text, "N3.5"))
    if cadence_days < 1 or not all(0 <= one <= 100 for one in (wrong_percent, changed_percent, matched_percent)):
        found.append(reason("contract-figures", _("A cadence is at least a day, a share between 0 and 100."), "N3.5"))
    former = queries.contract_now(source.pk, feed)
    if former is not None and former.in_force.lower >= from_on:
        text = _("The contract now in force began on {day}; the new one must begin later.")
        found.append(reason("contract-date", text, "N3.5", day=former.in_force.lower))
    if former is not None and from_on < localdate(now):
        text = _("{day} has passed; a contract changes today or later.")
        found.append(reason("contract-past", text, "N3.5", day=from_on))
    refuse_if(found)
    if former is not None:
        former.in_force = DateRange(former.in_force.lower, from_on)
        former.save(update_fields=["in_force"])
    contract = Contract.objects.create(
        source=source, feed=feed, in_force=DateRange(from_on, None), shape=shape, cadence_days=cadence_days,
        purpose=purpose.strip(), legal_basis=legal_basis.strip(), document=document.strip(), set_by=by, set_at=now,
        wrong_percent=wrong_percent, changed_percent=changed_percent, matched_percent=matched_percent,
    )  # fmt: skip
    record(
        "exchange.contract-set", contract, by=by, at=now, region_code=source.region_code,
        document=contract.document, from_on=str(from_on),
    )  # fmt: skip
    return contract


@transaction.atomic
def load_feeds(*, by: "Account", now: datetime) -> list[Contract]:
    """Enter one source for each feed of the catalogue, with its contract; what is there already stays as it is."""
    made = []
    for feed, row in queries.catalogue().items():
        code = f"{by.region_code}-{feed}"
        if queries.source_by_code(code) is not None:
            continue
        source = add_source(by=by, code=code, name=row["department"], public_key="", url="", now=now)
        made.append(set_contract(by=by, source_id=source.pk, feed=feed, from_on=BEGAN, now=now, **terms_of(row)))
    return made


def terms_of(row: dict[str, Any]) -> dict[str, Any]:
    """The terms on which the catalogue would have a feed."""
    texts = {name: row[name] for name in ("cadence_days", "purpose", "legal_basis", "document")}
    return texts | {name: row.get(name, least) for name, least in LIMITS.items()}


def limits_of(contract: Contract) -> rules.Limits:
    return rules.Limits(contract.wrong_percent, contract.changed_percent, contract.matched_percent)


def refuse_unknown(feed: str) -> Refused:
    text = _("There is no contract for “{feed}” with this source on that day.")
    return Refused(reason("no-contract", text, "N3.5", feed=feed))
