"""A demand list by the file: the limits of the upper list cell by cell, and out and in again (N1.1, N1.2)."""

from datetime import UTC, date, datetime

import pytest
from django.conf import settings as django_settings
from django.urls import reverse

from rollbook.accounts.tests.factories import AccountFactory
from rollbook.directory import actions
from rollbook.directory.files import PROJECTS
from rollbook.directory.models import DemandItem
from rollbook.directory.tests.factories import DemandItemFactory, DemandListFactory, OccupationFactory, load_terms
from rollbook.journal.models import Entry
from rollbook.kernel.reasons import Refused

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 3, 2, 2, tzinfo=UTC)
GOOD = {
    "training_type": "技能等级培训", "code": "6-18-02-04", "level": "高级", "hours": "56", "practice_percent": "60",
    "amount_fen": "1500", "urgency": "紧缺", "scarce_amount_fen": "1800",
}  # fmt: skip


@pytest.fixture
def welder():
    load_terms()
    return OccupationFactory(code="6-18-02-04", name="焊工")


@pytest.fixture
def draft(welder):
    upper = DemandListFactory(region_code="320000")
    DemandItemFactory(
        demand_list=upper, occupation=welder, level="3", training_type="level", hours=56, practice_percent=60,
        amount_fen=150_000,
    )  # fmt: skip
    return DemandListFactory(region_code="320102", state="draft", in_force=None, published_at=None)


@pytest.fixture
def officer():
    return AccountFactory(role="county-reviewer", region_code="320102")


def csv(*rows):
    lines = [
        [one.header for one in PROJECTS],
        *([{**GOOD, **row}.get(one.key, "") for one in PROJECTS] for row in rows),
    ]
    return "\n".join(",".join(line) for line in lines).encode()


def test_projects_are_added_and_those_there_are_replaced(draft, officer, welder):
    kept = DemandItemFactory(demand_list=draft, level="4", occupation=welder, amount_fen=1)
    old = DemandItemFactory(demand_list=draft, level="3", occupation=welder, training_type="level", amount_fen=1)
    assert actions.import_items(by=officer, list_id=draft.pk, content=csv({}), now=NOW) == 1
    kept.refresh_from_db()
    old.refresh_from_db()
    assert (kept.amount_fen, old.amount_fen, old.scarce_amount_fen, old.urgency) == (1, 150_000, 180_000, "scarce")
    entry = Entry.objects.get(kind="demand.items-imported")
    assert (entry.data["rows"], len(entry.data["file"])) == (1, 64)


@pytest.mark.parametrize(
    ("changes", "column", "code"),
    [
        ({"hours": "40"}, "学时", "item-hours"),
        ({"practice_percent": "50"}, "实操比例（%）", "item-practice"),
        ({"amount_fen": "3000", "scarce_amount_fen": ""}, "补贴标准（元）", "item-amount"),
        ({"amount_fen": "十元"}, "补贴标准（元）", "bad-amount"),
        ({"amount_fen": "1500.005"}, "补贴标准（元）", "bad-amount"),
        ({"amount_fen": "NaN"}, "补贴标准（元）", "bad-amount"),
        ({"amount_fen": "1e99"}, "补贴标准（元）", "bad-amount"),
        ({"scarce_amount_fen": "1"}, "紧缺补贴标准（元）", "scarce-below"),
        ({"level": "无等级"}, "等级", "level-missing"),
        ({"training_type": "创业培训"}, "等级", "level-unknown"),
        ({"code": "0-00-00-00"}, "职业编码", "no-occupation"),
        ({"occupation": "车工"}, "职业编码", "no-occupation"),
        ({"urgency": "急"}, "紧缺程度", "bad-choice"),
    ],
)
def test_each_wrong_cell_is_told_and_nothing_written(draft, officer, changes, column, code):
    content = csv({}, {"level": "高级", **changes})
    sheet = actions.preview_items(by=officer, list_id=draft.pk, content=content, today=NOW.date())
    assert (3, column, code) in [(one.row, one.column, one.message.code) for one in sheet.wrong]
    with pytest.raises(Refused):
        actions.import_items(by=officer, list_id=draft.pk, content=content, now=NOW)
    assert not draft.items.exists()


def test_the_same_project_twice(draft, officer):
    sheet = actions.preview_items(by=officer, list_id=draft.pk, content=csv({}, {}), today=NOW.date())
    assert [(one.row, one.message.code) for one in sheet.wrong] == [(3, "twice")]


def test_only_a_draft_takes_projects(draft, officer):
    draft.state = "submitted"
    draft.save()
    with pytest.raises(Refused):
        actions.import_items(by=officer, list_id=draft.pk, content=csv({}), now=NOW)
    assert not draft.items.exists()


@pytest.mark.parametrize("language", ["en", "zh-hans"])
def test_an_exported_list_comes_back(client, settings, draft, officer, language):
    """Out as Excel, in again unchanged: the columns are the same words in both languages."""
    settings.DEMO = True
    actions.import_items(by=officer, list_id=draft.pk, content=csv({"scarce_amount_fen": ""}), now=NOW)
    before = list(DemandItem.objects.order_by("pk").values())
    client.force_login(officer, backend=django_settings.AUTHENTICATION_BACKENDS[0])
    page = reverse("directory:list_detail", args=[draft.pk])
    content = client.get(page, {"export": "1"}, headers={"accept-language": language}).content
    sheet = actions.preview_items(by=officer, list_id=draft.pk, content=content, today=date(2026, 3, 2))
    assert sheet.wrong == []
    [row] = sheet.rows
    item = before[0]
    assert (row["training_type"], row["level"], row["hours"], row["amount_fen"]) == (
        item["training_type"], item["level"], item["hours"], item["amount_fen"],
    )  # fmt: skip
