from django import forms
from django.utils.translation import gettext_lazy as _

from rollbook.directory.rules import Level
from rollbook.institutions import rules
from rollbook.web.forms import FilesField, day
from rollbook.web.words import translated


class ProfileForm(forms.Form):
    short_name = forms.CharField(label=_("Short name"), max_length=32, required=False)
    nature = forms.ChoiceField(label=_("Nature"), choices=translated(rules.Nature))
    address = forms.CharField(label=_("Address"), max_length=200)
    legal_person = forms.CharField(label=_("Legal representative"), max_length=64, required=False)
    contact = forms.CharField(label=_("Contact"), max_length=64, required=False)
    phone = forms.CharField(label=_("Phone"), max_length=32, required=False)
    capacity = forms.IntegerField(label=_("Trainees at one time"), min_value=0, max_value=100000)


class AccountForm(forms.Form):
    bank = forms.CharField(label=_("Bank"), max_length=24)
    bank_account = forms.CharField(
        label=_("Bank account"), max_length=40,
        widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "off"}),
    )  # fmt: skip
    phone = forms.CharField(label=_("Phone that is told of changes"), max_length=32)
    document = forms.CharField(label=_("Paper that states the account"), max_length=200)


class SiteForm(forms.Form):
    name = forms.CharField(label=_("Site"), max_length=64)
    address = forms.CharField(label=_("Address"), max_length=200)


class RoomForm(forms.Form):
    site_id = forms.TypedChoiceField(label=_("Site"), coerce=int)
    name = forms.CharField(label=_("Room"), max_length=64)
    kind = forms.ChoiceField(label=_("Kind"), choices=translated(rules.RoomKind))
    seats = forms.IntegerField(label=_("Seats"), min_value=1, max_value=1000)


class EquipmentForm(forms.Form):
    room_id = forms.TypedChoiceField(label=_("Room"), coerce=int)
    name = forms.CharField(label=_("Equipment"), max_length=64)
    quantity = forms.IntegerField(label=_("Quantity"), min_value=1)
    work_stations = forms.IntegerField(label=_("Work stations"), min_value=0)


class TeacherForm(forms.Form):
    name = forms.CharField(label=_("Name"), max_length=64)
    number = forms.CharField(label=_("Identity number"), max_length=24)
    is_full_time = forms.BooleanField(label=_("Full-time teacher"), required=False, initial=True)
    experience_years = forms.IntegerField(label=_("Years of experience"), min_value=0, max_value=60, initial=0)
    occupation_id = forms.TypedChoiceField(label=_("Occupation of the certificate"), coerce=int)
    level = forms.ChoiceField(label=_("Level"), choices=translated(Level))
    certificate_number = forms.CharField(label=_("Certificate number"), max_length=32)
    expires_on = day(_("Expires on"), required=False)


class PaperForm(forms.Form):
    kind = forms.ChoiceField(label=_("Paper"), choices=translated(rules.PaperKind))
    number = forms.CharField(label=_("Number"), max_length=64)
    valid_from = day(_("Valid from"))
    valid_until = day(_("Valid until"))
    file = forms.FileField(label=_("Scan (PDF, JPEG or PNG)"))


class ProjectForm(forms.Form):
    occupation_id = forms.TypedChoiceField(label=_("Occupation"), coerce=int)
    level = forms.ChoiceField(label=_("Level"), choices=translated(Level))


class VisitForm(forms.Form):
    second_officer_id = forms.TypedChoiceField(label=_("Second officer"), coerce=int)
    conclusion = forms.CharField(label=_("Findings"), widget=forms.Textarea(attrs={"rows": 3}), required=False)
    photos = FilesField(label=_("Photographs taken on site"), required=False)


class RestrictForm(forms.Form):
    ground = forms.CharField(label=_("Ground"), max_length=200)
    ends_on = day(_("Until"), required=False)
