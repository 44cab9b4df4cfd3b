from django import forms
from django.utils.translation import gettext_lazy as _

from rollbook.exchange.rules import Feed
from rollbook.persons.rules import Purpose
from rollbook.web.forms import day
from rollbook.web.words import translated

MOST_BYTES = 100 * 2**20


class SentForm(forms.Form):
    """A file of a department, as it was sent."""

    file = forms.FileField(label=_("File (.xlsx, .csv or .parquet)"))

    def clean_file(self) -> tuple[bytes, str]:
        file = self.cleaned_data["file"]
        if file.size > MOST_BYTES:
            raise forms.ValidationError(
                _("At most 100 MB can be uploaded; larger files are left or sent with a manifest.")
            )
        return file.read(), file.name


class BatchForm(SentForm):
    contract = forms.ChoiceField(label=_("Feed and source"))
    number = forms.CharField(
        label=_("Batch number"), max_length=64, help_text=_("The source's own: the same number is taken once.")
    )
    as_of = day(_("Data as of"))
    field_order = ("contract", "number", "as_of", "file")


class SourceForm(forms.Form):
    code = forms.CharField(label=_("Code"), max_length=32, help_text=_("Letters, digits and hyphens."))
    name = forms.CharField(label=_("Name of the source"), max_length=64)
    public_key = forms.CharField(
        label=_("Public key (Ed25519, base64)"), max_length=64, required=False,
        help_text=_("What the source sends by itself is signed with it."),
    )  # fmt: skip
    url = forms.CharField(
        label=_("Address to fetch from"),
        max_length=200,
        required=False,
        help_text=_("Empty: the source sends by itself."),
    )


class SourceChangeForm(forms.Form):
    public_key = forms.CharField(
        label=_("Public key (Ed25519, base64)"), max_length=64, required=False,
        help_text=_("What the source sends by itself is signed with it."),
    )  # fmt: skip
    url = forms.CharField(
        label=_("Address to fetch from"), max_length=200, required=False,
        help_text=_("Empty: the source sends by itself."),
    )  # fmt: skip
    cadence_days = forms.IntegerField(
        label=_("Days between two deliveries"), min_value=1, max_value=366, required=False,
        help_text=_("Of all its contracts. Empty: as they say now."),
    )  # fmt: skip
    why = forms.CharField(label=_("Reason and document"), max_length=200)


class ContractForm(forms.Form):
    source = forms.ChoiceField(label=_("Source"))
    feed = forms.ChoiceField(label=_("Feed"), choices=lambda: translated(Feed))
    from_on = day(_("From"))
    cadence_days = forms.IntegerField(label=_("Days between two deliveries"), min_value=1, max_value=366)
    purpose = forms.CharField(label=_("Purpose"), max_length=200)
    legal_basis = forms.CharField(label=_("Legal basis"), max_length=200)
    document = forms.CharField(label=_("Document"), max_length=64)
    wrong_percent = forms.IntegerField(label=_("Most wrong rows, per cent"), min_value=0, max_value=100)
    changed_percent = forms.IntegerField(label=_("Most facts changed or ended, per cent"), min_value=0, max_value=100)
    matched_percent = forms.IntegerField(
        label=_("Most of the register concerned, per cent"), min_value=0, max_value=100
    )


class OptionalWhyForm(forms.Form):
    why = forms.CharField(label=_("Reason, where the batch was stopped"), max_length=200, required=False)


class PurposeForm(forms.Form):
    purpose = forms.ChoiceField(label=_("Purpose"), choices=lambda: translated(Purpose))
