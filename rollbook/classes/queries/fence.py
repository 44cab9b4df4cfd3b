"""Where something happened, and how far that is from the site on file, for screening (domain D39, D51)."""

from typing import Any

from django.db.models import Case, F, FloatField, OuterRef, Value, When
from django.db.models.functions import Cast, Cos, Greatest, Radians, Sqrt
from django.db.models.lookups import LessThan

from rollbook.classes.rules.positions import EARTH
from rollbook.directory import queries as directory
from rollbook.directory.rules import TermKey


def metres_from(site: str, at: type[F] | type[OuterRef] = F) -> Any:
    """From the place of a row, or of the row around it, to a site on file: good to a per mille within a province."""
    latitude, longitude = (Cast(at(name), FloatField()) for name in ("latitude", "longitude"))
    north = Radians(Cast(f"{site}__latitude", FloatField()) - latitude)
    east = Radians(Cast(f"{site}__longitude", FloatField()) - longitude) * Cos(Radians(latitude))
    return Sqrt(north * north + east * east) * Value(EARTH)


def beyond_the_fence() -> Any:
    """Metres beyond the fence of the lesson's site; within the narrowest of all regions its own is not looked up."""
    metres = metres_from("lesson__room__site")
    klass = "lesson__training_class"
    own = directory.value_in_force(TermKey.FENCE_METRES, f"{klass}__region_code", f"{klass}__starts_on")
    return Case(
        When(longitude=None, then=None),
        When(lesson__room__site__longitude=None, then=None),
        When(LessThan(metres, directory.lowest_anywhere(TermKey.FENCE_METRES)), then=Value(0.0)),
        default=Greatest(metres - own, Value(0.0)),
        output_field=FloatField(),
    )
