from django import forms
from django.utils.translation import gettext_lazy as _

from rollbook.supervision import rules
from rollbook.web.forms import FilesField, day, moment
from rollbook.web.words import translated


class PlanForm(forms.Form):
    kind = forms.ChoiceField(label=_("Kind"), choices=translated(rules.Kind))
    due_on = day(_("Due on"))
    first_id = forms.TypedChoiceField(label=_("First inspector"), coerce=int)
    second_id = forms.TypedChoiceField(label=_("Second inspector"), coerce=int, required=False, empty_value=None)


class CallForm(forms.Form):
    enrolment_id = forms.IntegerField()
    answer = forms.ChoiceField(choices=translated(rules.Answer))
    remark = forms.CharField(max_length=200, required=False)


class InspectForm(forms.Form):
    event_id = forms.UUIDField()
    lesson_id = forms.TypedChoiceField(coerce=int, required=False, empty_value=None)
    arrived_at = forms.DateTimeField()
    left_at = forms.DateTimeField()
    is_held = forms.BooleanField(required=False)
    qualified = forms.TypedChoiceField(choices=[("1", ""), ("0", "")], coerce=lambda text: text == "1")
    remark = forms.CharField(required=False, max_length=4000)
    photos = FilesField(required=False)


class AnswerForm(forms.Form):
    answer = forms.CharField(label=_("What you have to say"), max_length=500, required=False)


class HandOverForm(forms.Form):
    authority = forms.ChoiceField(label=_("Authority"), choices=translated(rules.Authority))
    office = forms.CharField(label=_("Name of the office"), max_length=120)
    facts = forms.CharField(
        label=_("What was found out"), max_length=4000, widget=forms.Textarea(attrs={"rows": 4}),
        help_text=_("The grounds, their rows and the evidence on hold are added by themselves."),
    )  # fmt: skip


class AuthorityAnswerForm(forms.Form):
    answer = forms.CharField(label=_("Answer, with the number of its document"), max_length=500)


class ConcludeForm(forms.Form):
    outcome = forms.ChoiceField(label=_("How it came out"), choices=translated(rules.CaseOutcome))
    conclusion = forms.CharField(
        label=_("Conclusion, with its document"), max_length=4000, widget=forms.Textarea(attrs={"rows": 3})
    )


class PhotoForm(forms.Form):
    sent = FilesField(label=_("Photographs taken on site"))


class AnnounceForm(forms.Form):
    title = forms.CharField(label=_("What the check is for"), max_length=120)
    due_on = day(_("Due on"))
    source = forms.CharField(
        label=_("Public figure to draw with"),
        max_length=200,
        help_text=_("One that others publish and nobody can choose, such as the numbers of a lottery's next drawing."),
    )
    draws_at = moment(_("The figure is known from"))


class FigureForm(forms.Form):
    figure = forms.CharField(label=_("The figure as it was published"), max_length=200)


class CheckForm(forms.Form):
    checked_on = day(_("Checked on"))
    in_order = forms.TypedChoiceField(
        label=_("Result"), choices=[("1", _("In order")), ("0", _("Not in order"))], coerce=lambda text: text == "1"
    )
    finding = forms.CharField(
        label=_("What was found"), max_length=500, required=False, widget=forms.Textarea(attrs={"rows": 2})
    )


class MeasureForm(forms.Form):
    institution_id = forms.TypedChoiceField(label=_("Institution"), coerce=int)
    grade = forms.ChoiceField(label=_("Measure"), choices=translated(rules.Grade))
    trigger = forms.ChoiceField(
        label=_("What it is for"), choices=[(key, _(text)) for key, (_g, text) in rules.TRIGGERS.items()]
    )
    ground = forms.CharField(label=_("Ground"), widget=forms.Textarea(attrs={"rows": 2}), max_length=500)
