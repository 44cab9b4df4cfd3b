"""The policy simulator: what a change would have cost, and whom it reaches, on claims of the past (B5)."""

from dataclasses import replace
from datetime import date
from io import StringIO

import numpy as np
import pyarrow as pa
import pytest
from django.core.management import call_command
from django.urls import reverse

from rollbook.funds.models import LedgerEntry
from rollbook.journal.models import Entry
from rollbook.kernel.columns import Counts, Texts
from rollbook.kernel.reasons import Forbidden, NotFound, Refused
from rollbook.subsidies import actions, queries, rules
from rollbook.subsidies.models import Claim, PolicyVersion, Simulation
from rollbook.subsidies.queries import extract
from rollbook.subsidies.rules import simulation as sim
from rollbook.subsidies.tests import factories as f
from rollbook.subsidies.tests.cases import facts, shipped

PERIOD = {"since": date(2026, 1, 1), "until": date(2026, 12, 31)}


@pytest.fixture(autouse=True)
def lake(settings, tmp_path):
    settings.LAKE_ROOT = tmp_path


def table(cases, **about) -> pa.Table:
    """An extract of these cases, a claim each, of persons 1, 2, …"""
    rows = len(cases)
    columns = {}
    for name, one in rules.Facts.__dataclass_fields__.items():
        if one.type is Texts:
            continue
        values = np.concatenate([getattr(case, name) for case in cases])
        columns[name] = pa.array(values.reshape(-1))
        if one.type is Counts:
            columns[name] = pa.FixedSizeListArray.from_arrays(columns[name], values.shape[1])
    given = {
        "claim": range(1, rows + 1), "person": range(1, rows + 1), "institution": [1] * rows, "county": [320102] * rows,
        "policy": [1] * rows, "filed_on": [20260401] * rows, "decided_fen": [150_000] * rows,
        "born_on": [19900101] * rows, "sex": [1] * rows, "is_refused": [False] * rows,
    } | about  # fmt: skip
    return pa.table(columns | {name: pa.array(list(values)) for name, values in given.items()})


POLICY = replace(shipped("320000", "training"), source="table")
SCOPE = sim.Scope(county_from=320000, county_below=330000, since=20260101, until=20261231, policies=(1,))


def worked_out(extract_table, scenario, policy=POLICY):
    mine, others = sim.within(extract_table, SCOPE)
    return sim.result([sim.decided(mine, policy, scenario.applied(policy), scenario)] if mine.num_rows else [], others)


class TestRules:
    def test_per_cent_of_all_amounts_moves_table_and_directory(self):
        """A tenth more, whether the standard is the policy's or the directory's."""
        cases = table([facts(), facts(level=3)])
        found = worked_out(cases, sim.Scenario(percent=110))
        assert (found["before_fen"], found["after_fen"]) == (350_000, 385_000)
        listed = table([facts(list_fen=100_000)])
        found = worked_out(listed, sim.Scenario(percent=50), replace(POLICY, source="list"))
        assert (found["before_fen"], found["after_fen"]) == (100_000, 50_000)

    def test_rows_factors_and_caps_are_changed_one_by_one(self):
        row = next(n for n, one in enumerate(POLICY.amounts) if (one.grade, one.level, one.kind) == ("A", 4, "level"))
        cases = table([facts(), facts(urgency="scarce"), facts(grade="B")])
        assert worked_out(cases, sim.Scenario(amounts={row: 200_000}))["after_fen"] == 200_000 + 260_000 + 120_000
        assert worked_out(cases, sim.Scenario(factors={0: 100}))["after_fen"] == 150_000 + 150_000 + 120_000
        once = [0] * len(rules.Kind)
        once[0] = 1
        cases = table([facts(had_ever=once), facts()])
        found = worked_out(cases, sim.Scenario(caps={0: 1}))
        assert (found["claims_refused"], found["people_less"], found["after_fen"]) == (1, 1, 150_000)

    def test_deadlines_and_attendance(self):
        cases = table([facts(days_since_certificate=100, attended_percent=85), facts()])
        assert worked_out(cases, sim.Scenario(claim_days=90))["claims_refused"] == 1
        assert worked_out(cases, sim.Scenario(attendance_least=90))["claims_refused"] == 1
        loose = table([facts(attended_percent=75)])
        assert worked_out(loose, sim.Scenario(attendance_least=70))["claims_gained"] == 1

    def test_a_change_begins_on_its_day(self):
        cases = table([facts(), facts()], filed_on=[20260331, 20260401])
        assert worked_out(cases, sim.Scenario(percent=200, from_on=20260401))["after_fen"] == 150_000 + 300_000

    def test_only_claims_of_the_scope_are_looked_at_and_the_others_counted(self):
        cases = table(
            [facts()] * 6, county=[320102, 330100, 320102, 320102, 320102, 320583], policy=[1, 1, 2, 1, 1, 1],
            filed_on=[20260401, 20260401, 20260401, 20251231, 20260401, 20260401],
            is_refused=[False, False, False, False, True, False],
        )  # fmt: skip
        found = worked_out(cases, sim.Scenario(percent=110))
        assert (found["claims"], found["untouched"]) == (2, 1)

    def test_groups_add_up_and_people_are_counted_once(self):
        cases = table(
            [facts(level=n, category=c) for n, c in ((5, "rural"), (4, "rural"), (3, "veteran"), (3, "rural"))],
            person=[1, 1, 2, 3], sex=[1, 1, 2, 1], born_on=[20050402, 20010101, 19600101, 19910402],
            institution=[1, 1, 2, 2], county=[320102, 320102, 320583, 320583],
        )  # fmt: skip
        found = worked_out(cases, sim.Scenario(percent=110))
        assert (found["people"], found["claims"], found["institutions"]) == (3, 4, 2)
        for dimension in sim.Dimension:
            rows = found["groups"][dimension]
            assert sum(row["claims"] for row in rows) == 4
            assert sum(row["before_fen"] for row in rows) == found["before_fen"] == 650_000
            assert sum(row["after_fen"] for row in rows) == found["after_fen"] == 715_000
        assert [row["people"] for row in found["groups"]["county"]] == [2, 1]
        # On 1 April 2026 who was born on 2 April 2005 is 20, on 2 April 1991 is 34.
        assert [(row["key"], row["people"]) for row in found["groups"]["age"]] == [(0, 1), (1, 2), (4, 1)]

    def test_blocks_come_to_what_one_table_does(self):
        cases = [facts(level=1 + n % 5, grade="ABC"[n % 3], attended_percent=70 + n % 31) for n in range(60)]
        whole = table(cases, person=[n % 20 for n in range(60)])
        scenario = sim.Scenario(percent=90)
        parts = [
            sim.decided(sim.within(whole.slice(n, 7), SCOPE)[0], POLICY, scenario.applied(POLICY), scenario)
            for n in range(0, 60, 7)
        ]
        assert sim.result(parts, 0) == worked_out(whole, scenario)

    @pytest.mark.parametrize(
        ("scenario", "code"),
        [
            (sim.Scenario(), "nothing-changed"), (sim.Scenario(from_on=20260101), "nothing-changed"),
            (sim.Scenario(percent=0), "percent"), (sim.Scenario(amounts={99: 1}), "no-row"),
            (sim.Scenario(amounts={0: -1}), "negative"), (sim.Scenario(factors={0: 301}), "factor"),
            (sim.Scenario(caps={0: 0}), "cap"), (sim.Scenario(attendance_least=101), "attendance"),
            (sim.Scenario(source="x"), "source"),
        ],
    )  # fmt: skip
    def test_what_cannot_be_tried(self, scenario, code):
        assert code in [one.code for one in sim.reasons_against_scenario(scenario, POLICY, None)]

    def test_a_scenario_is_kept_and_read_again(self):
        scenario = sim.Scenario(
            percent=90, amounts={3: 5}, factors={0: 2}, caps={1: 9}, claim_days=-1, from_on=20260101
        )
        assert sim.Scenario.of(scenario.json()) == scenario


@pytest.mark.django_db
class TestDeeds:
    @pytest.fixture
    def claims(self):
        return f.claims(3)

    @pytest.fixture
    def policy(self, claims):
        return claims[0].policy

    def ask(self, policy, by=None, **values):
        by = by or f.account("province-officer", region_code="320000")
        values = {"name": "九折", "region_code": "320000", "scenario": sim.Scenario(percent=90), **PERIOD} | values
        return actions.ask_simulation(by=by, policy_id=policy.pk, now=f.NOW, **values)

    def state(self):
        columns = [one.attname for one in Claim._meta.concrete_fields]
        return list(Claim.objects.order_by("pk").values_list(*columns)), LedgerEntry.objects.count()

    def test_it_is_worked_out_and_touches_nothing(self, policy):
        before = self.state()
        one = self.ask(policy)
        actions.run_simulation(simulation_id=one.pk)
        one.refresh_from_db()
        assert (one.state, one.result["claims"], one.result["people"]) == ("done", 3, 3)
        assert (one.result["before_fen"], one.result["decided_fen"]) == (450_000, 450_000)
        assert one.result["after_fen"] == 405_000
        assert (one.done, one.steps) == (2, 2)
        assert self.state() == before
        assert not Entry.objects.filter(kind__startswith="claim.", at__gt=one.started_at).exists()

    def test_the_extract_is_what_was_stored(self, claims):
        [(block, count, _filings)] = extract.blocks()
        columns = extract.rows_of_block(block)
        assert count == 3
        read = sim.facts_of(columns)
        for row, claim in enumerate(sorted(claims, key=lambda one: one.pk)):
            claim.refresh_from_db()
            said = rules.said(read, row)
            assert {k: v for k, v in said.items() if k != "attendance_document"} == {
                k: v for k, v in claim.facts.items() if k != "attendance_document"
            }

    def test_a_block_is_written_again_only_when_it_changed(self, claims, policy):
        actions.run_simulation(simulation_id=self.ask(policy).pk)
        [path] = extract.folder().iterdir()
        written = path.stat().st_mtime_ns
        actions.run_simulation(simulation_id=self.ask(policy).pk)
        assert path.stat().st_mtime_ns == written
        officer = f.account("county-reviewer")
        actions.review_claim(by=officer, claim_id=claims[0].pk, move="return", why="补材料", now=f.NOW)
        manager = f.manager_of(claims[0].enrolment.training_class)
        actions.refile(by=manager, claim_id=claims[0].pk, now=f.NOW)
        actions.run_simulation(simulation_id=self.ask(policy).pk)
        [anew] = extract.folder().iterdir()
        assert anew != path

    def test_refused_claims_are_left_out(self, claims, policy):
        actions.review_claim(
            by=f.account("county-reviewer"), claim_id=claims[0].pk, move="refuse", why="冒名", now=f.NOW
        )
        one = self.ask(policy)
        actions.run_simulation(simulation_id=one.pk)
        one.refresh_from_db()
        assert one.result["claims"] == 2

    def test_a_draft_stands_in_the_place_of_the_version(self, policy):
        content = policy.content | {"caps": [], "instalments": [{"stage": "certified", "percent": 60}]}
        draft = f.PolicyFactory(region_code="320000", subsidy="training", content=content, version=9)
        one = self.ask(policy, other_id=draft.pk, scenario=sim.Scenario())
        actions.run_simulation(simulation_id=one.pk)
        one.refresh_from_db()
        assert one.result["after_fen"] == 450_000 * 60 // 100

    def test_claims_under_another_regions_policy_are_counted_and_left(self, claims):
        wuxi = PolicyVersion.objects.get(region_code="320200", subsidy="training")
        one = self.ask(wuxi)
        actions.run_simulation(simulation_id=one.pk)
        one.refresh_from_db()
        assert (one.result["claims"], one.result["untouched"]) == (0, 3)

    def test_who_may_try_what(self, policy):
        county = f.account("county-reviewer")
        assert self.ask(policy, county, region_code="320102").office_code == "320102"
        for by in (county, f.account("worker", person_id=f.PersonFactory().pk)):
            with pytest.raises(Forbidden):
                self.ask(policy, by)
        manager = f.manager_of(Claim.objects.first().enrolment.training_class)
        with pytest.raises(Forbidden):
            self.ask(policy, manager, region_code="320102")
        with pytest.raises(NotFound):
            queries.simulation(f.account("county-reviewer", region_code="320583"), Simulation.objects.get().pk)
        assert Simulation.objects.count() == 1

    @pytest.mark.parametrize(
        ("values", "code"),
        [
            ({"since": date(2027, 1, 1)}, "period"), ({"name": " "}, "name"),
            ({"scenario": sim.Scenario()}, "nothing-changed"),
        ],
    )  # fmt: skip
    def test_what_is_refused_leaves_nothing(self, policy, values, code):
        with pytest.raises(Refused) as refusal:
            self.ask(policy, **values)
        assert code in [one.code for one in refusal.value.reasons]
        assert Simulation.objects.count() == 0

    def test_three_at_once_and_no_more(self, policy):
        by = f.account("province-officer", region_code="320000")
        for _ in range(3):
            self.ask(policy, by)
        with pytest.raises(Refused) as refusal:
            self.ask(policy, by)
        assert [one.code for one in refusal.value.reasons] == ["too-many"]

    def test_a_failure_is_told_and_not_left_running(self, policy, monkeypatch):
        one = self.ask(policy)
        monkeypatch.setattr("rollbook.subsidies.queries.extract.rows_of_block", lambda _block: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            actions.run_simulation(simulation_id=one.pk)
        one.refresh_from_db()
        assert one.state == "failed"
        assert "ZeroDivisionError" in one.failure

    def test_the_command_saves_what_it_tells(self, policy):
        f.account("province-officer", region_code="320000", username="chief")
        out = StringIO()
        call_command(
            "simulate_policy", "九折", policy=policy.pk, by="chief", since=date(2026, 1, 1), percent=90, stdout=out
        )
        assert "¥4,500.00 → ¥4,050.00" in out.getvalue()
        assert Simulation.objects.get().state == "done"


@pytest.mark.django_db
class TestPages:
    @pytest.fixture
    def done(self):
        [claim, _other] = f.claims(2)
        by = f.account("province-officer", region_code="320000")
        for percent in (90, 120):
            one = actions.ask_simulation(
                by=by, name=f"{percent} %", region_code="320000", policy_id=claim.policy_id,
                scenario=sim.Scenario(percent=percent), now=f.NOW, **PERIOD,
            )  # fmt: skip
            actions.run_simulation(simulation_id=one.pk)
        return by, claim

    @pytest.fixture
    def get(self, client, settings, done):
        settings.DEMO = True
        client.cookies["django_language"] = "en"
        client.force_login(done[0], backend=settings.AUTHENTICATION_BACKENDS[0])
        return lambda name, *args, **query: client.get(reverse(f"subsidies:{name}", args=args, query=query))

    def test_list_detail_excel_and_comparison(self, get, done):
        first, second = Simulation.objects.order_by("pk")
        assert "¥2,700.00" in get("simulation_list").text
        page = get("simulation_detail", first.pk).text
        assert "All amounts: 90 %" in page
        assert 'data-chart="county"' in page
        assert get("simulation_detail", first.pk, export=1).status_code == 200
        assert Entry.objects.filter(kind="list.exported").exists()
        page = get("simulation_compare", one=[first.pk, second.pk], by="level").text
        assert "¥2,700.00" in page
        assert "¥3,600.00" in page
        assert get("simulation_compare").status_code == 200

    def test_rows_of_the_policy_stand_ready_and_are_sent(self, get, done, client):
        _by, claim = done
        call_command("load_regions", verbosity=0)
        assert "Policy to change" in get("simulation_new").text
        page = get("simulation_new", policy=claim.policy_id).text
        assert 'name="amounts-0"' in page
        sent = {
            "policy": claim.policy_id, "name": "表", "region_code": "320000", "since": "2026-01-01", "until": "2026-12-31",
            "percent": 100, "source": "table", "amounts-3": "2000", "from_on": "", "claim_days": "", "other": "",
            "attendance_least": "",
        }  # fmt: skip
        answer = client.post(reverse("subsidies:simulation_new"), sent)
        assert answer.status_code == 302
        made = Simulation.objects.latest("pk")
        assert made.scenario["amounts"] == {"3": 200_000}
        assert made.scenario["source"] == "table"
        waiting = get("simulation_detail", made.pk).text
        assert "Waits for a worker." in waiting or made.state == "done"
        assert get("simulation_new", policy=10**9).status_code == 404

    def test_lists_ask_a_fixed_number_of_questions(self, get, done, django_assert_max_num_queries):
        get("simulation_list")
        with django_assert_max_num_queries(10):
            get("simulation_list")
