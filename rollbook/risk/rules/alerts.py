"""The life of an alert: found, explained, settled by one and closed by two; holds; what it is worth looking at."""

from collections.abc import Collection, Iterator, Mapping, Sequence

from rollbook.kernel.choices import Choice
from rollbook.kernel.lifecycle import Lifecycle
from rollbook.kernel.messages import Message, _
from rollbook.kernel.reasons import reason
from rollbook.risk.rules.detectors import Detector, Excuse, Scheme, Severity, Subject

OFF, WARN, REVIEW, BLOCK = 0, 1, 2, 3
RANKS = {"": OFF, Severity.WARN: WARN, Severity.REVIEW: REVIEW, Severity.BLOCK: BLOCK}
RANK_LABELS = {
    OFF: _("Switched off"),
    WARN: _("Warns and counts"),
    REVIEW: _("A person decides before the next step"),
    BLOCK: _("Stops by itself"),
}
ANSWER_DAYS = 10  # working days for an institution to explain, unless the region's term says otherwise


class RunKind(Choice):
    NIGHT = "night", _("Every night")
    ROSTER = "roster", _("When a roster is filed")
    CLAIM = "claim", _("When a claim is filed")


class Heard(Choice):
    """What came of a call back to a trainee; who merely did not pick up says nothing (D118, D122)."""

    REACHED = "reached", _("Reached")
    NOT_THERE = "did-not-attend", _("Did not attend")
    WRONG_NUMBER = "wrong-number", _("Wrong number")


class State(Choice):
    OPEN = "open", _("To be looked at")
    ASKED = "asked", _("Institution asked")
    ANSWERED = "answered", _("Institution explained")
    PROPOSED = "proposed", _("Waits for the second officer")
    CLOSED = "closed", _("Closed")


class Move(Choice):
    ASK = "ask", _("Ask the institution")
    ANSWER = "answer", _("Explain")
    SETTLE = "settle", _("Settle")
    CLOSE = "close", _("Confirm and close")
    SEND_BACK = "send-back", _("Send back")


class Outcome(Choice):
    TRUE = "true", _("True")
    PARTLY = "partly", _("Partly true")
    FALSE = "false", _("False alarm")
    LEGITIMATE = "legitimate", _("Legitimate reason")


class Consequence(Choice):
    HOLD = "hold", _("Claims stay held")
    RELEASE = "release", _("Hold released")
    INSPECTION = "inspection", _("Inspection on site")
    RECOVERY = "recovery", _("Money recovered")
    CASE = "case", _("Handed over as a case")
    CORRECTION = "correction", _("Record corrected")
    REFUSAL = "refusal", _("Claim refused in review")


S, M = State, Move
LIFECYCLE = Lifecycle(
    {
        (S.OPEN, M.ASK): S.ASKED,
        (S.OPEN, M.SETTLE): S.PROPOSED,
        (S.ASKED, M.ANSWER): S.ANSWERED,
        (S.ASKED, M.SETTLE): S.PROPOSED,
        (S.ANSWERED, M.ASK): S.ASKED,
        (S.ANSWERED, M.SETTLE): S.PROPOSED,
        (S.PROPOSED, M.CLOSE): S.CLOSED,
        (S.PROPOSED, M.SEND_BACK): S.OPEN,
    }
)
# Relations between bodies and doings of an office are not told to those whom they concern while they are open.
NOT_TOLD = frozenset({Scheme.COLLUSION, Scheme.INSIDER})


NOBODY_TO_ASK = _("This alert concerns no institution that may be told of it.")
EXPLANATION_MISSING = _("Say what happened, and what proves it.")
MORE_FOUND = _("More was found since it was settled.")
WHY_MISSING = _("Say why it goes back.")
HELD_BY_ALERT = _("Held by alert {number}: {finding}")
NOT_TRIED_WITHOUT = _("Choose a limit of this detector and a value within its bounds.")
LATER_SETTING = _("A later value is set already for this limit.")


# What stops or moves money, or leaves the house, is never one officer's word.
GRAVE = frozenset({Consequence.HOLD, Consequence.RELEASE, Consequence.RECOVERY, Consequence.CASE})


def grouped(subject: Subject, subject_id: int, class_id: int | None) -> tuple[Subject, int]:
    """What an alert about a finding is about: trainees and claims go by their class, so that what was done to forty of
    a class is one alert and not forty."""
    if class_id is not None and subject in (Subject.ENROLMENT, Subject.CLAIM):
        return Subject.CLASS, class_id
    return subject, subject_id


def titled(title: str, names: Collection[str], most: int = 3) -> str:
    """An alert by its class and those that it is about."""
    if not names:
        return title[:200]
    shown = "、".join(list(names)[:most])
    return f"{title} · {shown}{f'… ({len(names)})' if len(names) > most else ''}"[:200]


def needs_second(severity: int, amount_fen: int, consequences: Collection[str] = ()) -> bool:
    """Where money or a legal stop is at stake, or something grave follows, nobody closes alone (N14.1)."""
    return severity >= BLOCK or amount_fen > 0 or bool(GRAVE & set(consequences))


def score(severities: Collection[int], amount_fen: int) -> int:
    """What a queue is sorted by: first severity, then money, then how many grounds agree.

    A thousand a rank, up to 600 for money (100 for each tenfold beyond a hundred yuan), 50 for every further ground.
    """
    money, yuan = 0, amount_fen // 10_000
    while yuan and money < 600:
        money, yuan = money + 100, yuan // 10
    return max(severities, default=0) * 1000 + money + min(50 * (len(severities) - 1), 300)


def at_stake(amounts: Mapping[Subject, Sequence[int]]) -> int:
    """What is claimed of those that an alert is about, each counted once: of a class as a whole all of it, else of its
    trainees, or where only claims were found of these."""
    for subject in (Subject.CLASS, Subject.INSTITUTION):
        if subject in amounts:
            return sum(amounts[subject])
    return max((sum(some) for some in amounts.values()), default=0)


def settled(true_codes: Collection[str], codes: Collection[str], excuse: str) -> Outcome:
    """The outcome that follows from which grounds were true."""
    if true_codes and set(true_codes) >= set(codes):
        return Outcome.TRUE
    if true_codes:
        return Outcome.PARTLY
    return Outcome.LEGITIMATE if excuse else Outcome.FALSE


def reasons_against_settling(
    *,
    finding: str,
    true_codes: Collection[str],
    codes: Collection[str],
    excuse: str,
    consequences: Sequence[str],
    has_class: bool = True,
    all_cleared: Collection[str] = (),
) -> Iterator[Message]:
    """Why an alert cannot be settled so (N3.6): every ground gets its verdict, and a true one its consequence."""
    if not finding.strip():
        yield reason("finding-missing", _("Say what was found, in a sentence that can be read years later."), "N3.6")
    if set(true_codes) - set(codes):
        yield reason("ground-unknown", _("Tick only grounds that this alert has."))
    if all_cleared:
        text = _("Of {codes} everyone is cleared: then the ground is not true.")
        yield reason("all-cleared", text, "N3.6", codes=", ".join(sorted(all_cleared)))
    if excuse and excuse not in Excuse.values():
        yield reason("excuse-unknown", _("There is no such legitimate reason."))
    if true_codes and excuse:
        yield reason("excuse-of-the-true", _("A legitimate reason goes with no true ground: untick it, or the ground."))
    if set(consequences) - set(Consequence.values()):
        yield reason("consequence-unknown", _("There is no such consequence."))
    if true_codes and not set(consequences) - {Consequence.RELEASE}:
        yield reason("consequence-missing", _("What was true has a consequence: choose at least one."), "N3.6")
    if not true_codes and set(consequences) - {Consequence.RELEASE, Consequence.CORRECTION}:
        yield reason("consequence-of-nothing", _("Where nothing was true, nothing but a correction follows."))
    if Consequence.INSPECTION in consequences and not has_class:
        yield reason("nothing-to-inspect", _("This alert is about no class that could be inspected."), "N11.4")


def reasons_against_closing(*, own: bool, own_account: bool) -> Iterator[Message]:
    if own:
        text = _("You settled this alert; another officer must close it.")
        yield reason("same-officer", text, "N14.1")
    if own_account:
        yield reason("about-you", _("This alert is about your own account."), "N14.1")


def reasons_against_setting(
    detector: Detector, name: str, value: int, *, why: str, tried: bool, starts_in_days: int
) -> Iterator[Message]:
    """Why a limit or severity cannot be set: known, within bounds, tried on history, and from tomorrow on."""
    if name == "severity":
        if value not in RANK_LABELS:
            yield reason("rank-unknown", _("There is no such severity."))
        elif value == BLOCK and detector.severity != Severity.BLOCK:
            text = _("“{title}” is a likelihood, and only a hard legal rule may stop by itself.")
            yield reason("likelihood-stops", text, "N3.6", title=detector.title)
    elif name not in detector.limits:
        yield reason("limit-unknown", _("This detector has no such limit."))
    else:
        limit = detector.limits[name]
        if not limit.least <= value <= limit.most:
            text = _("The limit lies between {least} and {most}.")
            yield reason("limit-bounds", text, least=limit.least, most=limit.most)
        if not tried:
            yield reason("not-tried", _("Try the value on history first: the trial shows what it would find."), "B8")
    if not why.strip():
        yield reason("why-missing", _("Say why, with the document or the trial that it rests on."), "N3.6")
    if starts_in_days < 1:
        yield reason("too-soon", _("A setting holds from tomorrow at the earliest: the last night stays as it was."))


def wanted(settings: Mapping[str, int], detector: Detector) -> tuple[int, dict[str, int]]:
    """The rank and limits of a detector where these settings are in force."""
    rank = settings.get("severity", RANKS[detector.severity])
    return rank, {name: settings.get(name, limit.default) for name, limit in detector.limits.items()}
