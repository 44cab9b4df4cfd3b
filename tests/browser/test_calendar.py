"""An administrator enters the holidays of a coming year; limits then count with them, and it is in the journal."""

from datetime import date

from django.urls import reverse

from rollbook.accounts.rules import Role
from rollbook.journal.models import Entry
from rollbook.regions.queries import working_days


def test_the_spring_festival_of_2027(at):
    """The days are an example: the notice for 2027 is not out."""
    page = at(Role.SYSTEM_ADMINISTRATOR, reverse("directory:calendar") + "?year=2027")
    assert page.locator(".empty-subtitle").count() == 1, "the year has nothing yet, and the page says what that means"
    for day, until, name, button in (
        ("2027-02-05", "2027-02-11", "春节", "A day off"), ("2027-02-13", "", "春节调休", "A weekend worked"),
    ):  # fmt: skip
        page.fill("#day", day)
        page.fill("#until", until)
        page.fill("#name", name)
        page.fill("#document", "国办发明电〔2026〕X号")
        page.click(f"button:has-text('{button}')")
        page.wait_for_url("**year=2027")
    assert page.locator("tbody tr").count() == 8
    calendar = working_days()
    assert calendar.after(date(2027, 2, 4), 1) == date(2027, 2, 12)
    assert calendar.after(date(2027, 2, 4), 2) == date(2027, 2, 13), "a Saturday that is worked"
    assert [one.data["days"] for one in Entry.objects.filter(kind="calendar.extended").order_by("pk")] == [7, 1]
    page.fill("#day", "2027-02-11")
    page.fill("#name", "春节")
    page.fill("#document", "x")
    page.click("button:has-text('A day off')")
    page.wait_for_selector(".reasons")
    assert Entry.objects.filter(kind="calendar.extended").count() == 2
