"""What migrating makes of an empty database, of one of our own, and of SkyPortal's."""

from __future__ import annotations

import multiprocessing
from collections.abc import Iterator
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from databases import create_database, drop_database
from skyportal_schema import Shape, create_skyportal_tables, describe, of_tables, tables_in
from sqlalchemy import URL, Engine, select, text

from skyportal_series import migrations
from skyportal_series.database import create_engine_for
from skyportal_series.embedded import EmbeddedPostgres
from skyportal_series.enum_types import ALLOWED_BANDPASSES
from skyportal_series.errors import InvalidInput
from skyportal_series.migrations import VERSION_TABLE, bandpasses_of, migrate
from skyportal_series.models import ACL, Base, Group

OWN_TABLES = {"photometric_series_damage", VERSION_TABLE}
#: Where the facts know no more than the key, and the plugin's own table has a group.
MINIMAL = {"allocations", "observingruns"}
JSON_INDEXES = {f"ix_photometric_series_{name}" for name in ("medians", "maxima", "minima", "stds")}


@pytest.fixture
def empty(empty_database_url: URL) -> Iterator[Engine]:
    engine = create_engine_for(empty_database_url)
    yield engine
    engine.dispose()


@pytest.fixture
def skyportal(empty: Engine) -> Engine:
    create_skyportal_tables(empty)
    return empty


@pytest.fixture(scope="module")
def ours(postgres: EmbeddedPostgres) -> Iterator[Shape]:
    url = create_database(postgres, template="migrated")
    engine = create_engine_for(url)
    yield describe(engine)
    engine.dispose()
    drop_database(postgres, url)


@pytest.fixture(scope="module")
def theirs(postgres: EmbeddedPostgres) -> Iterator[Shape]:
    url = create_database(postgres)
    engine = create_engine_for(url)
    create_skyportal_tables(engine)
    yield describe(engine)
    engine.dispose()
    drop_database(postgres, url)


def test_columns_are_as_in_skyportal(ours: Shape, theirs: Shape) -> None:
    shared = {fact for fact in ours["columns"] if fact[0] not in OWN_TABLES | MINIMAL}
    assert shared - theirs["columns"] == set()


def test_series_and_sharing_tables_are_complete(ours: Shape, theirs: Shape) -> None:
    tables = {"photometric_series", "group_photometric_series", "stream_photometric_series"}
    tables |= {"tokens", "acls", "token_acls", "user_acls", "group_users", "stream_users"}
    missing = of_tables(theirs["columns"], tables) - of_tables(ours["columns"], tables)
    assert missing == set()


def test_no_table_of_the_facts_is_missing_but_sources(ours: Shape, theirs: Shape) -> None:
    unneeded = {"sources", "galaxys", "usersocialauths"}
    assert tables_in(theirs) - tables_in(ours) == unneeded


def test_constraints_are_as_in_skyportal(ours: Shape, theirs: Shape) -> None:
    tables = tables_in(ours) - OWN_TABLES - MINIMAL
    expected = of_tables(theirs["constraints"], tables)
    # objs.host_id is a column that the plugin leaves out.
    expected = {fact for fact in expected if fact[1] != "objs_host_id_fkey"}
    assert of_tables(ours["constraints"], tables) == expected


def test_indexes_of_skyportal_are_there_but_those_on_json(ours: Shape, theirs: Shape) -> None:
    tables = tables_in(ours)
    missing = of_tables(theirs["indexes"], tables) - ours["indexes"]
    assert {fact[1] for fact in missing} == JSON_INDEXES


def test_enums_are_as_in_skyportal(ours: Shape, theirs: Shape) -> None:
    enums = {"bandpasses", "time_stamp_alignments"}
    assert of_tables(ours["labels"], enums) == of_tables(theirs["labels"], enums)


def test_mappings_say_what_the_migrations_make(engine: Engine) -> None:
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"version_table": VERSION_TABLE})
        assert compare_metadata(context, Base.metadata) == []


def test_own_database_has_acls_and_public_group(empty: Engine) -> None:
    migrate(empty, public_group_name="Everyone")
    with empty.connect() as connection:
        assert set(connection.execute(select(ACL.id)).scalars()) == set(migrations.ACLS)
        assert connection.execute(select(Group.name)).scalars().all() == ["Everyone"]


def test_migrating_again_changes_nothing(empty: Engine) -> None:
    migrate(empty)
    before = describe(empty)
    migrate(empty)
    assert describe(empty) == before


def test_skyportal_database_gets_our_own_tables_alone(skyportal: Engine) -> None:
    before = describe(skyportal)
    migrate(skyportal, additional_bandpasses=["newband"], public_group_name="Another")
    after = describe(skyportal)
    added = {kind: after[kind] - before[kind] for kind in after}
    assert not any(before[kind] - after[kind] for kind in after)
    assert {fact[0] for facts in added.values() for fact in facts} == OWN_TABLES


def test_skyportal_database_keeps_its_rows(skyportal: Engine) -> None:
    migrate(skyportal, public_group_name="Another")
    with skyportal.connect() as connection:
        assert connection.execute(select(Group.name)).scalars().all() == ["Sitewide Group"]


def test_skyportal_database_stays_skyportals(skyportal: Engine) -> None:
    migrate(skyportal)
    before = describe(skyportal)
    migrate(skyportal, additional_bandpasses=["newband"])
    assert describe(skyportal) == before


def test_additional_bandpasses_come_after_the_others(empty: Engine) -> None:
    migrate(empty, additional_bandpasses=["it's 100%"])
    migrate(empty, additional_bandpasses=["it's 100%", "second", "ztfg"])
    with empty.connect() as connection:
        assert bandpasses_of(connection) == (*ALLOWED_BANDPASSES, "it's 100%", "second")


@pytest.mark.parametrize("label", ["", "x" * 64, "å" * 32, "a\0b"])
def test_impossible_bandpass_is_refused_before_anything_is_made(empty: Engine, label: str) -> None:
    with pytest.raises(InvalidInput):
        migrate(empty, additional_bandpasses=[label])
    assert describe(empty)["columns"] == set()


def _migrate_at(url: URL, start: object) -> None:
    start.wait()  # type: ignore[attr-defined]
    migrate(create_engine_for(url))


def test_two_processes_may_migrate_at_once(empty_database_url: URL, empty: Engine) -> None:
    spawn = multiprocessing.get_context("spawn")
    start = spawn.Barrier(2)
    racers = [spawn.Process(target=_migrate_at, args=(empty_database_url, start)) for _ in range(2)]
    for racer in racers:
        racer.start()
    for racer in racers:
        racer.join(60)
    assert [racer.exitcode for racer in racers] == [0, 0]
    with empty.connect() as connection:
        heads = connection.execute(text(f"SELECT version_num FROM {VERSION_TABLE}")).scalars()
        assert sorted(heads) == ["plugin_0001", "skyportal_0001"]


def test_developer_can_make_a_revision(database_url: URL, tmp_path: Path) -> None:
    config = Config()
    config.set_main_option("script_location", str(Path(migrations.__file__).parent))
    config.set_main_option("path_separator", "os")
    config.set_main_option("version_locations", f"{_versions()}:{tmp_path}")
    config.cmd_opts = _Options(database_url)  # type: ignore[assignment]
    command.revision(
        config,
        "Nothing yet",
        autogenerate=True,
        head="plugin@head",
        rev_id="plugin_next",
        version_path=str(tmp_path),
    )
    (made,) = tmp_path.glob("plugin_next*.py")
    compile(made.read_text(), made, "exec")


def _versions() -> Path:
    return Path(migrations.__file__).parent / "versions"


class _Options:
    """What `alembic -x url=…` puts beside the configuration."""

    def __init__(self, url: URL) -> None:
        self.x = [f"url={url.render_as_string(hide_password=False)}"]
