"""The site, and one view more that does nothing but insert a row: what nothing can be faster than."""

import json

from django.contrib.auth.decorators import login_not_required
from django.db import connection
from django.http import HttpRequest, JsonResponse
from django.urls import path
from django.views.decorators.csrf import csrf_exempt

from rollbook.config.urls import urlpatterns as site


@csrf_exempt
@login_not_required
def bare(request: HttpRequest) -> JsonResponse:
    with connection.cursor() as cursor:
        cursor.execute("INSERT INTO bench_bare (event) VALUES (%s)", [json.loads(request.body)["event_id"]])
    return JsonResponse({"kept": True})


urlpatterns = [path("bare/", bare), *site]
