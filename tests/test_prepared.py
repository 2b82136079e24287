"""Statements that are planned once per connection: what may have become of them since."""

from __future__ import annotations

import asyncio

import pytest
from databases import DRIVER
from sqlalchemy import Integer, bindparam, literal_column, select, text

from skyportal_series.database import create_engine_for
from skyportal_series.models import Group
from skyportal_series.prepared import Prepared
from skyportal_series.sql import Sql

FIRST = Prepared(lambda: select(bindparam("number", type_=Integer) + literal_column("1")))
ALL = Prepared(lambda: select(literal_column("*")).select_from(Group))

PREPARED = text(
    "SELECT count(*) FROM pg_prepared_statements WHERE statement LIKE 'PREPARE series%'"
)


@pytest.fixture
def connection(engine):
    """A connection as the readers have it."""
    with engine.connect() as opened:
        opened.connection.dbapi_connection.autocommit = True
        yield opened


def test_values_are_put_in(connection):
    assert [FIRST.rows(connection, number=number)[0][0] for number in (1, 41)] == [2, 42]


@pytest.mark.skipif(DRIVER != "psycopg2", reason="psycopg 3 prepares by itself")
def test_a_statement_is_planned_once_per_connection(connection):
    for number in range(3):
        FIRST.rows(connection, number=number)
    assert connection.scalar(PREPARED) == 1


@pytest.mark.parametrize(
    "meanwhile",
    ["DEALLOCATE ALL", "ALTER TABLE groups ADD COLUMN more integer", "DISCARD ALL"],
)
def test_what_happened_to_the_connection_meanwhile_does_not_matter(connection, meanwhile):
    before = ALL.rows(connection)
    connection.exec_driver_sql(meanwhile)
    after = [ALL.rows(connection) for _ in range(2)]
    assert [[row[0] for row in rows] for rows in after] == [[row[0] for row in before]] * 2


def test_another_client_of_a_pooler_may_have_prepared_it(connection):
    before = FIRST.rows(connection, number=1)
    connection.info.clear()  # as on a connection of our own, to a server that others had before
    assert FIRST.rows(connection, number=1) == before


@pytest.mark.parametrize("level", ["READ COMMITTED", "AUTOCOMMIT"])
def test_readers_leave_a_hosts_connection_as_it_was(database_url, level):
    engine = create_engine_for(database_url, 1, isolation_level=level, max_overflow=0)
    sql = Sql(engine, 1)
    with engine.connect() as connection:
        before = connection.connection.dbapi_connection.autocommit
    assert asyncio.run(sql.read(ALL.rows)) is not None
    with engine.connect() as connection:
        assert connection.connection.dbapi_connection.autocommit is before
    sql.close()
    engine.dispose()


def test_nothing_is_prepared_in_a_transaction(engine):
    """It may fail, which would end the transaction."""
    with engine.begin() as connection:
        FIRST.rows(connection, number=1)
        assert connection.scalar(PREPARED) == 0
