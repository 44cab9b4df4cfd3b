import json
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.template.loader import render_to_string
from django.utils.translation import gettext, override

from rollbook.subsidies import actions, files, rules
from rollbook.subsidies.rules import book

CASES = Path(__file__).parents[2] / "data" / "cases.json"
LANGUAGES = {"en": "en", "zh-hans": "zh"}
CSS = """body { font: 15px/1.5 "Noto Sans SC", "Microsoft YaHei", system-ui, sans-serif; max-width: 1100px; margin: 32px auto; padding: 0 16px; }
h1, h2, h3 { color: #1c4a86; } h2 { border-bottom: 2px solid #1c4a86; margin-top: 48px; } h3 { margin: 24px 0 8px; }
table { border-collapse: collapse; width: 100%; } th, td { border-bottom: 1px solid #ccd3dc; padding: 4px 8px; text-align: left; vertical-align: top; }
.number { text-align: right; white-space: nowrap; font-variant-numeric: tabular-nums; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: 2px 16px; } dt { color: #566475; } dd { margin: 0; }
@media print { h2 { break-before: page; } section { break-inside: avoid-page; } nav { display: none; } }
"""


class Command(BaseCommand):
    help = "Print the rule book in both languages: each rule with its clause and cases, each shipped policy whole."
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--to", type=Path, default=Path("rulebook"))

    def handle(self, **options: Any) -> None:
        read = book.read(actions.shipped(), json.loads(CASES.read_text("utf-8")))
        if wrong := [one.name["en"] for one in read.cases if not one.is_as_expected]:
            raise CommandError(f"not what the book expects: {', '.join(wrong)}")
        options["to"].mkdir(parents=True, exist_ok=True)
        (options["to"] / "rules.css").write_text(CSS, "utf-8")
        for language, key in LANGUAGES.items():
            with override(language):
                path = options["to"] / f"rules-{language}.html"
                path.write_text(render_to_string("subsidies/rule_book.html", _context(read, key)), "utf-8")
            if options["verbosity"]:
                self.stdout.write(str(path))


def _context(read: book.Book, key: str) -> dict[str, Any]:
    told = {id(case): _told(case, key) for case in read.cases}
    grounds = [
        (rows[0][0].template, [(one, told[id(case)]) for one, case in rows]) for rows in read.by_ground().values()
    ]
    lines = [
        (template, [(one, fen, told[id(case)]) for one, fen, case in rows]) for template, rows in read.by_line().items()
    ]
    policies = [
        {
            "title": one.title, "subsidy": rules.Subsidy(one.policy.subsidy).label, "region_code": one.region_code,
            "since": one.since, "until": date.fromisoformat(one.until) - timedelta(1) if one.until else "", "head": files.head(one.policy), "tables": files.tables(one.policy),
            "cases": [told[id(case)] for case in read.cases_of(one)],
        }
        for one in read.policies
    ]  # fmt: skip
    return {"grounds": grounds, "lines": lines, "policies": policies}


def _told(case: book.Case, key: str) -> dict[str, Any]:
    told = [(gettext(rules.LABELS[name]), _value(name, one)) for name, one in case.facts.items() if name != "identity"]
    return {
        "name": case.name[key],
        "title": case.printed.title,
        "facts": [(label, text) for label, text in told if text],
        "change": [
            *(gettext(rules.TITLES[part]) for part in case.change if part in rules.PARTS),
            *(gettext(one.label) for one in rules.HEAD if one.name in case.change),
            *(gettext(title) for part, title in rules.TITLES.items() if part == "head" and "limits" in case.change),
        ],
        "lines": case.lines,
        "against": case.against,
        "fen": case.fen,
    }


def _value(name: str, value: Any) -> str:
    said, shape = rules.value_of(name, value)
    if shape == "fen":
        return files.money(said)
    return gettext(said) if shape == "word" and said else str(said)
