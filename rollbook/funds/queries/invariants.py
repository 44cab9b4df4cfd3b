"""What must be true of all money at every instant (quality.md), asked of one snapshot of what is stored.

Triggers and constraints hold all of it; this proves it of whatever happened around them: a restored backup, a hand
with the rights of the database's owner, a fault of the triggers themselves.
"""

from collections.abc import Iterator
from datetime import UTC
from itertools import groupby
from typing import NamedTuple

from django.conf import settings
from django.db import connection, transaction

from rollbook.funds import rules

SHOWN = 10  # so many of what breaks an invariant are named


class Invariant(NamedTuple):
    """`statement` selects what breaks it; each row's first column says which."""

    code: str
    broken: str
    statement: str


LINES = """
    SELECT coalesce(sum({what}), 0) FROM funds_paymentline l JOIN funds_paymentbatch b ON b.id = l.batch_id
    WHERE l.state = '{state}' AND b.fund = a.fund AND b.region_code = a.region_code AND b.year = a.year
"""
RECEIVED = """
    SELECT coalesce(sum(c.{what}), 0) FROM funds_receipt c JOIN funds_recovery r ON r.id = c.recovery_id
    JOIN funds_paymentline l ON l.id = r.line_id JOIN funds_paymentbatch b ON b.id = l.batch_id
    WHERE b.fund = a.fund AND b.region_code = a.region_code AND b.year = a.year
"""
GIVEN_UP = """
    SELECT coalesce(sum(r.written_off_fen), 0) FROM funds_recovery r
    JOIN funds_paymentline l ON l.id = r.line_id JOIN funds_paymentbatch b ON b.id = l.batch_id
    WHERE b.fund = a.fund AND b.region_code = a.region_code AND b.year = a.year
"""
BOOKS = {
    "paid": f"({LINES.format(what='l.amount_fen + l.netted_fen', state='paid')})"
    f" - ({RECEIVED.format(what='amount_fen')}) - ({GIVEN_UP})",
    "transit": LINES.format(what="l.amount_fen", state="sent"),
    "netting": LINES.format(what="l.netted_fen", state="sent"),
    "written-off": GIVEN_UP,
    "interest": RECEIVED.format(what="interest_fen"),
}
# Per payment and so per batch and day: what the statements so far say is what the ledger says, or it is with the bank
# still, or the difference is on record with both figures.
STATEMENTS = """
    SELECT 'payment ' || both_.reference FROM (
        SELECT coalesce(l.reference, s.reference) AS reference, coalesce(l.region_code, s.region_code) AS region_code,
            CASE WHEN l.state = 'paid' AND l.told THEN l.amount_fen ELSE 0 END AS ledger_fen,
            coalesce(s.bank_fen, 0) AS bank_fen,
            l.state = 'sent' AND s.bank_fen = l.amount_fen OR l.state = 'paid' AND l.told IS NOT TRUE AS may_be
        FROM (
            SELECT l.reference, l.state, l.amount_fen, b.region_code,
                (l.returned_at AT TIME ZONE 'Asia/Shanghai')::date <= last_.day
                    AND (b.sent_at AT TIME ZONE 'Asia/Shanghai')::date >= last_.first AS told
            FROM funds_paymentline l JOIN funds_paymentbatch b ON b.id = l.batch_id
            JOIN (SELECT region_code, max(day) AS day, min(day) AS first FROM funds_bankstatement GROUP BY 1) last_
                ON last_.region_code = b.region_code
        ) l FULL JOIN (
            SELECT s.region_code, m.reference,
                sum(CASE m.direction WHEN 'out' THEN m.amount_fen ELSE -m.amount_fen END) AS bank_fen
            FROM funds_statementline m JOIN funds_bankstatement s ON s.id = m.statement_id GROUP BY 1, 2
        ) s ON s.reference = l.reference AND s.region_code = l.region_code
    ) both_
    WHERE both_.ledger_fen <> both_.bank_fen AND both_.may_be IS NOT TRUE AND NOT EXISTS (
        SELECT FROM funds_difference d WHERE d.region_code = both_.region_code AND d.reference = both_.reference
            AND d.ledger_fen = both_.ledger_fen AND d.bank_fen = both_.bank_fen
    )
"""
INVARIANTS = (
    Invariant(
        "transaction-balances",
        "transactions whose entries do not sum to zero",
        """SELECT t.id::text FROM funds_transaction t LEFT JOIN funds_ledgerentry e ON e.transaction_id = t.id
        GROUP BY t.id HAVING coalesce(sum(e.amount_fen), 1) <> 0""",
    ),
    Invariant(
        "ledger-balances",
        "funds whose balances do not sum to zero",
        "SELECT fund FROM funds_ledgeraccount GROUP BY fund HAVING sum(balance_fen) <> 0",
    ),
    Invariant(
        "balance-is-its-entries",
        "balances that are not the sum of their entries",
        """SELECT a.id::text FROM funds_ledgeraccount a LEFT JOIN funds_ledgerentry e ON e.account_id = a.id
        GROUP BY a.id HAVING a.balance_fen <> coalesce(sum(e.amount_fen), 0)
        UNION ALL SELECT DISTINCT 'entry of no account: ' || e.account_id FROM funds_ledgerentry e
        WHERE NOT EXISTS (SELECT FROM funds_ledgeraccount a WHERE a.id = e.account_id)""",
    ),
    Invariant(
        "not-overdrawn",
        "accounts that hold less than nothing",
        "SELECT id::text FROM funds_ledgeraccount WHERE balance_fen < 0 AND kind NOT IN ('treasury', 'outside')",
    ),
    Invariant(
        "pending-once",
        "money that was moved on from where it waited other than whole and once",
        """SELECT t.id::text FROM funds_ledgerentry e
        JOIN funds_ledgeraccount a ON a.id = e.account_id AND a.kind IN ('frozen', 'reserved', 'transit', 'netting')
        JOIN funds_transaction t ON t.id = e.transaction_id
        LEFT JOIN funds_transaction p ON p.id = t.closes_id AND p.subject = t.subject
        LEFT JOIN funds_ledgerentry w
            ON w.transaction_id = p.id AND w.account_id = e.account_id AND w.amount_fen = -e.amount_fen
        WHERE e.amount_fen < 0 AND w.id IS NULL
        UNION ALL SELECT closes_id::text FROM funds_transaction WHERE closes_id IS NOT NULL
        GROUP BY closes_id HAVING count(*) > 1""",
    ),
    Invariant(
        "one-payment-a-claim",
        "claims with more than one payment that is under way or made",
        """SELECT subject FROM funds_paymentline WHERE state IN ('waiting', 'sent', 'paid')
        GROUP BY 1 HAVING count(*) > 1""",
    ),
    Invariant(
        "funds-apart",
        "transactions between funds",
        """SELECT e.transaction_id::text FROM funds_ledgerentry e JOIN funds_ledgeraccount a ON a.id = e.account_id
        GROUP BY 1 HAVING min(a.fund) <> max(a.fund)""",
    ),
    Invariant(
        "reversal-within-original",
        "reversals of more than was posted",
        """SELECT r.reverses_id::text FROM funds_transaction r
        JOIN funds_ledgerentry back ON back.transaction_id = r.id
        LEFT JOIN LATERAL (
            SELECT sum(o.amount_fen) AS amount_fen FROM funds_ledgerentry o
            WHERE o.transaction_id = r.reverses_id AND o.account_id = back.account_id
        ) was ON true
        WHERE r.reverses_id IS NOT NULL
        GROUP BY r.reverses_id, back.account_id, was.amount_fen
        HAVING was.amount_fen IS NULL OR sign(was.amount_fen) = sign(sum(back.amount_fen))
            OR abs(sum(back.amount_fen)) > abs(was.amount_fen)""",
    ),
    Invariant(
        "ledger-is-the-banks",
        "money paid or in transit that no payment and no statement of the bank accounts for",
        # Nothing of the statement comes from outside.
        f"""SELECT a.kind || ' ' || a.id FROM funds_ledgeraccount a
        WHERE {" OR ".join(f"a.kind = '{kind}' AND a.balance_fen <> ({sum_})" for kind, sum_ in BOOKS.items())}
        UNION ALL {STATEMENTS}""",  # noqa: S608
    ),
    Invariant(
        "closed-month",
        "entries other than adjustments that were booked into a month after it was closed",
        """SELECT t.id::text FROM funds_transaction t
        JOIN funds_ledgerentry e ON e.transaction_id = t.id
        JOIN funds_ledgeraccount a ON a.id = e.account_id
        JOIN funds_closing c ON c.region_code = a.region_code AND c.fund = a.fund
            AND c.month = date_trunc('month', t.booked_on)::date
        WHERE t.reverses_id IS NULL AND t.at > c.closed_at""",
    ),
    Invariant(
        "recovery-adds-up",
        "recoveries of which came back what no receipt says, or more than was paid",
        """SELECT 'recovery ' || r.id FROM funds_recovery r
        WHERE r.received_fen <> (SELECT coalesce(sum(amount_fen), 0) FROM funds_receipt WHERE recovery_id = r.id)
        OR r.received_fen + r.written_off_fen + funds_pending_of(r.id) > r.amount_fen
        UNION ALL SELECT 'payment ' || l.reference FROM funds_recovery r JOIN funds_paymentline l ON l.id = r.line_id
        WHERE r.state <> 'refused' GROUP BY l.id HAVING sum(r.amount_fen) > l.amount_fen + l.netted_fen
            OR min(l.state) <> 'paid'
        UNION ALL SELECT 'recovery ' || c.recovery_id FROM funds_receipt c WHERE NOT EXISTS (
            SELECT FROM funds_ledgerentry e JOIN funds_ledgeraccount a ON a.id = e.account_id
            WHERE e.transaction_id = c.transaction_id AND a.kind = 'paid' AND e.amount_fen = -c.amount_fen)
        OR c.interest_fen > 0 AND NOT EXISTS (
            SELECT FROM funds_transaction t JOIN funds_ledgerentry e ON e.transaction_id = t.id
            JOIN funds_ledgeraccount a ON a.id = e.account_id
            WHERE t.document = c.document AND a.kind = 'interest' AND e.amount_fen = c.interest_fen)""",
    ),
    Invariant(
        "set-off-adds-up",
        "payments of which something else is set off than recoveries say, or between funds",
        """SELECT 'payment ' || l.reference FROM funds_paymentline l LEFT JOIN funds_netting n ON n.line_id = l.id
        GROUP BY l.id HAVING l.netted_fen <> coalesce(sum(n.amount_fen), 0)
        UNION ALL SELECT 'payment ' || l.reference FROM funds_netting n
        JOIN funds_paymentline l ON l.id = n.line_id JOIN funds_paymentbatch b ON b.id = l.batch_id
        JOIN funds_recovery r ON r.id = n.recovery_id JOIN funds_paymentline o ON o.id = r.line_id
        JOIN funds_paymentbatch was ON was.id = o.batch_id
        LEFT JOIN funds_receipt c ON c.netting_id = n.id
        WHERE b.fund <> was.fund OR b.region_code <> was.region_code
            OR (l.state = 'paid') <> (c.id IS NOT NULL)
            OR c.recovery_id <> n.recovery_id OR c.amount_fen + c.interest_fen <> n.amount_fen""",
    ),
    Invariant(
        "written-off-by-two",
        "what was written off without two people, a document or all signatures, or left the books",
        """SELECT 'recovery ' || r.id FROM funds_recovery r
        WHERE r.written_off_fen <> (
            SELECT coalesce(sum(w.amount_fen), 0) FROM funds_writeoff w WHERE w.recovery_id = r.id AND w.state = 'done'
                AND NOT EXISTS (SELECT FROM funds_reopening o WHERE o.write_off_id = w.id))
            OR (r.state = 'written-off') <>
                (r.written_off_fen > 0 AND r.received_fen + r.written_off_fen = r.amount_fen)
        UNION ALL SELECT 'recovery ' || w.recovery_id FROM funds_writeoff w WHERE w.state = 'done' AND (
            w.asked_by_id = w.decided_by_id OR w.asked_person_id = w.decided_person_id OR w.document = ''
            OR w.cosigners > (SELECT count(*) FROM funds_writeoffsignature WHERE write_off_id = w.id)
            OR NOT EXISTS (
                SELECT FROM funds_ledgerentry e JOIN funds_ledgeraccount a ON a.id = e.account_id
                WHERE e.transaction_id = w.transaction_id AND a.kind = 'written-off'
                    AND e.amount_fen = w.amount_fen))""",
    ),
    Invariant(
        "plan-adds-up",
        "plans whose instalments do not come to what is to be paid back",
        """SELECT 'recovery ' || r.id FROM funds_plan p JOIN funds_recovery r ON r.id = p.recovery_id
        LEFT JOIN funds_instalment i ON i.plan_id = p.id
        WHERE p.ended_at IS NULL
        GROUP BY r.id, p.id HAVING max(i.until_fen) IS DISTINCT FROM r.amount_fen
            OR max(i.until_fen) - min(i.until_fen - i.amount_fen) <> sum(i.amount_fen)
            OR max(i.due_on) <> r.due_on AND r.state = 'open'""",
    ),
)  # fmt: skip
ENTRIES_STAY = ("entries-stay", "transactions or entries that were changed after they were written")
CODES = (*(one.code for one in INVARIANTS), ENTRIES_STAY[0])


def broken_invariants() -> list[str]:
    """What is wrong with the money, each with its code and some of what breaks it; empty when all of it holds."""
    found = []
    is_own = not connection.in_atomic_block
    with transaction.atomic(), connection.cursor() as cursor:
        if is_own:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        for one in INVARIANTS:
            cursor.execute(one.statement)
            if rows := cursor.fetchall():
                found.append(_told(one.code, one.broken, [row[0] for row in rows]))
        if changed := list(_changed()):
            found.append(_told(*ENTRIES_STAY, changed))
    return found


def _told(code: str, broken: str, which: list[str]) -> str:
    more = f" and {len(which) - SHOWN} more" if len(which) > SHOWN else ""
    return f"{code}: {broken}: {', '.join(which[:SHOWN])}{more}"


def _changed() -> Iterator[str]:
    """Transactions whose seal is not that of what is stored."""
    statement = """
        SELECT t.id, t.kind, t.subject, t.at, t.booked_on, t.by_id, t.document, t.reverses_id, t.closes_id, t.seal,
            e.account_id, e.amount_fen
        FROM funds_transaction t JOIN funds_ledgerentry e ON e.transaction_id = t.id ORDER BY t.id
    """
    with connection.chunked_cursor() as cursor:
        cursor.execute(statement)
        rows = (row for part in iter(lambda: cursor.fetchmany(5000), []) for row in part)
        for key, sides in groupby(rows, key=lambda row: row[:10]):
            said = (*key[:3], key[3].astimezone(UTC).isoformat(), *key[4:9])
            if key[9] != rules.seal(settings.SIGNATURE_KEY, *said, entries=[row[10:12] for row in sides]):
                yield str(key[0])
