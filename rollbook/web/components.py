"""Template tags that every page may use without loading them."""

from django.template import Library

register = Library()
