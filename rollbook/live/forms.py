from django import forms
from django.utils.translation import gettext_lazy as _

from rollbook.live import rules
from rollbook.web.words import translated


class CameraForm(forms.Form):
    room_id = forms.TypedChoiceField(label=_("Room"), coerce=int)
    name = forms.CharField(
        label=_("Camera"), max_length=64, help_text=_("Where it hangs, such as: front, above the board")
    )


class CallForm(forms.Form):
    enrolment_id = forms.TypedChoiceField(label=_("Trainee"), coerce=int)
    outcome = forms.ChoiceField(label=_("Who came to the camera"), choices=translated(rules.Outcome))
    remark = forms.CharField(label=_("Remark"), max_length=200, required=False)


class CountForm(forms.Form):
    counted = forms.IntegerField(label=_("People in the picture"), min_value=0, max_value=500)
