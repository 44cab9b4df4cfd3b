from typing import TYPE_CHECKING

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext
from django.views.decorators.http import require_GET, require_POST

from rollbook.accounts.rules import Permission, admit, holds
from rollbook.exchange import actions, forms, queries, rules
from rollbook.exchange.models import Contract, Refusal
from rollbook.exchange.queries import senders, untaken
from rollbook.journal.queries import timeline
from rollbook.kernel.messages import _
from rollbook.persons import queries as persons
from rollbook.regions.queries import choices as regions
from rollbook.regions.queries import name_of
from rollbook.regions.rules import covers
from rollbook.web.exports import downloaded, workbook
from rollbook.web.forms import WhyForm, cleaned, sent
from rollbook.web.lists import Filter, listing, narrowed
from rollbook.web.words import said

if TYPE_CHECKING:
    from rollbook.web.requests import Request

P = Permission
HEADS = ("Feed", "Source", "Region", "Newest", "Days between two deliveries", "State", "Connection")
REFUSAL_HEADS = ("File", "Source", "Batch", "Why it was not taken", "Reason", "Time", "State", "What was done")


@require_GET
def contract_list(request: "Request") -> HttpResponse:
    """What each source delivers, how fresh it is, and whether the line to it works."""
    admit(request.user, P.EXCHANGE_READ)
    found = queries.contracts(request.user, timezone.localdate())
    filters = [
        Filter("feed", _("Feed"), rules.Feed.choices()),
        Filter("region", _("Region"), regions(request.user.region_code), lookup="source__region_code"),
    ]
    search = ("source__name", "source__code")
    if "export" in request.GET:
        rows = [_row(one) for one in narrowed(request, found, filters=filters, search=search)]
        return workbook(HEADS, rows, gettext("Sources and freshness"))
    shown = listing(request, found, filters=filters, search=search, hint=gettext("Source"), exports=True)
    for one in shown.rows:
        one.freshness = rules.freshness(one.newest_on, one.cadence_days, timezone.localdate())
        one.line = queries.line_state(one.source) if one.source.url else None
    context = {
        "listing": shown,
        "untaken": untaken.open_refusals(request.user).count(),
        "may_set": holds(request.user, P.EXCHANGE_SET),
        "may_load": holds(request.user, P.EXCHANGE_LOAD),
    }
    return render(request, "exchange/contract_list.html", context)


def _row(one: Contract) -> tuple[object, ...]:
    newest = one.newest_on  # type: ignore[attr-defined]
    state = rules.freshness(newest, one.cadence_days, timezone.localdate())
    line = gettext(queries.line_state(one.source).label) if one.source.url else ""
    feed = gettext(rules.Feed(one.feed).label)
    return feed, one.source.name, name_of(one.source.region_code), newest, one.cadence_days, gettext(state.label), line


@require_GET
def contract_detail(request: "Request", contract_id: int) -> HttpResponse:
    """One contract: fields, codes, key, cadence, purpose, legal basis, limits; its versions and the line."""
    contract = queries.get_contract(request.user, contract_id)
    context = {
        "contract": contract,
        "shape": rules.Shape.of(contract.shape),
        "versions": queries.versions_of(contract),
        "line": queries.line_state(contract.source) if contract.source.url else None,
        "entries": timeline(contract),
        "may_load": holds(request.user, P.EXCHANGE_LOAD)
        and covers(request.user.region_code, contract.source.region_code),
    }
    return render(request, "exchange/contract_detail.html", context)


def contract_new(request: "Request") -> HttpResponse:
    admit(request.user, P.EXCHANGE_SET)
    senders = [(str(one.pk), one.name) for one in queries.sources(request.user).order_by("name")]
    form = forms.ContractForm(
        request.POST or None, initial={"wrong_percent": 5, "changed_percent": 20, "matched_percent": 100}
    )
    form.fields["source"].choices = senders  # type: ignore[attr-defined]
    if request.method != "POST":
        return render(request, "exchange/form.html", {"form": form, "heading": _("Agree a contract")})
    values = dict(cleaned(form).cleaned_data)
    values["source_id"] = int(values.pop("source"))
    contract = actions.set_contract(by=request.user, now=timezone.now(), **values)
    return redirect("exchange:contract_detail", contract.pk)


def source_new(request: "Request") -> HttpResponse:
    admit(request.user, P.EXCHANGE_SET)
    if request.method != "POST":
        return render(request, "exchange/form.html", {"form": forms.SourceForm(), "heading": _("Enter a source")})
    actions.add_source(by=request.user, now=timezone.now(), **sent(request, forms.SourceForm).cleaned_data)
    return redirect("exchange:contract_new")


@require_GET
def source_detail(request: "Request", source_id: int) -> HttpResponse:
    """One source: its key, its line, what is agreed with it, and what is asked to be changed."""
    source = senders.get_source(request.user, source_id)
    change = senders.open_change(source)
    may_set = holds(request.user, P.EXCHANGE_SET) and covers(request.user.region_code, source.region_code)
    context = {
        "source": source,
        "line": queries.line_state(source) if source.url else None,
        "contracts": senders.contracts_of(source),
        "change": change,
        "may_ask": may_set and change is None,
        "may_confirm": may_set and change is not None and change.asked_by_id != request.user.pk,
        "may_refuse": may_set and change is not None,
        "form": forms.SourceChangeForm(initial={"public_key": source.public_key, "url": source.url}),
        "why_form": WhyForm(auto_id="keep_%s"),
        "entries": timeline(source),
    }
    return render(request, "exchange/source_detail.html", context)


@require_POST
def ask_source_change(request: "Request", source_id: int) -> HttpResponse:
    values = sent(request, forms.SourceChangeForm).cleaned_data
    actions.ask_source_change(by=request.user, source_id=source_id, now=timezone.now(), **values)
    return redirect("exchange:source_detail", source_id)


@require_POST
def confirm_source_change(request: "Request", source_id: int) -> HttpResponse:
    actions.confirm_source_change(by=request.user, source_id=source_id, now=timezone.now())
    return redirect("exchange:source_detail", source_id)


@require_POST
def refuse_source_change(request: "Request", source_id: int) -> HttpResponse:
    why = sent(request, WhyForm).cleaned_data["why"]
    actions.refuse_source_change(by=request.user, source_id=source_id, why=why, now=timezone.now())
    return redirect("exchange:source_detail", source_id)


@require_GET
def batch_list(request: "Request") -> HttpResponse:
    admit(request.user, P.EXCHANGE_READ)
    filters = [
        Filter("state", _("State"), rules.BatchState.choices()),
        Filter("feed", _("Feed"), rules.Feed.choices()),
        Filter("way", _("How it came"), rules.Way.choices()),
    ]
    shown = listing(
        request, queries.visible_to(request.user).order_by("-pk"), filters=filters,
        search=("number", "source__name"), hint=gettext("Batch number or source"),
        sorts={"as_of": "as_of", "rows": "rows"},
    )  # fmt: skip
    context = {"listing": shown, "may_load": holds(request.user, P.EXCHANGE_LOAD)}
    return render(request, "exchange/batch_list.html", context)


def batch_new(request: "Request") -> HttpResponse:
    """A file that a department handed over: read whole and shown before anything is written."""
    admit(request.user, P.EXCHANGE_LOAD)
    form = forms.BatchForm(
        request.POST or None, request.FILES or None, initial={"contract": request.GET.get("contract", "")}
    )
    found = queries.to_send(request.user, timezone.localdate())
    form.fields["contract"].choices = [  # type: ignore[attr-defined]
        (str(one.pk), f"{gettext(rules.Feed(one.feed).label)} · {one.source.name}") for one in found
    ]
    if request.method != "POST":
        return render(request, "exchange/form.html", {"form": form, "heading": _("Upload a batch")})
    values = cleaned(form).cleaned_data
    content, name = values["file"]
    batch = actions.take_upload(
        by=request.user, contract_id=int(values["contract"]), number=values["number"], as_of=values["as_of"],
        content=content, name=name, now=timezone.now(),
    )  # fmt: skip
    return redirect("exchange:batch_detail", batch.pk)


@require_GET
def batch_detail(request: "Request", received_id: int) -> HttpResponse:
    """What a batch holds and does: its first rows, each wrong cell, why it was stopped, what to do with it."""
    batch = queries.get(request.user, received_id)
    wrong = queries.wrong_cells(batch)
    if "export" in request.GET:
        rows = [(one.row, one.column, said(one.message)) for one in wrong]
        return workbook(("Row", "Column", "What is wrong"), rows, f"{batch.feed}-{batch.number}-errors")
    moves = rules.BATCHES.moves_from(rules.BatchState(batch.state))
    may = holds(request.user, P.EXCHANGE_LOAD)
    context = {
        "batch": batch,
        "preview": queries.preview(batch),
        "wrong": wrong[:200],
        "may_mark": may,
        "may_load": may and rules.BatchMove.LOAD in moves,
        "may_release": may and rules.BatchMove.RELEASE in moves and batch.received_by_id != request.user.pk,
        "is_own": batch.received_by_id == request.user.pk and rules.BatchMove.RELEASE in moves,
        "may_refuse": may and rules.BatchMove.REFUSE in moves,
        "why_form": WhyForm(),
        "release_form": WhyForm(auto_id="release_%s"),
        "marked_form": forms.SentForm(auto_id="marked_%s"),
        "entries": timeline(batch),
    }
    return render(request, "exchange/batch_detail.html", context)


@require_POST
def batch_marked(request: "Request", received_id: int) -> HttpResponse:
    """The sender's own file, chosen again, with a column of errors; nothing of it is kept."""
    admit(request.user, P.EXCHANGE_LOAD)
    batch = queries.get(request.user, received_id)
    content, _name = sent(request, forms.SentForm).cleaned_data["file"]
    return downloaded(queries.marked(batch, content), f"{batch.feed}-{batch.number}-{gettext('marked')}")


@require_POST
def load_batch(request: "Request", received_id: int) -> HttpResponse:
    why = sent(request, forms.OptionalWhyForm).cleaned_data["why"]
    actions.load_batch(by=request.user, batch_id=received_id, why=why, now=timezone.now())
    return redirect("exchange:batch_detail", received_id)


@require_POST
def refuse_batch(request: "Request", received_id: int) -> HttpResponse:
    why = sent(request, WhyForm).cleaned_data["why"]
    actions.refuse_batch(by=request.user, batch_id=received_id, why=why, now=timezone.now())
    return redirect("exchange:batch_detail", received_id)


@require_GET
def refusal_list(request: "Request") -> HttpResponse:
    """What was delivered and not taken: what waits for a person comes first (N3.5)."""
    admit(request.user, P.EXCHANGE_READ)
    found = untaken.refusals(request.user)
    filters = [
        Filter("kind", _("Why it was not taken"), rules.RefusalKind.choices()),
        Filter("state", _("State"), rules.RefusalState.choices()),
        Filter("way", _("How it came"), rules.Way.choices()),
    ]
    search = ("file", "number", "source__name", "source__code")
    if "export" in request.GET:
        rows = [_refusal_row(one) for one in narrowed(request, found, filters=filters, search=search)]
        return workbook(REFUSAL_HEADS, rows, gettext("Deliveries not taken"))
    shown = listing(
        request, found, filters=filters, search=search, hint=gettext("File, batch number or source"), exports=True
    )
    for one in shown.rows:
        one.state_label = rules.RefusalState(one.state).label
    return render(request, "exchange/refusal_list.html", {"listing": shown})


def _refusal_row(one: Refusal) -> tuple[object, ...]:
    state = gettext(rules.RefusalState(one.state).label)  # type: ignore[attr-defined]
    why = "; ".join(said(message) for message in one.reasons)
    name = one.source.name if one.source else ""
    kind, told = gettext(rules.RefusalKind(one.kind).label), f"{timezone.localtime(one.told_at):%Y-%m-%d %H:%M}"
    return one.file, name, one.number, kind, why, told, state, one.why


@require_GET
def refusal_detail(request: "Request", refusal_id: int) -> HttpResponse:
    """One delivery that was not taken: why not, what the source has to do, and what was done."""
    refusal = untaken.get_refusal(request.user, refusal_id)
    context = {
        "refusal": refusal,
        "state_label": rules.RefusalState(refusal.state).label,  # type: ignore[attr-defined]
        "may_settle": refusal.settled_at is None and holds(request.user, P.EXCHANGE_LOAD),
        "form": WhyForm(),
        "entries": timeline(refusal),
    }
    return render(request, "exchange/refusal_detail.html", context)


@require_POST
def settle_refusal(request: "Request", refusal_id: int) -> HttpResponse:
    why = sent(request, WhyForm).cleaned_data["why"]
    actions.settle_refusal(by=request.user, refusal_id=refusal_id, why=why, now=timezone.now())
    return redirect("exchange:refusal_detail", refusal_id)


@require_GET
def person_facts(request: "Request", person_id: int) -> HttpResponse:
    """What other departments say of a person, with date and source (N3.3); the person sees all of it."""
    return _facts(request, person_id, sensitive=False)


@require_POST
def person_facts_all(request: "Request", person_id: int) -> HttpResponse:
    """The same with what is sensitive, for a purpose that the journal keeps."""
    purpose = sent(request, forms.PurposeForm).cleaned_data["purpose"]
    actions.reveal_facts(by=request.user, person_id=person_id, purpose=purpose, now=timezone.now())
    response = _facts(request, person_id, sensitive=True)
    response["Cache-Control"] = "no-store"
    return response


def _facts(request: "Request", person_id: int, *, sensitive: bool) -> HttpResponse:
    person = persons.get(request.user, person_id)
    is_own = person.pk == request.user.person_id
    history = request.GET.get("history") == "1"
    context = {
        "person": person,
        "facts": queries.facts_of(person, sensitive=sensitive or is_own, history=history),
        "is_whole": sensitive or is_own,
        "history": history,
        "form": forms.PurposeForm(),
    }
    return render(request, "exchange/person_facts.html", context)
