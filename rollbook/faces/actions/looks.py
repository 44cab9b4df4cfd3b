"""What a phone's camera saw of its owner: a challenge, the pictures that answer it, and what they come to (N7.2, D49)."""

import secrets
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from django.db import transaction
from django.utils.timezone import localdate

from rollbook.accounts.rules import Permission, authorise
from rollbook.faces import adapters, queries, rules
from rollbook.faces.models import Challenge
from rollbook.faces.rules import liveness
from rollbook.kernel.messages import Message, _
from rollbook.kernel.reasons import Forbidden, NotFound, Refused, reason, refuse_if
from rollbook.persons import queries as persons

if TYPE_CHECKING:
    from rollbook.accounts.models import Account
    from rollbook.faces.adapters import FaceMatcher

MOST_CHALLENGES = 50  # that a device may hold at a time
TIME_TO_READ = 20  # seconds that a person has beyond the moves themselves


@dataclass(frozen=True, slots=True)
class Look:
    """What pictures come to that answered a challenge: why not, and the one in which the face is straightest."""

    challenge: Challenge
    reasons: tuple[Message, ...]
    straight: bytes
    is_last: bool  # of the tries of the day, should it not pass


def own(by: "Account") -> int:
    """The person of an account, by the record that is kept. Nobody agrees for another, nor shows a face for another."""
    authorise(by, Permission.CHECK_IN)
    if by.person_id is None:
        raise Forbidden("face")
    return queries.kept(by.person_id)


def _challenge(holder: str, purpose: rules.Purpose, seconds: int, now: datetime) -> Challenge:
    """Moves in an order that nobody knows before."""
    dice = secrets.SystemRandom()
    moves = [one.value for one in dice.choice(dice.choice(liveness.ORDERS))]
    return Challenge(
        nonce=secrets.token_urlsafe(32), holder=holder, purpose=purpose, moves=moves,
        issued_at=now, expires_at=now + timedelta(seconds=seconds),
    )  # fmt: skip


@transaction.atomic
def challenge_account(*, by: "Account", purpose: str = rules.Purpose.ENROL, now: datetime) -> Challenge:
    """The moves that a person makes before the phone's camera; nothing of it is journalled until it is answered."""
    person_id = own(by)
    wanted = rules.Purpose(purpose)
    refuse_if(against_template(person_id))
    if wanted == rules.Purpose.CHECK_IN:
        refuse_if(rules.reasons_without_template(has_template=queries.template_of(person_id) is not None))
    chosen = queries.policy_for(persons.by_id(person_id).region_code or by.region_code, localdate(now))
    refuse_if(
        rules.reasons_against_trying(
            queries.tries_failed(queries.holder_of(by.pk), wanted, localdate(now)), chosen.tries
        )
    )
    made = _challenge(queries.holder_of(by.pk), wanted, chosen.nonce_seconds + TIME_TO_READ, now)
    made.save()
    return made


@transaction.atomic
def challenge_device(*, device_id: int, region_code: str, count: int, now: datetime) -> list[Challenge]:
    """Challenges for the next people at a device, each good for seconds."""
    chosen = queries.policy_for(region_code, localdate(now))
    count = min(max(count, 1), MOST_CHALLENGES)
    made = [_challenge(f"device:{device_id}", rules.Purpose.CHECK_IN, chosen.nonce_seconds, now) for _n in range(count)]
    return Challenge.objects.bulk_create(made)


def look(*, by: "Account", purpose: rules.Purpose, nonce: str, pictures: Sequence[bytes], now: datetime) -> Look:
    """Look at the pictures that answer a challenge. They go nowhere but into the decision.

    The challenge is spent before anything is looked at, so that nobody tries the same one twice; what was not looked at
    to its end counts as a try, but for a matcher that does not answer.
    """
    person_id = own(by)
    refuse_if(against_template(person_id))
    if not liveness.LEAST_FRAMES <= len(pictures) <= liveness.MOST_FRAMES:
        text = _("From {least} to {most} pictures are needed; {count} came.")
        raise Refused(
            reason(
                "pictures", text, "N7.2", least=liveness.LEAST_FRAMES, most=liveness.MOST_FRAMES, count=len(pictures)
            )
        )
    spent, is_last = _spend(by, person_id, purpose, nonce, now)
    with answering(spent):
        frames = matcher().frames(pictures)
    found = tuple(liveness.reasons_against_liveness(spent.moves, frames))
    turns = {n: abs(one.turn) for n, one in enumerate(frames) if one is not None}
    return Look(spent, found, pictures[min(turns, key=lambda n: turns[n])] if turns else pictures[0], is_last)


@contextmanager
def answering(spent: Challenge) -> Iterator[None]:
    """A try that the matcher does not answer is none: its challenge is gone, and the person begins again."""
    try:
        yield
    except adapters.Unavailable:
        spent.delete()
        raise Refused(unavailable()) from None


@transaction.atomic
def pass_look(seen: Look) -> None:
    """The face passed: it is no failed try."""
    seen.challenge.passed = True
    seen.challenge.save(update_fields=["passed"])


def against_template(person_id: int) -> list[Message]:
    has_consent = queries.consent_of(person_id) is not None
    return list(rules.reasons_against_template(has_consent=has_consent, is_set_up=queries.is_set_up()))


def matcher() -> "FaceMatcher":
    found = adapters.matcher()
    if found is None:
        raise Refused(*rules.reasons_against_template(has_consent=True, is_set_up=False))
    return found


def unavailable() -> Message:
    return reason(
        "matcher-away", _("The comparison of faces does not answer now. Try later, or use another way."), "S69"
    )


@transaction.atomic
def _spend(by: "Account", person_id: int, purpose: rules.Purpose, nonce: str, now: datetime) -> tuple[Challenge, bool]:
    """The challenge, and whether it is the last try. Tries are counted with the person's row held, so that many at once
    are not more than one after the other."""
    persons.lock(person_id)
    most = queries.policy_for(persons.by_id(person_id).region_code or by.region_code, localdate(now)).tries
    holder = queries.holder_of(by.pk)
    failed = queries.tries_failed(holder, purpose, localdate(now))
    found = Challenge.objects.select_for_update().filter(nonce=nonce, holder=holder, purpose=purpose).first()
    refuse_if(
        [
            *rules.reasons_against_challenge(
                is_known=found is not None,
                is_used=found is not None and found.used_at is not None,
                is_over=found is not None and now > found.expires_at,
            ),
            *rules.reasons_against_trying(failed, most),
        ]
    )
    if found is None:
        raise NotFound
    found.used_at = now
    found.save(update_fields=["used_at"])
    return found, failed + 1 >= most
