"""Policies are drafted, agreed and published in the browser (N13.1): every form, every refusal."""

import pytest
from django.urls import reverse

from rollbook.directory.tests.factories import OccupationFactory
from rollbook.journal.models import Entry
from rollbook.subsidies import files, forms, queries, rules
from rollbook.subsidies.models import PolicyVersion
from rollbook.subsidies.tests import factories as f
from rollbook.subsidies.tests.cases import DATA, identified, shipped_all

pytestmark = pytest.mark.django_db
HERE = "320102"


@pytest.fixture(autouse=True)
def no_second_factor(settings):
    settings.DEMO = True


@pytest.fixture
def office():
    return f.account("county-reviewer", region_code=HERE)


@pytest.fixture
def finance():
    return f.account("county-finance", region_code=HERE)


def post(client, by, name, /, *args, status=302, **data):
    client.force_login(by)
    answer = client.post(reverse(f"subsidies:{name}", args=args), data, headers={"accept-language": "en"})
    assert answer.status_code == status, answer.content.decode()[-2000:]
    return answer


def get(client, by, name, /, *args, **query):
    client.force_login(by)
    answer = client.get(reverse(f"subsidies:{name}", args=args), query, headers={"accept-language": "en"})
    assert answer.status_code == 200
    return answer.content.decode()


def row(part="amounts", place=1, *, of=None, **values):
    """What the page of a row would send, some of it changed."""
    policy = rules.Policy.of(of.content)
    rows = getattr(policy, part)
    one = rows[place - 1] if place <= len(rows) else rules.blank(part, of.subsidy)
    form = forms.row_form(part, of.subsidy, one, place=place)
    sent = {name: value for name, value in form.initial.items() if value is not None and value is not False}
    return sent | values


def test_from_a_draft_to_a_published_version(client, office, finance):
    post(client, office, "draft_policy", subsidy="living", title="生活费补贴", document="玄人社〔2026〕7号")
    one = PolicyVersion.objects.get(subsidy="living")
    assert "The policy has no table of amounts" in get(client, office, "policy_detail", one.pk)
    post(client, office, "submit_policy", one.pk, status=422)
    sent = row(of=one, amount_fen="30", unit="day", most_units="30", another="1")
    answer = post(client, office, "set_policy_row", one.pk, "amounts", 1, **sent)
    assert answer["Location"].endswith("/parts/amounts/2/")
    one.refresh_from_db()
    post(client, office, "set_policy_row", one.pk, "caps", 1, **row("caps", of=one, limit="1", kinds=["living"]))
    post(client, office, "set_policy_head", one.pk, title="生活费补贴办法", document="玄人社〔2026〕7号", selector="start",
         source="table", fund="employment", payee="person", rounding_fen="0.01", claim_months="12")  # fmt: skip
    one.refresh_from_db()
    policy = rules.Policy.of(one.content)
    assert (one.title, policy.limits.claim_months, policy.limits.claim_days) == ("生活费补贴办法", 12, -1)
    [amount] = policy.amounts
    assert (amount.amount_fen, amount.unit, amount.most_units, amount.kind) == (3000, "day", 30, "living")
    post(client, office, "submit_policy", one.pk)
    post(client, office, "set_policy_row", one.pk, "amounts", 1, status=404, **row(of=one))  # finance has it
    post(client, finance, "return_policy", one.pk, why="请补充人员类别")
    post(client, office, "submit_policy", one.pk)
    post(client, office, "agree_policy", one.pk, status=403)
    post(client, finance, "agree_policy", one.pk)
    post(client, finance, "publish_policy", one.pk, from_on="2030-01-01", status=403)
    post(client, office, "publish_policy", one.pk, from_on="2020-01-01", status=422)
    post(client, office, "publish_policy", one.pk, from_on="2030-01-01")
    one.refresh_from_db()
    assert (one.state, one.in_force.lower.isoformat()) == ("published", "2030-01-01")
    post(client, office, "set_policy_row", one.pk, "amounts", 1, status=404, **row(of=one))
    kinds = list(
        Entry.objects.filter(subject=f"subsidies.PolicyVersion:{one.pk}").order_by("pk").values_list("kind", flat=True)
    )
    assert kinds == [
        "policy.drafted", "policy.changed", "policy.changed", "policy.changed", "policy.submitted", "policy.returned",
        "policy.submitted", "policy.agreed", "policy.published",
    ]  # fmt: skip


def test_rows_are_added_moved_changed_and_removed(client, office):
    one = f.PolicyFactory(region_code=HERE, drafted_by=office)
    OccupationFactory(code="6-18-02-04", name="焊工", identity=6180204)
    found = get(client, office, "policy_row", one.pk, "amounts", 3, find="焊工")
    assert "?occupation=6-18-02-04" in found
    begun = get(client, office, "policy_row", one.pk, "amounts", 3, occupation="6-18-02-04", name="焊工")
    assert 'value="6-18-02-04"' in begun
    sent = row(of=one, place=3, occupation="6-18-02-04", name="焊工", level="4", amount_fen="3240", to="1")
    post(client, office, "set_policy_row", one.pk, "amounts", 3, **sent)
    one.refresh_from_db()
    assert [(a["name"], a["identity"], a["level"]) for a in one.content["amounts"]] == [
        ("焊工", 6180204, 4),
        ("", 0, 5),
        ("", 0, 4),
    ]
    post(client, office, "set_policy_row", one.pk, "amounts", 2, **row(of=one, place=2, amount_fen="1100.50"))
    one.refresh_from_db()
    assert one.content["amounts"][1]["amount_fen"] == 110_050
    entry = Entry.objects.filter(kind="policy.changed").last()
    assert ("amount_fen 100000" in entry.data["was"], "amount_fen 110050" in entry.data["now"]) == (True, True)
    seen = rules.mark(rules.Policy.of(one.content).amounts[0])
    post(client, office, "remove_policy_row", one.pk, "amounts", 1, seen=seen)
    one.refresh_from_db()
    assert [a["amount_fen"] for a in one.content["amounts"]] == [110_050, 150_000]


def test_what_another_changed_meanwhile_is_not_overwritten(client, office):
    one = f.PolicyFactory(region_code=HERE, drafted_by=office)
    stale = row(of=one, amount_fen="999")
    post(client, office, "set_policy_row", one.pk, "amounts", 1, **row(of=one, amount_fen="1200"))
    post(client, office, "set_policy_row", one.pk, "amounts", 1, status=422, **stale)
    post(client, office, "remove_policy_row", one.pk, "amounts", 1, status=422, seen=stale["seen"])
    post(client, office, "remove_policy_row", one.pk, "amounts", 9, status=422, seen="")
    one.refresh_from_db()
    assert [a["amount_fen"] for a in one.content["amounts"]] == [120_000, 150_000]


@pytest.mark.parametrize(
    "values",
    [
        {"amount_fen": "-1"},
        {"level": "9"},
        {"kind": "living"},
        {"unit": "week"},
        {"hours": "5000"},
        {"amount_fen": "1.005"},
    ],
)
def test_a_wrong_field_is_named_and_nothing_changes(client, office, values):
    one = f.PolicyFactory(region_code=HERE, drafted_by=office)
    answer = post(client, office, "set_policy_row", one.pk, "amounts", 1, status=422, **row(of=one, **values))
    assert (
        rules.COLUMNS["amounts"][[c.name for c in rules.COLUMNS["amounts"]].index(next(iter(values)))].label
        in answer.content.decode()
    )
    before = one.content
    one.refresh_from_db()
    assert one.content == before


@pytest.mark.parametrize("role", ["county-second-reviewer", "county-finance", "auditor"])
def test_only_the_office_edits(client, office, role):
    one = f.PolicyFactory(region_code=HERE, drafted_by=office)
    other = f.account(role, region_code=HERE)
    post(client, other, "set_policy_row", one.pk, "amounts", 1, status=403, **row(of=one))
    post(client, other, "draft_policy", status=403, subsidy="living", title="生活费", document="文件")


def test_another_level_reads_a_draft_and_does_not_edit_it(client, office):
    one = f.PolicyFactory(region_code=HERE, drafted_by=office)
    city = f.account("city-officer", region_code="320100")
    assert "玄武区职业培训补贴" in get(client, city, "policy_detail", one.pk)
    post(client, city, "set_policy_row", one.pk, "amounts", 1, status=404, **row(of=one))
    elsewhere = f.account("county-reviewer", region_code="320583")
    client.force_login(elsewhere)
    assert client.get(reverse("subsidies:policy_detail", args=[one.pk])).status_code == 404


def test_the_form_of_every_shipped_row_gives_the_row_back():
    """Whatever a real policy says can be edited in the page and stays what it is."""
    for content in shipped_all():
        policy = identified(rules.Policy.of(content))
        for part in rules.PARTS:
            for one in getattr(policy, part):
                shown = forms.row_form(part, policy.subsidy, one, place=1)
                sent = forms.row_form(
                    part, policy.subsidy, one, {k: v for k, v in shown.initial.items() if v is not None}, place=1
                )
                assert sent.is_valid(), (content["document"], part, sent.errors)
                back = rules.PARTS[part](**sent.row() | ({"identity": one.identity} if part == "amounts" else {}))
                assert back == one


def test_a_policy_reads_like_its_document():
    """Levels side by side; a dash where there is no such level (domain 3.7 B)."""
    tianjin = next(one for one in shipped_all() if one["document"].startswith("天津市职业培训补贴办法"))
    table = files.amounts_table(rules.Policy.of(tianjin).amounts)
    lines = {(line[2].text, line[3].text): [one.text for one in line[4:]] for line in table.rows}
    assert len(table.rows) == 22
    assert lines["焊工", "120"] == ["3,040", "3,240", "3,780", "4,140", "4,320"]
    assert lines["模具工", "80"] == ["—", "1,450", "1,640", "—", "—"]


def test_the_comparison_shows_amounts_and_per_cent(client, office):
    f.load_policies()
    post(client, office, "draft_policy", subsidy="training", title="玄武区", document="玄人社〔2026〕9号")
    one = PolicyVersion.objects.get(region_code=HERE)
    post(client, office, "set_policy_row", one.pk, "amounts", 4, **row(of=one, place=4, amount_fen="1650"))
    page = get(client, office, "policy_difference", one.pk)
    assert ("1,500" in page, "1,650" in page, "+10.0 %" in page, "玄人社〔2026〕9号" in page) == (True,) * 4
    wuxi = PolicyVersion.objects.get(region_code="320200")
    other = get(
        client,
        office,
        "policy_difference",
        wuxi.pk,
        **{"with": PolicyVersion.objects.get(region_code="320000", subsidy="training").pk},
    )
    assert "5,200" in other


def test_lists_ask_a_fixed_number_of_questions(client, office, django_assert_num_queries):
    f.load_policies()
    client.force_login(office)
    client.get(reverse("subsidies:policy_list"))
    for version in (1, 2):
        f.PolicyFactory(region_code=HERE, drafted_by=office, version=version)
        with django_assert_num_queries(5):
            client.get(reverse("subsidies:policy_list"))


def test_search_and_filters(client, office):
    f.load_policies()
    assert "无锡市职业培训补贴标准" in get(client, office, "policy_list", q="无锡")
    assert "无锡市职业培训补贴标准" not in get(client, office, "policy_list", subsidy="upgrade")
    assert queries.policies_visible_to(office).count() == 4
    assert len(list(DATA.glob("*.json"))) == 8
