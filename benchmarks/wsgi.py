"""The site as it is served, with the address map that a benchmark asks for."""

import os

from django.conf import settings

from rollbook.config.wsgi import application

if urls := os.environ.get("BENCH_URLS"):
    settings.ROOT_URLCONF = urls

__all__ = ["application"]
