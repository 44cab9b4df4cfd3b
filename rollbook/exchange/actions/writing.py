"""From the columns of a batch to rows of facts: staged, compared with what holds, then written as they are."""

from typing import Any

from django.db import connection

from rollbook.exchange import queries, rules
from rollbook.exchange.files import lake
from rollbook.exchange.models import Batch
from rollbook.persons import queries as persons

TURN = 7303  # the number of the lock

STAGE = """
    DROP TABLE IF EXISTS exchange_staged;
    CREATE TEMP TABLE exchange_staged (
        subject varchar(64) NOT NULL, name varchar(64) NOT NULL, key varchar(200) NOT NULL,
        from_on date, until_on date, is_ended boolean NOT NULL, data jsonb NOT NULL
    ) ON COMMIT DROP
"""
PRESENT = """
    SELECT DISTINCT ON (subject, key) * FROM exchange_fact
    WHERE source_id = %(source)s AND feed = %(feed)s AND as_of <= %(as_of)s
    ORDER BY subject, key, as_of DESC, id DESC
"""
DIFFERS = (
    "((s.name, s.data, s.from_on, s.until_on) IS DISTINCT FROM (p.name, p.data, p.from_on, p.until_on) OR s.is_ended)"
)
COUNT = f"""
    WITH present AS MATERIALIZED (SELECT * FROM ({PRESENT}) p WHERE NOT is_ended),
    met AS (
        SELECT s.is_ended, p.id, {DIFFERS} AS differs FROM exchange_staged s LEFT JOIN present p USING (subject, key)
    )
    SELECT
        (SELECT count(*) FROM present),
        count(*) FILTER (WHERE id IS NULL AND NOT is_ended),
        count(*) FILTER (WHERE id IS NOT NULL AND differs AND NOT is_ended),
        count(*) FILTER (WHERE id IS NOT NULL AND is_ended),
        count(*) FILTER (WHERE id IS NOT NULL AND NOT differs)
    FROM met
"""  # noqa: S608 constants
GONE = f"""
    SELECT p.* FROM ({PRESENT}) p WHERE NOT p.is_ended
    AND NOT EXISTS (SELECT FROM exchange_staged s WHERE s.subject = p.subject AND s.key = p.key)
"""  # noqa: S608 constants
INTO = "INSERT INTO exchange_fact (batch_id, source_id, feed, subject, name, key, from_on, until_on, data, as_of, is_ended)"
WRITE = f"""
    {INTO} SELECT %(batch)s, %(source)s, %(feed)s,
        s.subject, s.name, s.key, s.from_on, s.until_on, s.data, %(as_of)s, s.is_ended
    FROM exchange_staged s LEFT JOIN ({PRESENT}) p USING (subject, key)
    WHERE CASE WHEN p.id IS NULL OR p.is_ended THEN NOT s.is_ended ELSE {DIFFERS} END
"""  # noqa: S608 constants
END = f"""
    {INTO} SELECT %(batch)s, source_id, feed, subject, name, key, from_on, until_on, data, %(as_of)s, true
    FROM ({GONE}) gone
"""  # noqa: S608 constants


def wait_for_turn(source_id: int, feed: str) -> None:
    """One batch of a source and feed at a time, until we commit: each is compared with what the others wrote."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s, hashtext(%s))", [TURN, f"{source_id} {feed}"])


def staged(batch: Batch) -> rules.Figures:
    """Put the rows of a batch beside what holds, and count what it would do."""
    shape = rules.Shape.of(batch.contract.shape)
    if shape.bulk:
        return _in_the_lake(batch)
    with connection.cursor() as cursor:
        cursor.execute(STAGE)
        statement = f"COPY exchange_staged ({', '.join(lake.COLUMNS)}) FROM STDIN (FORMAT csv)"
        with cursor.copy(statement) as target:
            for block in lake.facts_csv(batch.lake_path):
                target.write(block)
        cursor.execute("CREATE INDEX ON exchange_staged (subject, key); ANALYZE exchange_staged")
        cursor.execute(COUNT, _named(batch))
        present, new, changed, withdrawn, same = cursor.fetchone()
        gone = 0
        if shape.whole:
            cursor.execute(f"SELECT count(*) FROM ({GONE}) gone", _named(batch))  # noqa: S608 constants
            gone = cursor.fetchone()[0]
        known, people, differ = _met(cursor) if shape.subject == "person" else (0, 0, 0)
    return rules.Figures(
        rows=batch.rows, wrong=batch.wrong, known=known, people=people, register=persons.how_many(),
        present=present, new=new, changed=changed, ended=withdrawn + gone, same=same, names_differ=differ,
    )  # fmt: skip


def _named(batch: Batch) -> dict[str, Any]:
    return {"batch": batch.pk, "source": batch.source_id, "feed": batch.feed, "as_of": batch.as_of}


def _met(cursor: Any) -> tuple[int, int, int]:
    """Rows about people of the register, how many people, and rows that have another name than it."""
    register, params = persons.registered().query.sql_with_params()
    cursor.execute(
        f"""SELECT count(*), count(DISTINCT s.subject), count(*) FILTER (WHERE s.name <> '' AND s.name <> p.tidy)
        FROM exchange_staged s JOIN ({register}) p ON p.id_digest = s.subject""",  # noqa: S608 the ORM's own query
        params,
    )
    found: tuple[int, int, int] = cursor.fetchone()
    return found


def _in_the_lake(batch: Batch) -> rules.Figures:
    """The same for a feed that is kept as columns alone."""
    earlier = queries.loaded_paths(batch.source_id, batch.feed, batch.as_of)
    present, changed, same = lake.against_earlier(batch.lake_path, [one for one in earlier if one != batch.lake_path])
    register = queries.register()
    known, people = lake.against_register(batch.lake_path, register)
    good = lake.how_many(batch.lake_path)
    return rules.Figures(
        rows=batch.rows, wrong=batch.wrong, known=known, people=people, register=register.num_rows,
        present=present, new=good - changed - same, changed=changed, same=same,
    )  # fmt: skip


def write(batch: Batch) -> None:
    """Write what `staged` has put beside the facts; of a feed that is kept as columns the file is all there is."""
    shape = rules.Shape.of(batch.contract.shape)
    if shape.bulk:
        return
    with connection.cursor() as cursor:
        if shape.whole:
            cursor.execute(END, _named(batch))
        cursor.execute(WRITE, _named(batch))
