from decimal import Decimal
from typing import Any, TypeVar

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from rollbook.funds.rules import RecoveryGround
from rollbook.persons.rules import AccountKind
from rollbook.subsidies import files, rules
from rollbook.subsidies.rules import Field, Move, Outcome, PaperKind, Policy, Sort
from rollbook.subsidies.rules.simulation import Scenario
from rollbook.web.forms import day
from rollbook.web.words import translated

REVIEWS = {Move.PASS_FIRST, Move.PASS_SECOND, Move.RETURN, Move.REFUSE}


class ReviewForm(forms.Form):
    move = forms.ChoiceField(label=_("Decision"), choices=[(v, t) for v, t in translated(Move) if v in REVIEWS])
    why = forms.CharField(label=_("Reason"), max_length=200, required=False)
    despite = forms.CharField(max_length=200, required=False)


class OrderForm(forms.Form):
    ground = forms.ChoiceField(label=_("Ground"), choices=translated(RecoveryGround))
    amount = forms.DecimalField(label=_("Amount, yuan"), min_value=Decimal("0.01"), decimal_places=2, max_digits=14)
    document = forms.CharField(label=_("Decision that orders it"), max_length=64)
    why = forms.CharField(label=_("What was found"), max_length=400)

    def values(self) -> dict[str, Any]:
        """What the action wants: money in fen."""
        values = dict(self.cleaned_data)
        return values | {"amount_fen": int(values.pop("amount") * 100)}


class EnterpriseForm(forms.Form):
    uscc = forms.CharField(label=_("Unified social credit code"), max_length=18, min_length=18)
    name = forms.CharField(label=_("Enterprise"), max_length=128)
    agreement = forms.CharField(label=_("Agreement, with its number and date"), max_length=128)
    paper = forms.FileField(label=_("The agreement (PDF, JPEG or PNG)"))


class PaperForm(forms.Form):
    kind = forms.ChoiceField(label=_("What it is"), choices=translated(PaperKind))
    name = forms.CharField(label=_("Employer, own business or issuing authority"), max_length=128)
    uscc = forms.CharField(
        label=_("Unified social credit code (of a contract or licence)"), max_length=18, required=False
    )
    number = forms.CharField(label=_("Number (of a certificate)"), max_length=64, required=False)
    from_on = day(_("From"))
    until_on = day(_("Until (empty where it has no end)"), required=False)
    file = forms.FileField(label=_("The paper (PDF, JPEG or PNG)"))


class DocumentForm(forms.Form):
    document = forms.CharField(label=_("Decision that orders it"), max_length=64)


class AccountForm(forms.Form):
    bank = forms.CharField(label=_("Bank"), max_length=32)
    bank_account = forms.CharField(
        label=_("Bank account"),
        max_length=32,
        widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "off"}),
    )
    kind = forms.ChoiceField(label=_("Kind of account"), choices=translated(AccountKind), required=False)
    why = forms.CharField(label=_("Reason, where it is not the card"), max_length=200, required=False)

    def clean_kind(self) -> str:
        return self.cleaned_data["kind"] or AccountKind.CARD


class OrganisationAccountForm(forms.Form):
    """The account of an employer or institution that the bank refused."""

    bank = forms.CharField(label=_("Bank"), max_length=24)
    bank_account = forms.CharField(
        label=_("Bank account"),
        max_length=32,
        widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "off"}),
    )
    why = forms.CharField(label=_("Paper that states the account"), max_length=200)


class SettleForm(forms.Form):
    upheld = forms.ChoiceField(
        label=_("Outcome"),
        choices=[("yes", _("Upheld: the claim is refused")), ("no", _("Rejected: the claim goes on"))],
    )
    finding = forms.CharField(label=_("Finding"), max_length=1000, widget=forms.Textarea(attrs={"rows": 2}))


class DraftPolicyForm(forms.Form):
    subsidy = forms.ChoiceField(label=_("Kind of subsidy"), choices=translated(rules.Subsidy))
    title = forms.CharField(label=_("Title"), max_length=128)
    document = forms.CharField(label=_("Document"), max_length=128)


class PublishPolicyForm(forms.Form):
    from_on = day(_("In force from"))


class PartForm(forms.Form):
    """One row of a part of a policy, or its single figures: a field for each column."""

    columns: tuple[Field, ...] = ()
    several: frozenset[str] = frozenset()  # fields of which any number may be ticked

    def row(self) -> dict[str, Any]:
        """What was filled in, as the rules keep it."""
        return {one.name: _kept(one, self.cleaned_data[one.name]) for one in self.columns}


class HeadForm(PartForm):
    title = forms.CharField(label=_("Title"), max_length=128)

    def values(self) -> dict[str, Any]:
        limits = {one.name for one in rules.LIMITS}
        row = self.row()
        return {
            "title": self.cleaned_data["title"],
            "head": {name: value for name, value in row.items() if name not in limits},
            "limits": {name: value for name, value in row.items() if name in limits},
        }


class RowForm(PartForm):
    seen = forms.CharField(widget=forms.HiddenInput, required=False)

    def row(self) -> dict[str, Any]:
        row = super().row()
        if row.get("unit") == rules.Unit.COST:  # per cent, not yuan
            row["amount_fen"] //= 100
        return row

    def values(self) -> dict[str, Any]:
        return {"row": self.row(), "seen": self.cleaned_data["seen"], "to": self.cleaned_data["to"]}


F = TypeVar("F", bound=PartForm)


def head_form(title: str, policy: Policy, data: QueryDict | None = None) -> HeadForm:
    columns = (*rules.HEAD, *rules.LIMITS)
    now = {one.name: getattr(policy.limits if one in rules.LIMITS else policy, one.name) for one in columns}
    form = HeadForm(data, initial={"title": title} | {one.name: _shown(one, now[one.name]) for one in columns})
    return _with(form, columns)


def row_form(part: str, subsidy: str, row: Any, data: QueryDict | None = None, *, place: int) -> RowForm:
    columns = rules.COLUMNS[part]
    initial = {one.name: _shown(one, getattr(row, one.name)) for one in columns}
    if part == "amounts" and row.unit == rules.Unit.COST:
        initial["amount_fen"] = row.amount_fen
    form = _with(RowForm(data, initial=initial | {"seen": rules.mark(row), "to": place}), columns)
    if part == "amounts":
        kinds = [(one.value, _(one.label)) for one in rules.KINDS[subsidy]]
        form.fields["kind"].choices = kinds  # type: ignore[attr-defined]
    form.fields["to"] = forms.IntegerField(label=_("Place in the table"), min_value=1)
    return form


def _with(form: F, columns: tuple[Field, ...]) -> F:
    form.columns = columns
    form.several = frozenset(one.name for one in columns if one.sort == Sort.WORDS)
    for one in columns:
        form.fields[one.name] = _field(one)
    return form


def _field(one: Field) -> forms.Field:
    same: dict[str, Any] = {"label": _(one.label), "help_text": _(one.hint) if one.hint else ""}
    words = [(str(value), _(label) if label else "") for value, label in one.words]
    match one.sort:
        case Sort.WORD:
            return forms.ChoiceField(choices=words, required=("", "") not in words and "" not in dict(words), **same)
        case Sort.WORDS:
            same["help_text"] = _("None ticked: all of them.")
            return forms.MultipleChoiceField(
                choices=words,
                required=False,
                widget=forms.CheckboxSelectMultiple(attrs={"class": "form-check-input"}),
                **same,
            )
        case Sort.YES:
            return forms.BooleanField(required=False, **same)
        case Sort.YUAN:
            return forms.DecimalField(min_value=Decimal(0), max_digits=12, decimal_places=2, required=False, **same)
        case Sort.NUMBER:
            return forms.IntegerField(
                min_value=max(one.least, 0), max_value=one.most or None, required=one.is_needed or one.least > 0, **same
            )
    is_needed = one.name == "document" or (one.name == "name" and not one.hint)
    return forms.CharField(max_length=one.most, required=is_needed, **same)


def _shown(one: Field, value: Any) -> Any:
    match one.sort:
        case Sort.WORDS:
            return [str(word) for word in value]
        case Sort.WORD:
            return str(value)
        case Sort.YUAN:
            return Decimal(value) / 100 if value else None
        case Sort.NUMBER:
            return value if value > 0 or (value == 0 and one.has_zero) else None
    return value


def _kept(one: Field, value: Any) -> Any:
    kept = {str(word): word for word, _label in one.words}
    match one.sort:
        case Sort.WORD:
            return kept[value]
        case Sort.WORDS:
            return tuple(kept[word] for word in value)
        case Sort.YUAN:
            return int((value or 0) * 100)
        case Sort.NUMBER:
            return one.least if value is None and one.least < 0 else value or 0
    return value.strip() if isinstance(value, str) else value


class DiscrepancyForm(forms.Form):
    outcome = forms.ChoiceField(
        label=_("Outcome"), choices=[(v, t) for v, t in translated(Outcome) if v != Outcome.GONE]
    )
    finding = forms.CharField(label=_("Finding"), max_length=1000, widget=forms.Textarea(attrs={"rows": 3}))


class SimulationForm(forms.Form):
    """What is changed; an empty field leaves its row as it is. The fields of rows are added by `simulation_form`."""

    name = forms.CharField(label=_("Name of the simulation"), max_length=64)
    region_code = forms.ChoiceField(label=_("Claims of"))
    since = day(_("Filed from"))
    until = day(_("Filed until"))
    other = forms.ChoiceField(
        label=_("Another version in its place"),
        required=False,
        help_text=_("A draft may be tried before it is signed."),
    )
    percent = forms.IntegerField(
        label=_("All amounts, per cent"), min_value=1, max_value=500, initial=100,
        help_text=_("100 leaves them; the standards of the demand directory change with them."),
    )  # fmt: skip
    source = forms.ChoiceField(
        label=_("Standard from"), required=False, choices=[("", _("Unchanged")), *translated(rules.Source)]
    )
    claim_days = forms.IntegerField(
        label=_("Days from the certificate to claim"), min_value=0, max_value=4000, required=False,
        help_text=_("Empty: unchanged."),
    )  # fmt: skip
    attendance_least = forms.IntegerField(
        label=_("Attendance needed, %"), min_value=0, max_value=100, required=False, help_text=_("Empty: unchanged.")
    )
    from_on = forms.DateField(
        label=_("Changed for claims filed from"), required=False, help_text=_("Empty: for all of the period."),
        widget=forms.DateInput(attrs={"type": "date"}),
    )  # fmt: skip

    def _rows(self, prefix: str, times: int = 1) -> dict[int, int]:
        found = {name: value for name, value in self.cleaned_data.items() if name.startswith(prefix + "-")}
        return {int(name.rpartition("-")[2]): int(value * times) for name, value in found.items() if value is not None}

    def values(self) -> dict[str, Any]:
        """The arguments of `ask_simulation`."""
        data = self.cleaned_data
        return {name: data[name] for name in ("name", "region_code", "since", "until")} | {
            "other_id": int(data["other"]) if data["other"] else None,
            "scenario": Scenario(
                percent=data["percent"], amounts=self._rows("amounts", 100), factors=self._rows("factors"),
                caps=self._rows("caps"), source=data["source"],
                claim_days=-2 if data["claim_days"] is None else data["claim_days"],
                attendance_least=-1 if data["attendance_least"] is None else data["attendance_least"],
                from_on=int(f"{data['from_on']:%Y%m%d}") if data["from_on"] else 0,
            ),
        }  # fmt: skip


def simulation_form(
    policy: Policy, regions: Any, versions: Any, data: QueryDict | None, period: tuple[Any, Any]
) -> SimulationForm:
    form = SimulationForm(data, initial={"since": period[0], "until": period[1]})
    form.fields["region_code"].choices = regions  # type: ignore[attr-defined]
    form.fields["other"].choices = [("", _("None")), *versions]  # type: ignore[attr-defined]
    for part, shown in (("amounts", "amount_fen"), ("factors", "percent"), ("caps", "limit")):
        for n, row in enumerate(getattr(policy, part)):
            now = getattr(row, shown)
            attrs = {"placeholder": f"{now / 100:g}" if part == "amounts" else str(now)}
            kind: Any = forms.DecimalField if part == "amounts" else forms.IntegerField
            more = {"max_digits": 12, "decimal_places": 2} if part == "amounts" else {}
            form.fields[f"{part}-{n}"] = kind(
                label=_("Changed to"), required=False, min_value=0, widget=forms.NumberInput(attrs=attrs), **more
            )
    return form


def rows_of(form: SimulationForm, policy: Policy) -> list[tuple[files.Table, list[tuple[Any, forms.BoundField]]]]:
    """The tables of the policy with the field beside each row that changes it."""
    found = []
    for part in ("amounts", "factors", "caps"):
        if rows := getattr(policy, part):
            table = files.table(part, rows)
            found.append((table, [(cells, form[f"{part}-{n}"]) for n, cells in enumerate(table.rows)]))
    return found
