from decimal import Decimal
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from rollbook.fees import rules
from rollbook.web.forms import day
from rollbook.web.words import translated


def _yuan(label: Any, *, required: bool = True, least: str = "0.01") -> forms.DecimalField:
    return forms.DecimalField(label=label, min_value=Decimal(least), decimal_places=2, max_digits=10, required=required)


class PriceForm(forms.Form):
    price = _yuan(_("Price for a trainee, yuan"), least="0")
    ways = forms.MultipleChoiceField(
        label=_("Ways of paying"), choices=translated(rules.Way), required=False, widget=forms.SelectMultiple
    )
    share = _yuan(_("Share of who pays a share, yuan"), required=False, least="0")

    def values(self) -> dict[str, Any]:
        """What the action wants: money in fen."""
        found = self.cleaned_data
        share = found["share"] or 0
        return {"price_fen": int(found["price"] * 100), "share_fen": int(share * 100), "ways": found["ways"]}


class EntryForm(forms.Form):
    kind = forms.ChoiceField(label=_("What happened"), choices=translated(rules.EntryKind))
    amount = _yuan(_("Amount, yuan"))
    means = forms.ChoiceField(label=_("Means"), choices=translated(rules.Means))
    on = day(_("Day"))
    note = forms.CharField(label=_("Remark"), max_length=200, required=False)

    def values(self) -> dict[str, Any]:
        """What the action wants: money in fen."""
        values = dict(self.cleaned_data)
        return values | {"amount_fen": int(values.pop("amount") * 100)}
