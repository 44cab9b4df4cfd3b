"""The site as it is served, with one view more."""

from django.conf import settings

from rollbook.config.wsgi import application

settings.ROOT_URLCONF = "benchmarks.urls"

__all__ = ["application"]
