"""Trying a change of a policy on claims of the past; real claims are only read (B5)."""

from datetime import date, datetime
from typing import TYPE_CHECKING

from django.db import transaction
from django.utils import timezone

from rollbook.accounts.rules import Permission, authorise
from rollbook.journal.actions import record
from rollbook.kernel.messages import _
from rollbook.kernel.reasons import Forbidden, NotFound, Refused, reason, refuse_if
from rollbook.subsidies import queries
from rollbook.subsidies.models import PolicyVersion, Simulation
from rollbook.subsidies.rules.simulation import JobState, Scenario, reasons_against_scenario

if TYPE_CHECKING:
    from rollbook.accounts.models import Account

OPEN_AT_ONCE = 3  # of one account, so that nobody takes the worker from the others


@transaction.atomic
def ask_simulation(
    *, by: "Account", name: str, region_code: str, since: date, until: date, policy_id: int, scenario: Scenario,
    now: datetime, other_id: int | None = None,
) -> Simulation:  # fmt: skip
    """Save a change to be tried; the worker works it out."""
    authorise(by, Permission.STATISTICS_READ, region_code=region_code)
    if by.institution_id is not None:
        raise Forbidden(Permission.STATISTICS_READ)
    policy = _version(by, policy_id)
    other = _version(by, other_id) if other_id else None
    if since > until:
        raise Refused(reason("period", _("The period ends before it begins."), "B5"))
    if not name.strip():
        raise Refused(reason("name", _("Give the simulation a name."), "B5"))
    base = queries.rules_of(policy)
    refuse_if(reasons_against_scenario(scenario, base, queries.rules_of(other) if other else None))
    if other and (scenario.amounts or scenario.factors or scenario.caps):
        text = _("Rows are changed of the present policy; another version brings its own.")
        raise Refused(reason("rows-of-other", text, "B5"))
    waiting = Simulation.objects.select_for_update().filter(made_by=by, state__in=(JobState.WAITING, JobState.RUNNING))
    if len(waiting) >= OPEN_AT_ONCE:
        raise Refused(reason("too-many", _("Wait until one of your simulations is done."), "B5"))
    one = Simulation.objects.create(
        name=name.strip()[:64], office_code=by.region_code, region_code=region_code, since=since, until=until,
        policy=policy, other=other, scenario=scenario.json(), made_by=by, made_at=now,
    )  # fmt: skip
    record("simulation.asked", one, by=by, at=now, region_code=by.region_code, name=one.name)
    return one


def _version(by: "Account", version_id: int) -> PolicyVersion:
    found = queries.policies_visible_to(by).filter(pk=version_id).first()
    if found is None:
        raise NotFound
    return found


def run_simulation(*, simulation_id: int) -> None:
    """Work it out. Not one transaction: its progress is seen, and it reads millions of rows."""
    waiting = Simulation.objects.filter(pk=simulation_id, state=JobState.WAITING)
    if not waiting.update(state=JobState.RUNNING, started_at=timezone.now()):
        return  # another worker has it
    one = Simulation.objects.select_related("policy", "other").get(pk=simulation_id)

    def progress(done: int, steps: int) -> None:
        Simulation.objects.filter(pk=simulation_id).update(done=done, steps=steps)

    try:
        one.result = queries.worked_out(one, progress)
        one.state = JobState.DONE
    except Exception as error:
        one.state, one.failure = JobState.FAILED, f"{type(error).__name__}: {error}"[:200]
        raise
    finally:
        one.finished_at = timezone.now()
        one.save(update_fields=["result", "state", "failure", "finished_at"])
