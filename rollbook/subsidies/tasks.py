from django.utils import timezone
from django_tasks import task

from rollbook.certificates import queries as certificates
from rollbook.funds import queries as funds
from rollbook.subsidies import actions, queries


@task
def payment_paid(line_id: int) -> None:
    """The bank paid a line: the claim behind it is paid."""
    actions.settle_payment(subject=funds.subject_of(line_id), is_paid=True, failure="", now=timezone.now())


@task
def payment_failed(line_id: int) -> None:
    line = funds.line(line_id)
    actions.settle_payment(subject=line.subject, is_paid=False, failure=line.failure, now=timezone.now())


@task
def certificate_revoked(certificate_id: int) -> None:
    """What was paid on the strength of a certificate that is void is proposed to come back."""
    enrolment_id = certificates.enrolment_of(certificate_id)
    actions.propose(claim_ids=queries.paid_of_enrolment(enrolment_id), now=timezone.now())


@task
def paper_decided(paper_id: int) -> None:
    """What was paid on a paper that was found false is proposed to come back."""
    actions.propose(claim_ids=queries.paid_on_paper(paper_id), now=timezone.now())


@task
def claim_looked_into(claim_id: int) -> None:
    """An inspection or a settled alert concerns a claim, or no longer does."""
    actions.propose(claim_ids=[claim_id], now=timezone.now())


@task
def person_merged(person_id: int) -> None:
    """Two records are of one person, or are told apart again: one of two payments may have been one too many."""
    actions.propose(claim_ids=queries.paid_of_person(person_id), now=timezone.now())


@task
def run_filing(filing_id: int) -> None:
    """Everybody of a class is claimed for who is due something."""
    actions.run_filing(filing_id=filing_id)


@task
def recompute(run_id: int) -> None:
    """An officer asked to have the claims of the region worked out again."""
    actions.run_recomputation(run_id=run_id, now=timezone.now())


@task
def run_simulation(simulation_id: int) -> None:
    """A change of a policy is tried on claims of the past."""
    actions.run_simulation(simulation_id=simulation_id)
