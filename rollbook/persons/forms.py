from django import forms
from django.utils.translation import gettext_lazy as _

from rollbook.accounts.rules import OFFICIALS, Role
from rollbook.persons.rules import AccountKind
from rollbook.regions import queries as regions
from rollbook.web.words import translated


class BankForm(forms.Form):
    bank = forms.CharField(label=_("Bank"), max_length=24)
    bank_account = forms.CharField(
        label=_("Bank account"), max_length=40, widget=forms.TextInput(attrs={"autocomplete": "off"})
    )
    kind = forms.ChoiceField(label=_("Kind of account"), choices=translated(AccountKind), required=False)
    why = forms.CharField(label=_("Reason, where it is not the card"), max_length=200, required=False)

    def clean_kind(self) -> str:
        return self.cleaned_data["kind"] or AccountKind.CARD


class OrganisationAccountForm(forms.Form):
    bank = forms.CharField(label=_("Bank"), max_length=24)
    bank_account = forms.CharField(
        label=_("Bank account"), max_length=40,
        widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "off"}),
    )  # fmt: skip
    phone = forms.CharField(label=_("Phone that is told of changes"), max_length=32)
    document = forms.CharField(
        label=_("Paper that states the account"), max_length=200, help_text=_("The permit of the account, its number.")
    )


class AccountForm(forms.Form):
    name = forms.CharField(label=_("Name"), max_length=64)
    number = forms.CharField(
        label=_("Identity number"), max_length=32, widget=forms.TextInput(attrs={"autocomplete": "off"})
    )
    username = forms.CharField(label=_("User name"), max_length=64)
    password = forms.CharField(label=_("First password"), widget=forms.PasswordInput)
    role = forms.ChoiceField(label=_("Role"), choices=lambda: [one for one in translated(Role) if one[0] in OFFICIALS])
    region_code = forms.ChoiceField(label=_("Region"), choices=regions.choices)
    office = forms.CharField(label=_("Office"), max_length=64, required=False)


class RoleForm(forms.Form):
    role = forms.ChoiceField(label=_("Role"), choices=lambda: [one for one in translated(Role) if one[0] in OFFICIALS])
    region_code = forms.ChoiceField(label=_("Region"))
    office = forms.CharField(label=_("Office"), max_length=64, required=False)
