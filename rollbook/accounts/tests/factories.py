import factory
from factory.django import DjangoModelFactory

from rollbook.accounts.models import Account
from rollbook.accounts.rules import Role


class AccountFactory(DjangoModelFactory):
    """An official of Xuanwu county unless told otherwise. For people of an institution give
    `institution_id`, for a worker `person_id`."""

    class Meta:
        model = Account

    username = factory.Sequence("user-{}".format)
    name = factory.Sequence("经办{}".format)
    role = Role.COUNTY_REVIEWER
    region_code = "320102"
