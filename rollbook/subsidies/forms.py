from django import forms
from django.utils.translation import gettext_lazy as _

from rollbook.persons.rules import AccountKind
from rollbook.subsidies.rules import Move
from rollbook.web.words import translated

REVIEWS = {Move.PASS_FIRST, Move.PASS_SECOND, Move.RETURN, Move.REFUSE}


class ReviewForm(forms.Form):
    move = forms.ChoiceField(label=_("Decision"), choices=[(v, t) for v, t in translated(Move) if v in REVIEWS])
    why = forms.CharField(label=_("Reason"), max_length=200, required=False)


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


class SettleForm(forms.Form):
    upheld = forms.ChoiceField(
        label=_("Outcome"),
        choices=[("yes", _("Upheld: the claim is refused")), ("no", _("Rejected: the claim goes on"))],
    )
    finding = forms.CharField(label=_("Finding"), max_length=1000, widget=forms.Textarea(attrs={"rows": 2}))
