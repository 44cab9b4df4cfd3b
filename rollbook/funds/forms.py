from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import uuid4

from django import forms
from django.utils.translation import gettext_lazy as _

from rollbook.accounts.rules import Role
from rollbook.funds.rules import (
    COSIGNERS,
    MOST_COSIGNERS,
    Basis,
    Fund,
    Part,
    RecoveryGround,
    WriteOffGround,
    evenly,
)
from rollbook.web.forms import day
from rollbook.web.words import translated

MOST_BYTES = 20 * 2**20


class _Amount(forms.Form):
    """Money in yuan, as people write it; the key makes a form that is sent twice one deed."""

    key = forms.UUIDField(widget=forms.HiddenInput, initial=uuid4)
    amount = forms.DecimalField(label=_("Amount, yuan"), min_value=Decimal("0.01"), decimal_places=2, max_digits=14)
    document = forms.CharField(label=_("Document"), max_length=64)

    def values(self) -> dict[str, object]:
        """What the action wants: money in fen."""
        values = dict(self.cleaned_data)
        values["amount_fen"] = int(values.pop("amount") * 100)
        return values


class BudgetForm(_Amount):
    fund = forms.ChoiceField(label=_("Fund"), choices=translated(Fund))
    year = forms.IntegerField(label=_("Year"), min_value=2020, max_value=2100)
    field_order = ["key", "fund", "year", "amount", "document"]


class TransferForm(BudgetForm):
    target_region = forms.ChoiceField(label=_("To region"))
    field_order = ["key", "fund", "year", "target_region", "amount", "document"]

    def __init__(self, *args: Any, regions: Iterable[tuple[str, str]] = (), **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["target_region"].choices = list(regions)  # type: ignore[attr-defined]


class FreezeForm(BudgetForm):
    why = forms.CharField(label=_("Reason"), max_length=200)
    until = day(_("Until, where it ends by itself"), required=False)
    field_order = ["key", "fund", "year", "amount", "document", "why", "until"]


class ReversalForm(_Amount):
    why = forms.CharField(label=_("Reason"), max_length=200)
    booked_on = day(_("In the books of, where not of today"), required=False)
    field_order = ["key", "amount", "document", "why", "booked_on"]


class UnfreezeForm(forms.Form):
    document = forms.CharField(label=_("Document"), max_length=64)
    why = forms.CharField(label=_("Reason"), max_length=200)


class ClosingForm(forms.Form):
    fund = forms.ChoiceField(label=_("Fund"), choices=translated(Fund))
    month = forms.DateField(
        label=_("Month"), input_formats=["%Y-%m"], widget=forms.DateInput(attrs={"type": "month"}, format="%Y-%m")
    )


class WhyForm(forms.Form):
    why = forms.CharField(label=_("Reason"), max_length=200)


class ReturnForm(forms.Form):
    file = forms.FileField(label=_("Return file of the bank"))

    def clean_file(self) -> bytes:
        file = self.cleaned_data["file"]
        if file.size > MOST_BYTES:
            raise forms.ValidationError(_("A return file has at most 20 MB."))
        content: bytes = file.read()
        return content


class BandForm(forms.Form):
    fund = forms.ChoiceField(label=_("Fund"), choices=translated(Fund))
    basis = forms.ChoiceField(label=_("What counts"), choices=translated(Basis))
    amount = forms.DecimalField(label=_("From amount, yuan"), min_value=Decimal(0), decimal_places=2, max_digits=14)
    releasers = forms.IntegerField(label=_("More signatures"), min_value=0, max_value=MOST_COSIGNERS)
    office = forms.ChoiceField(
        label=_("Office"), choices=lambda: [one for one in translated(Role) if one[0] in COSIGNERS]
    )
    document = forms.CharField(label=_("Document"), max_length=64)
    starts_on = forms.DateField(label=_("From"), widget=forms.DateInput(attrs={"type": "date"}))

    def values(self) -> dict[str, object]:
        """What the action wants: money in fen."""
        values = dict(self.cleaned_data)
        values["from_fen"] = int(values.pop("amount") * 100)
        return values


class StatementForm(forms.Form):
    file = forms.FileField(label=_("Statement of the bank"))

    def clean_file(self) -> bytes:
        file = self.cleaned_data["file"]
        if file.size > MOST_BYTES:
            raise forms.ValidationError(_("A return file has at most 20 MB."))
        content: bytes = file.read()
        return content


class OutcomeForm(forms.Form):
    outcome = forms.CharField(label=_("What was found, and how it is made good"), max_length=200)


class ResolutionForm(forms.Form):
    line_id = forms.IntegerField(label=_("Payment"), widget=forms.Select)
    outcome = forms.ChoiceField(
        label=_("What became of it"), choices=[("paid", _("Paid")), ("failed", _("Refused by the bank"))]
    )
    evidence = forms.CharField(label=_("Paper of the bank that says so"), max_length=200)

    def __init__(self, *args: Any, lines: Iterable[tuple[int, str]] = (), **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["line_id"].widget.choices = list(lines)


class RecoveryForm(forms.Form):
    reference = forms.CharField(label=_("Reference of the payment"), max_length=32)
    amount = forms.DecimalField(label=_("Amount, yuan"), min_value=Decimal("0.01"), decimal_places=2, max_digits=14)
    ground = forms.ChoiceField(label=_("Ground"), choices=translated(RecoveryGround))
    why = forms.CharField(label=_("What was found"), max_length=400)
    document = forms.CharField(label=_("Decision that orders it"), max_length=64)

    def values(self) -> dict[str, object]:
        """What the action wants: money in fen."""
        values = dict(self.cleaned_data)
        values["amount_fen"] = int(values.pop("amount") * 100)
        return values


class PlanForm(forms.Form):
    """So many equal instalments, or each on a line of its own."""

    document = forms.CharField(label=_("Paper that was agreed on"), max_length=64)
    first_on = day(_("First instalment on"), required=False)
    count = forms.IntegerField(label=_("Monthly instalments"), min_value=1, max_value=60, required=False)
    rows = forms.CharField(
        label=_("Or each by itself: day and yuan on a line"),
        help_text=_("For example: 2026-05-31 500.00"),
        required=False,
        max_length=4000,
        widget=forms.Textarea(attrs={"rows": 3}),
    )

    def clean_rows(self) -> list[Part]:
        found = []
        for line in self.cleaned_data["rows"].split("\n"):
            if not line.strip():
                continue
            try:
                on, yuan = line.split()
                found.append(Part(date.fromisoformat(on), int(Decimal(yuan) * 100)))
            except (ValueError, ArithmeticError):
                text = _("“%(line)s” is not a day and an amount, as in 2026-05-31 500.00.")
                raise forms.ValidationError(text, params={"line": line.strip()[:40]}) from None
        return found

    def clean(self) -> dict[str, Any]:
        values = super().clean() or self.cleaned_data
        if "rows" in values and not values["rows"] and not (values.get("first_on") and values.get("count")):
            raise forms.ValidationError(_("Give the first day and how many instalments, or each on a line."))
        return values

    def parts(self, left_fen: int) -> list[Part]:
        values = self.cleaned_data
        return values["rows"] or evenly(left_fen, values["first_on"], values["count"])


class WriteOffForm(forms.Form):
    amount = forms.DecimalField(
        label=_("Amount, yuan"), help_text=_("Empty: all that is left."), min_value=Decimal("0.01"), decimal_places=2,
        max_digits=14, required=False,
    )  # fmt: skip
    ground = forms.ChoiceField(label=_("Ground"), choices=translated(WriteOffGround))
    why = forms.CharField(label=_("What was tried, and why it is given up"), max_length=400)
    document = forms.CharField(label=_("Document that allows it"), max_length=64)

    def values(self) -> dict[str, Any]:
        """What the action wants: money in fen, or none said."""
        values = dict(self.cleaned_data)
        amount = values.pop("amount")
        return values | {"amount_fen": None if amount is None else int(amount * 100)}


class ReopenForm(forms.Form):
    document = forms.CharField(label=_("Decision that orders it"), max_length=64)
    why = forms.CharField(label=_("Reason"), max_length=200)


class ReceiptForm(forms.Form):
    amount = forms.DecimalField(label=_("Amount, yuan"), min_value=Decimal("0.01"), decimal_places=2, max_digits=14)
    received_on = day(_("Received on"))
    document = forms.CharField(label=_("Paper of the bank that shows it"), max_length=64)

    def values(self) -> dict[str, object]:
        """What the action wants: money in fen."""
        values = dict(self.cleaned_data)
        values["amount_fen"] = int(values.pop("amount") * 100)
        return values
