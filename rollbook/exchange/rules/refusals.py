"""What a department delivered and we did not take: why, and what somebody must do about it (N3.5)."""

from collections.abc import Iterator, Sequence

from rollbook.exchange.rules.contracts import Manifest
from rollbook.kernel.choices import Choice
from rollbook.kernel.messages import Message, _
from rollbook.kernel.reasons import reason


class RefusalKind(Choice):
    REFUSED = "refused", _("Turned away")
    INCOMPLETE = "incomplete", _("Left incomplete")
    CONFLICT = "conflict", _("Number used with another content")


class RefusalState(Choice):
    OPEN = "waiting", _("Waits for a person")
    SETTLED = "settled", _("Settled")


NUMBER_USED = "batch-number-used"


def kind_of(reasons: Sequence[Message]) -> RefusalKind:
    return RefusalKind.CONFLICT if NUMBER_USED in {one.code for one in reasons} else RefusalKind.REFUSED


def reasons_against_drop(missing: Sequence[str], lain_hours: int, most_hours: int) -> Iterator[Message]:
    """A file of a delivery that has not come after so many hours will not come by itself."""
    if lain_hours >= most_hours:
        text = _("The file {name} is still missing after {hours} hours.")
        for name in missing:
            yield reason("drop-incomplete", text, "N3.5", name=name, hours=lain_hours)


def is_another(manifest: Manifest, sha256: str, sm3: str) -> bool:
    """Whether a manifest speaks of another file than the one that was taken under its number; of a digest that was not
    worked out then nothing can be said."""
    taken = {"sha256": sha256, "sm3": sm3}
    return any(taken[name] and taken[name] != told for name, told in manifest.digests.items())
