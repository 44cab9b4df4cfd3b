"""Filing the enterprise of a class of new apprentices (domain 3.5, N16.2)."""

from datetime import datetime
from typing import TYPE_CHECKING

from django.db import transaction

from rollbook.accounts.rules import Permission, authorise
from rollbook.classes import queries as classes
from rollbook.classes.rules.states import StudyForm
from rollbook.evidence import actions as evidence
from rollbook.evidence.rules import Keep, Kind
from rollbook.journal.actions import record
from rollbook.kernel.messages import Message
from rollbook.kernel.reasons import refuse_if
from rollbook.persons import actions as persons
from rollbook.subsidies import queries, rules
from rollbook.subsidies.models import Apprenticeship

if TYPE_CHECKING:
    from rollbook.accounts.models import Account
    from rollbook.classes.models import TrainingClass


def reasons_against_enterprise(klass: "TrainingClass") -> list[Message]:
    """Why no enterprise can be filed for a class now: shown before anything is filled in."""
    return list(
        rules.reasons_against_apprenticeship(
            is_apprenticeship=klass.study_form == StudyForm.APPRENTICESHIP,
            state=klass.state,
            years=rules.years_of(klass.starts_on, klass.ends_on),
            is_claimed=queries.is_claimed(klass.pk),
        )
    )


@transaction.atomic
def file_apprenticeship(
    *, by: "Account", class_id: int, uscc: str, name: str, agreement: str, paper: bytes, now: datetime
) -> Apprenticeship:
    """Say which enterprise a class of apprentices works for, with the agreement: the enterprise itself where it runs the
    class, or the institution on its behalf. It may be mended until something was claimed on it."""
    klass = classes.get(by, class_id, lock=True)
    authorise(by, Permission.CLAIM_FILE, institution_id=klass.institution_id)
    uscc = uscc.strip().upper()
    against = reasons_against_enterprise(klass)
    refuse_if([*against, *rules.reasons_against_agreement(uscc, name, agreement, has_paper=bool(paper))])
    enterprise = persons.register_organisation(
        by=by, uscc=uscc, name=name.strip(), region_code=klass.region_code, now=now
    )
    place = classes.place_of(klass, None, Keep.FILE, now)
    item = evidence.store(by=by, kind=Kind.PAPER, content=paper, place=place, title=agreement.strip(), now=now)
    values = {
        "enterprise": enterprise, "agreement": agreement.strip()[:128], "paper": item, "filed_at": now, "filed_by": by,
        "region_code": klass.region_code, "institution_id": klass.institution_id,
    }  # fmt: skip
    made, _is_new = Apprenticeship.objects.update_or_create(training_class=klass, defaults=values)
    record(
        "apprenticeship.filed", made, by=by, at=now, region_code=klass.region_code,
        institution_id=klass.institution_id, employer=enterprise.name, document=made.agreement, sha256=item.sha256,
    )  # fmt: skip
    return made
