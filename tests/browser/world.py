"""A small world for the browser, and every page of it with the role that reads it."""

from types import SimpleNamespace

from django.urls import reverse

from rollbook.accounts.rules import Role
from rollbook.classes.tests.scenes import running
from rollbook.config.navigation import PAGES

PUBLIC = [
    "home",
    "account_login",
    "portal:demand",
    "portal:institutions",
    "portal:apply",
    "portal:publicity_list",
    "portal:disclosure",
    "portal:verify",
    "web:gallery",
]
DETAILS = [
    ("classes:class_detail", "klass", "manager"),
    ("classes:class_detail", "klass", "county"),
    ("classes:grid", "klass", "manager"),
    ("classes:lesson", "lesson", "teacher"),
    ("institutions:institution_detail", "institution", "county"),
    ("institutions:institution_detail", "institution", "manager"),
    ("directory:list_detail", "demand", "county"),
    ("persons:person_detail", "person", "county"),
    ("assessment:detail", "klass", "manager"),
    ("certificates:of_class", "klass", "manager"),
    ("subsidies:class_claims", "klass", "manager"),
    ("portal:check_in", "lesson", "worker"),
]


def made() -> SimpleNamespace:
    scene = running(trainees=3, lessons=2)
    klass = scene.klass
    return SimpleNamespace(
        klass=klass,
        lesson=scene.lesson,
        institution=klass.institution,
        demand=klass.item.demand_list if hasattr(klass.item, "demand_list") else klass.item.list,
        person=scene.people[0].person,
        worker=scene.worker,
        teacher=scene.teacher,
        manager=scene.manager,
        county=scene.county,
    )


def plain_pages() -> list[tuple[str, Role | None]]:
    """Each page that needs no object once, with the first role whose menu offers it."""
    seen = {page.url_name: next(role for role in Role if role in page.roles) for page in PAGES if page.roles}
    return [*((name, None) for name in PUBLIC), *seen.items()]


def detail(world: SimpleNamespace, url_name: str, what: str) -> str:
    return reverse(url_name, args=[getattr(world, what).pk])
