import factory
from django.db.backends.postgresql.psycopg_any import DateRange
from factory.django import DjangoModelFactory

from rollbook.regions.models import Region


class RegionFactory(DjangoModelFactory):
    class Meta:
        model = Region

    code = "320102"
    name = "玄武区"
    in_force = factory.LazyFunction(lambda: DateRange(None, None))
