from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from rollbook.kernel.messages import _
from rollbook.kernel.reasons import reason
from rollbook.web.components import TONES


@login_not_required
def gallery(request: HttpRequest) -> HttpResponse:
    """Every component on one page, to look at and to test."""
    shown = [
        reason(
            "example",
            _("{size} trainees are on the roster; there must be {least} to {most}."),
            "N4.2",
            size=9,
            least=20,
            most=50,
        )
    ]
    return render(request, "web/gallery.html", {"tones": TONES, "reasons": shown})
