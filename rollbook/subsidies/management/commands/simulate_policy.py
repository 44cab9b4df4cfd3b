from datetime import date
from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.utils import timezone

from rollbook.accounts import queries as accounts
from rollbook.kernel.money import yuan
from rollbook.subsidies import actions, queries
from rollbook.subsidies.rules.simulation import Dimension, Scenario
from rollbook.web.words import said


def pair(text: str) -> tuple[int, int]:
    row, _equals, value = text.partition("=")
    return int(row), int(value)


class Command(BaseCommand):
    help = "Try a change of a policy on claims of the past; it is saved under its name, real claims are only read (B5)."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("name")
        parser.add_argument("--policy", type=int, required=True, help="number of the version to change")
        parser.add_argument("--other", type=int, help="number of a version in its place")
        parser.add_argument("--by", default="province-officer", help="user name of whom it is saved for")
        parser.add_argument("--region", default="320000")
        parser.add_argument("--since", type=date.fromisoformat, default=queries.default_period()[0])
        parser.add_argument("--until", type=date.fromisoformat, default=queries.default_period()[1])
        parser.add_argument("--percent", type=int, default=100, help="of every amount")
        for name, what in (("amount", "fen"), ("factor", "per cent"), ("cap", "limit")):
            parser.add_argument(f"--{name}", type=pair, action="append", default=[], metavar=f"ROW={what.upper()}")
        parser.add_argument("--claim-days", type=int, default=-2)
        parser.add_argument("--attendance", type=int, default=-1)
        parser.add_argument("--table", action="store_true", help="standards from the policy's table, not the directory")

    def handle(self, **options: Any) -> None:
        scenario = Scenario(
            percent=options["percent"], amounts=dict(options["amount"]), factors=dict(options["factor"]),
            caps=dict(options["cap"]), claim_days=options["claim_days"], attendance_least=options["attendance"],
            source="table" if options["table"] else "",
        )  # fmt: skip
        by = accounts.by_username(options["by"])
        one = actions.ask_simulation(
            by=by, name=options["name"], region_code=options["region"], since=options["since"], until=options["until"],
            policy_id=options["policy"], other_id=options["other"], scenario=scenario, now=timezone.now(),
        )  # fmt: skip
        actions.run_simulation(simulation_id=one.pk)
        one.refresh_from_db()
        for change in queries.changes_of(one):
            self.stdout.write(said(change))
        result = one.result or {}
        self.stdout.write(f"{result['claims']} claims")
        if result["claims"]:
            self.stdout.write(f"{yuan(result['before_fen'])} → {yuan(result['after_fen'])}")
            self.stdout.write(f"{result['people_more']} people get more, {result['people_less']} less")
            for group in queries.named(result, Dimension.COUNTY):
                self.stdout.write(f"  {group.name}: {yuan(group.row['before_fen'])} → {yuan(group.row['after_fen'])}")
