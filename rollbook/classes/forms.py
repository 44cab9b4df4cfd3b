from collections.abc import Iterable, Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from rollbook.classes.rules import states
from rollbook.classes.rules.devices import DeviceKind
from rollbook.evidence.rules import Kind
from rollbook.persons.rules import Category
from rollbook.web.forms import FilesField, day, moment
from rollbook.web.words import translated

Choices = Sequence[tuple[str, str]]


class ClassForm(forms.Form):
    item_id = forms.TypedChoiceField(label=_("Project"), coerce=int, required=False, empty_value=None)
    certificate_kind = forms.ChoiceField(
        label=_("Certificate"), choices=translated(states.CertificateKind), required=False
    )
    study_form = forms.ChoiceField(label=_("Study form"), choices=translated(states.StudyForm), required=False)
    starts_on = day(_("First day"), required=False)
    ends_on = day(_("Last day"), required=False)
    head = forms.CharField(label=_("Who answers for the class"), max_length=64, required=False)
    phone = forms.CharField(label=_("Phone"), max_length=32, required=False)
    resources = forms.CharField(
        label=_("Textbooks and digital courses"), widget=forms.Textarea(attrs={"rows": 2}), required=False
    )
    assessment_plan = forms.CharField(
        label=_("Assessment plan"), widget=forms.Textarea(attrs={"rows": 2}), required=False
    )

    def values(self) -> dict[str, object]:
        """Only what was sent and may be kept: choices left empty stay as they are."""
        empty_is_kept = {"item_id", "certificate_kind", "study_form"}
        return {k: v for k, v in self.cleaned_data.items() if k in self.data and (v or k not in empty_is_kept)}


class LessonsForm(forms.Form):
    room_id = forms.TypedChoiceField(label=_("Room for theory"), coerce=int)
    practice_room_id = forms.TypedChoiceField(label=_("Room for practice"), coerce=int)
    teacher_id = forms.TypedChoiceField(label=_("Teacher"), coerce=int)


class TraineeForm(forms.Form):
    name = forms.CharField(label=_("Name"), max_length=64)
    number = forms.CharField(label=_("Identity number"), max_length=24)
    category = forms.ChoiceField(label=_("Person category"), choices=translated(Category))
    phone = forms.CharField(label=_("Phone"), max_length=11)
    bank = forms.CharField(label=_("Bank"), max_length=32, required=False)
    bank_account = forms.CharField(label=_("Bank account"), max_length=30, required=False)


class SignForm(forms.Form):
    signed_name = forms.CharField(label=_("Name of who signs"), max_length=64)


class ReviewForm(forms.Form):
    remark = forms.CharField(label=_("Remark"), widget=forms.Textarea(attrs={"rows": 2}), required=False)
    despite = forms.CharField(max_length=200, required=False)


class ChangeForm(forms.Form):
    starts_at = moment(_("New time"), required=False)
    room_id = forms.TypedChoiceField(label=_("Room"), coerce=int, required=False, empty_value=None)
    teacher_id = forms.TypedChoiceField(label=_("Teacher"), coerce=int, required=False, empty_value=None)
    why = forms.CharField(label=_("Reason"), max_length=200)


class MakeUpForm(forms.Form):
    enrolment_ids = forms.TypedMultipleChoiceField(
        label=_("Trainees who missed it"), coerce=int, widget=forms.CheckboxSelectMultiple
    )
    starts_at = moment(_("Time"))
    room_id = forms.TypedChoiceField(label=_("Room"), coerce=int)
    teacher_id = forms.TypedChoiceField(label=_("Teacher"), coerce=int)
    why = forms.CharField(label=_("Reason"), max_length=200)

    def __init__(self, data: Any, *, people: Choices = (), rooms: Choices = (), teachers: Choices = ()) -> None:
        super().__init__(data)
        for name, choices in (("enrolment_ids", people), ("room_id", rooms), ("teacher_id", teachers)):
            self.fields[name].choices = choices  # type: ignore[attr-defined]


class CorrectionForm(forms.Form):
    enrolment_id = forms.IntegerField(widget=forms.HiddenInput)
    presence = forms.ChoiceField(label=_("What it should be"), choices=translated(states.Presence))
    why = forms.CharField(label=_("Reason"), max_length=200)


class TeachingForm(forms.Form):
    in_at = moment(_("The teacher came"))
    out_at = moment(_("The teacher left"))
    why = forms.CharField(label=_("Reason"), max_length=200)
    paper = forms.FileField(label=_("Paper that shows it (PDF, JPEG or PNG)"))


class EvidenceForm(forms.Form):
    kind = forms.ChoiceField(label=_("Kind"), choices=[one for one in translated(Kind) if one[0] != Kind.RECORDING])
    lesson_id = forms.TypedChoiceField(label=_("Lesson"), coerce=int, required=False, empty_value=None)
    title = forms.CharField(label=_("Title"), max_length=128, required=False)
    sent = FilesField(label=_("Files"))


class DeviceForm(forms.Form):
    name = forms.CharField(label=_("Name of the device"), max_length=64)
    kind = forms.ChoiceField(label=_("Kind"), choices=translated(DeviceKind))
    serial = forms.CharField(label=_("Serial number"), max_length=64)

    def __init__(self, data: Any = None, files: Any = None, *, rooms: Iterable[tuple[int, str]] = ()) -> None:
        super().__init__(data, files)
        self.fields["room_id"] = forms.TypedChoiceField(
            label=_("Room"), coerce=int, required=False, empty_value=None, choices=[("", "–"), *rooms]
        )


class EventFileForm(forms.Form):
    file = forms.FileField(label=_("File of events (.csv or .ndjson)"))
