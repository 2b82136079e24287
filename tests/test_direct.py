"""Statements asked on the event loop itself: answered, or left to the threads."""

from __future__ import annotations

import asyncio
import time

import pytest
import sqlalchemy
from databases import DRIVER
from sqlalchemy import Integer, Numeric, bindparam, cast, func, literal_column, select, text

from skyportal_series.database import create_engine_for
from skyportal_series.direct import CONNECTIONS, Direct, suits
from skyportal_series.errors import Unavailable
from skyportal_series.prepared import Prepared
from skyportal_series.sql import Sql

pytestmark = pytest.mark.skipif(DRIVER != "psycopg2", reason="psycopg 3 is asked in threads")

NUMBER = bindparam("number", type_=Integer)
NEXT = Prepared(lambda: select(NUMBER + literal_column("1")))
INVERSE = Prepared(lambda: select(cast(literal_column("1"), Numeric) / NUMBER))
ASLEEP = Prepared(lambda: select(func.pg_sleep(NUMBER)))
KINDS = """'{"a": [1, null]}'::jsonb, '[1.5]'::json, '{1,2}'::int[], 'NaN'::float8, null::text,
    timestamp '2026-01-02 03:04:05', 'ä', true"""
ALL_KINDS = Prepared(lambda: select(literal_column(KINDS)))

BACKENDS = "FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"


async def until_it_answers(direct):
    """Wait for its first connection; what NEXT gives."""
    end = time.monotonic() + 30
    while (found := await direct.rows(NEXT, {"number": 1})) is None:
        assert time.monotonic() < end, "it has no connection"
        await asyncio.sleep(0.01)
    return found


def run(engine, work):
    """`work(direct)` on an event loop, on a Direct that has a connection."""

    async def prepared():
        direct = Direct(engine)
        try:
            assert list(map(tuple, await until_it_answers(direct))) == [(2,)]
            return await work(direct)
        finally:
            direct.close()

    return asyncio.run(prepared())


def end_connections(engine):
    """End all connections to the database but this one, as an operator may."""
    with engine.connect() as connection:
        connection.execute(text(f"SELECT pg_terminate_backend(pid) {BACKENDS}"))


def test_values_are_what_threads_make_of_them(engine):
    with engine.connect() as connection:
        expected = ALL_KINDS.rows(connection)
    found = run(engine, lambda direct: direct.rows(ALL_KINDS, {}))
    assert repr([*map(tuple, found)]) == repr([*map(tuple, expected)])


def test_it_begins_by_leaving_it_to_others(engine):
    async def first():
        direct = Direct(engine)
        found = await direct.rows(NEXT, {"number": 1})
        await until_it_answers(direct)
        direct.close()
        return found

    assert asyncio.run(first()) is None


def test_what_fails_is_left_to_others(engine):
    assert run(engine, lambda direct: direct.rows(INVERSE, {"number": 0})) is None


def test_after_a_failure_it_rests(engine):
    async def again(direct):
        await direct.rows(INVERSE, {"number": 0})
        return await direct.rows(NEXT, {"number": 1})

    assert run(engine, again) is None


def test_dead_connections_are_left_behind(engine):
    async def afterwards(direct):
        await asyncio.to_thread(end_connections, engine)
        return await direct.rows(NEXT, {"number": 1})

    assert run(engine, afterwards) is None


def test_many_questions_at_once(engine):
    async def many(direct):
        asked = (direct.rows(NEXT, {"number": number}) for number in range(50))
        return await asyncio.gather(*asked)

    found = run(engine, many)
    answered = {number: rows[0][0] for number, rows in enumerate(found) if rows is not None}
    assert answered
    assert all(answer == number + 1 for number, answer in answered.items())


def test_it_has_no_more_connections_than_it_may(engine):
    async def crowd(direct):
        for _ in range(20):
            await asyncio.gather(*(direct.rows(ASLEEP, {"number": 0}) for _ in range(20)))
            await asyncio.sleep(0.02)
        return await asyncio.to_thread(count, engine)

    engine.dispose()
    assert run(engine, crowd) <= CONNECTIONS + 1  # one that told it how to connect


def count(engine):
    with engine.connect() as connection:
        return connection.scalar(text(f"SELECT count(*) {BACKENDS}"))


def test_who_gives_up_waiting_leaves_nothing_for_the_next(engine):
    async def interrupted(direct):
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.1):
                await direct.rows(ASLEEP, {"number": 30})
        return await until_it_answers(direct)

    assert run(engine, interrupted)[0][0] == 2


def test_nothing_stays_open(engine):
    run(engine, lambda direct: direct.rows(NEXT, {"number": 1}))
    engine.dispose()
    deadline = time.monotonic() + 30
    while count(engine):
        assert time.monotonic() < deadline, "a connection is still there"


@pytest.mark.parametrize(
    ("url", "suitable"),
    [("postgresql+psycopg2://h/d", True), ("postgresql+psycopg://h/d", False)],
)
def test_engines_of_ours_with_psycopg2_are_asked_so(url, suitable):
    assert suits(create_engine_for(url)) is suitable


def test_a_hosts_own_engine_is_not():
    """It may have set up its connections in a way that these would lack."""
    assert not suits(sqlalchemy.create_engine("postgresql+psycopg2://h/d"))


class TestSql:
    """What Sql makes of it."""

    @pytest.fixture
    def ask(self, engine):
        """`ask(statement, number, meanwhile)`: asked once it has a connection."""

        def asked(statement, number, meanwhile=lambda: None):
            async def work():
                sql = Sql(engine, 2)
                try:
                    for _ in range(20):  # some by threads, the later ones directly
                        await sql.ask(NEXT, number=1)
                        await asyncio.sleep(0.01)
                    await asyncio.to_thread(meanwhile)
                    return await sql.ask(statement, number=number)
                finally:
                    sql.close()

            return asyncio.run(work())

        return asked

    def test_answers(self, ask):
        assert ask(NEXT, 41)[0][0] == 42

    def test_dead_connections_do_not_matter(self, ask, engine):
        assert ask(NEXT, 41, lambda: end_connections(engine))[0][0] == 42

    def test_errors_are_those_of_the_threads(self, ask):
        with pytest.raises(sqlalchemy.exc.DataError, match="division by zero"):
            ask(INVERSE, 0)

    def test_a_database_that_is_away_is_unavailable(self, ask, engine, database_url):
        other = create_engine_for(database_url.set(database="postgres"))

        def drop():
            engine.dispose()
            with other.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
                connection.execute(
                    text(f'ALTER DATABASE "{database_url.database}" ALLOW_CONNECTIONS false')
                )
            with other.connect() as connection:
                ended = (
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = :name"
                )
                connection.execute(text(ended), {"name": database_url.database})
            other.dispose()

        with pytest.raises(Unavailable):
            ask(NEXT, 41, drop)
