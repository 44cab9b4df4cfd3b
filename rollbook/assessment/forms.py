from django import forms
from django.utils.translation import gettext_lazy as _

from rollbook.assessment import actions, rules
from rollbook.kernel.messages import _ as marked
from rollbook.kernel.reasons import Refused, reason
from rollbook.persons.rules import normal
from rollbook.web.forms import day, moment
from rollbook.web.words import translated


class SittingForm(forms.Form):
    part = forms.ChoiceField(label=_("Part"), choices=translated(rules.Part))
    room_id = forms.TypedChoiceField(label=_("Room"), coerce=int)
    starts_at = moment(_("Began at"))
    ends_at = moment(_("Ended at"))
    minutes = forms.IntegerField(label=_("Minutes that the paper gives"), min_value=1, max_value=600)
    paper = forms.CharField(label=_("Number of the paper"), max_length=64, required=False)
    drawn_on = day(_("Paper drawn on"), required=False)
    invigilators = forms.CharField(
        label=_("Invigilators"), required=False, max_length=2000, widget=forms.Textarea(attrs={"rows": 2}),
        help_text=_("One a line: name and identity number."),
    )  # fmt: skip
    assessors = forms.CharField(
        label=_("Assessors"), required=False, max_length=2000, widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("One a line: name and identity number."),
    )  # fmt: skip
    key = forms.CharField(
        label=_("Right answers"), required=False, max_length=4000, widget=forms.Textarea(attrs={"rows": 2}),
        help_text=_("In the order of the questions, parted by commas: A,C,BD. Only offices and you see them."),
    )  # fmt: skip


class RecordForm(forms.Form):
    what = forms.ChoiceField(label=_("What it is"), choices=translated(rules.Record))
    sent = forms.FileField(label=_("File"))


class DoorForm(forms.Form):
    picture = forms.FileField(
        label=_("Photograph of the candidate"),
        widget=forms.FileInput(attrs={"accept": "image/jpeg,image/png", "capture": "environment"}),
    )
    word = forms.ChoiceField(label=_("What the identity card shows"), choices=[("", "–"), *translated(rules.Word)])
    remark = forms.CharField(
        label=_("What you saw"), max_length=200, required=False, help_text=_("Wanted where it is not the same person.")
    )


class CandidateForm(forms.Form):
    enrolment_id = forms.IntegerField()


def examiners(text: str, duty: rules.DutyKind) -> list["actions.Examiner"]:
    """Those whom the lines name; a line that is not a name and a number is refused with its words."""
    found = []
    for line in filter(None, (line.strip() for line in text.splitlines())):
        name, _gap, number = line.replace(",", " ").replace("，", " ").rpartition(" ")
        if not name.strip():
            raise Refused(reason("bad-examiner", marked("“{text}” is no name and number."), text=line[:40]))
        found.append(actions.Examiner(name.strip(), normal(number), duty))
    return found
