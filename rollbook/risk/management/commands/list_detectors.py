from collections.abc import Iterator
from typing import Any

from django.core.management.base import BaseCommand

from rollbook.risk.detectors import DETECTORS, LEFT_OUT, WAITING
from rollbook.risk.queries import waits_for


class Command(BaseCommand):
    help = "Write docs/detectors.md: every detector with its terms, what it reads, and what was left out and why."

    def handle(self, **options: Any) -> None:
        self.stdout.write("\n".join(lines()))


def lines() -> Iterator[str]:
    yield "# Detectors"
    yield ""
    yield "Written by `manage.py list_detectors > docs/detectors.md`; a test holds that it is current. Severity: B stops by"
    yield "itself (hard legal rules only), R goes to a person, W warns. Limits are defaults with their bounds, set by region"
    yield "and date on the detector's page. *Waits for* names tables and columns that nothing fills yet: until then it finds"
    yield "nothing by them; the list below says why."
    yield ""
    yield "| id | finds | about | | clause | limits | waits for |"
    yield "|---|---|---|---|---|---|---|"
    for code, one in DETECTORS.items():
        limits = ", ".join(f"{name} {n.default} ({n.least}–{n.most})" for name, n in one.limits.items()) or "–"
        missing = ", ".join(waits_for(code)) or "–"
        yield (
            f"| {code} | {one.title} | {one.subject.value} | {one.severity.value} | {one.clause} | {limits} | {missing} |"
        )
    yield ""
    yield f"{len(DETECTORS)} detectors, {sum(code[0] == 'D' for code in DETECTORS)} of the catalogue's 126."
    yield ""
    yield "## Left out"
    yield ""
    for code, why in LEFT_OUT.items():
        yield f"- {code}: {why}."
    yield ""
    yield "## Waits for"
    yield ""
    for name, why in WAITING.items():
        yield f"- `{name}`: {why}."
