"""Which indexes lists use, on enough rows for PostgreSQL to care."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from databases import create_database, drop_database
from rows import make_instrument, make_user
from sqlalchemy import Connection, event
from sqlalchemy.orm import Session

from skyportal_series.catalog import rows
from skyportal_series.database import create_engine_for
from skyportal_series.embedded import EmbeddedPostgres
from skyportal_series.models.access import ADMIN, Actor
from skyportal_series.schemas.filters import SCAN_BY_SPELLING, read_query

SERIES = 4_000
FILL = """
INSERT INTO objs (id, internal_key, created_at, modified)
    SELECT 'obj' || n, n, now(), now() FROM generate_series(1, 2000) n;
INSERT INTO photometric_series (
    obj_id, series_name, series_obj_id, filter, channel, origin, filename, mjd_first, mag_first,
    mjd_mid, mjd_last, mag_last, is_detected, exp_time, frame_rate, num_exp, time_stamp_alignment,
    limiting_mag, instrument_id, owner_id, hash, autodelete, ra, dec, created_at, modified)
SELECT
    'obj' || (n % 2000 + 1), 'night', n, 'ztfr', '', '', n, 59000 + n, 17, 59000, 59000, 17, true,
    30, 1, 10, 'middle', 20, {instrument_id}, {owner_id}, n, true,
    (n * 137.508) % 360, degrees(asin(2 * n / {series}.0 - 1)), now(), now()
FROM generate_series(1, {series}) n;
ANALYZE photometric_series;
"""


@pytest.fixture(scope="module")
def connection(postgres: EmbeddedPostgres) -> Iterator[Connection]:
    """A connection to a database with many series, evenly over the sky."""
    url = create_database(postgres, template="migrated")
    engine = create_engine_for(url)
    with Session(engine) as session:
        ids = {"instrument_id": make_instrument(session).id, "owner_id": make_user(session).id}
        fill = FILL.format(series=SERIES, **ids)
        session.connection().exec_driver_sql(fill, execution_options={"no_parameters": True})
        session.commit()
    with engine.connect() as opened:
        yield opened
    engine.dispose()
    drop_database(postgres, url)


def plan(connection: Connection, work: Callable[..., Any], *arguments: Any) -> str:
    """How PostgreSQL runs the first statement of `work(connection, *arguments)`."""
    sent: list[tuple[str, Any]] = []

    def note(_: Any, __: Any, statement: str, parameters: Any, *___: Any) -> None:
        sent.append((statement, parameters))

    event.listen(connection, "before_cursor_execute", note)
    work(connection, *arguments)
    event.remove(connection, "before_cursor_execute", note)
    statement, parameters = sent[0]
    lines = connection.exec_driver_sql(f"EXPLAIN {statement}", parameters).scalars()
    return "\n".join(lines)


def actor(everything: bool) -> Actor:
    return Actor(1, frozenset({ADMIN} if everything else ()))


@pytest.mark.parametrize("everything", [True, False])
@pytest.mark.parametrize("work", [rows.page, rows.count])
def test_cone_search_uses_its_index(
    connection: Connection, work: Callable[..., Any], everything: bool
) -> None:
    query = read_query({"ra": ["359.99"], "dec": ["20"], "radius": ["0.1"]})
    found = plan(connection, work, actor(everything), query)
    assert "ix_photometric_series_point" in found


@pytest.mark.parametrize("everything", [True, False])
@pytest.mark.parametrize("order", ["asc", "desc"])
def test_deep_page_of_a_scan_starts_in_the_index(
    connection: Connection, order: str, everything: bool
) -> None:
    query = read_query({"sortOrder": [order]}, SCAN_BY_SPELLING)
    found = plan(connection, rows.after, actor(everything), query, ("obj1500", 3499))
    assert "using ix_photometric_series_obj_id_id" in found
    assert "Index Cond: (ROW" in found
    assert "Sort" not in found


def test_first_page_needs_no_sorting(connection: Connection) -> None:
    found = plan(connection, rows.page, actor(everything=True), read_query({}))
    assert "using ix_photometric_series_obj_id_id" in found
