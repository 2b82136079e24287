"""The check of rows against files: it finds what is wrong and that alone, and mends what it can."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from hashlib import md5
from pathlib import Path
from typing import Any

import numpy as np
import orjson
import pandas as pd
import pytest
from databases import create_database, drop_database
from jobs_here import JobsHere
from server import Server, configure, furnish
from sqlalchemy import Engine, select, text, update
from uploading import columns, fields

from skyportal_series import config, fsck
from skyportal_series.accounts import authenticate_token
from skyportal_series.catalog import Upload
from skyportal_series.database import create_engine_for
from skyportal_series.embedded import EmbeddedPostgres
from skyportal_series.models import PhotometricSeries, PhotometricSeriesDamage
from skyportal_series.services import Services

LONG_AGO = 10_000.0


@dataclass
class Place:
    """A database and a folder without a server, with some series in them."""

    server: Server
    engine: Engine

    @property
    def config(self) -> config.Config:
        return config.load([self.server.config])

    def change(self, work: Callable[[Services, Any, Path], Any]) -> Any:
        """Run `work(services, actor, path for a body)` as the server would."""

        async def run() -> Any:
            services = Services.build(self.config, self.engine)
            actor = await services.sql.read(authenticate_token, self.server.token)
            body = services.store.spool_path(".body")
            try:
                return await work(services, actor, body)
            finally:
                body.unlink(missing_ok=True)
                services.close()

        return asyncio.run(run())

    def create(self, **changes: Any) -> int:
        async def work(services: Services, actor: Any, body: Path) -> int:
            body.write_bytes(orjson.dumps({"data": columns(), **fields(self.server, **changes)}))
            return await services.catalog.create(actor, Upload(body, "application/json"))

        return self.change(work)

    def execute(self, statement: Any) -> None:
        with self.engine.begin() as connection:
            connection.execute(statement)

    def set(self, series_id: int, **values: Any) -> None:
        """Change columns behind the server's back."""
        series = PhotometricSeries
        self.execute(update(series).where(series.id == series_id).values(values))

    def value(self, column: Any, series_id: int) -> Any:
        with self.engine.connect() as connection:
            return connection.scalar(select(column).where(PhotometricSeries.id == series_id))

    def path(self, series_id: int) -> Path:
        return Path(self.value(PhotometricSeries.filename, series_id))

    def marks(self) -> dict[int, str]:
        mark = PhotometricSeriesDamage
        with self.engine.connect() as connection:
            return dict(connection.execute(select(mark.series_id, mark.reason)).all())

    def check(self, repair: bool = False, **options: Any) -> list[fsck.Finding]:
        found: list[fsck.Finding] = []
        report = found.append
        totals = asyncio.run(fsck.check(self.config, self.engine, repair, report=report, **options))
        assert totals.problems == sum(finding.remains for finding in found)
        return found

    def command(self, *options: str) -> subprocess.CompletedProcess[str]:
        """`skyportal-series fsck`, with worker processes."""
        command = [sys.executable, "-m", "skyportal_series", "fsck"]
        return subprocess.run(
            [*command, "-C", str(self.server.config), *options], capture_output=True, text=True
        )


@pytest.fixture
def place(
    postgres: EmbeddedPostgres, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Place]:
    monkeypatch.setattr("skyportal_series.services.Workers", JobsHere)
    monkeypatch.setattr("skyportal_series.fsck.checking.Workers", JobsHere)
    url = create_database(postgres, template="migrated")
    server = configure(url, tmp_path / "place", {"limits.worker_processes": 1})
    furnish(server)
    engine = create_engine_for(url)
    made = Place(server, engine)
    for number in range(3):
        made.create(data=columns(4 + number))
    yield made
    engine.dispose()
    drop_database(postgres, url)


def age(path: Path) -> Path:
    """Make it look `LONG_AGO` seconds older."""
    os.utime(path, (0, path.stat().st_mtime - LONG_AGO))
    return path


def kinds(findings: list[fsck.Finding]) -> list[str]:
    return [finding.kind for finding in findings]


# What can be wrong with series 2, which is one of three.


def remove(place: Place) -> None:
    place.path(2).unlink()


def shorten(place: Place) -> None:
    os.truncate(place.path(2), 100)


def flip(place: Place) -> None:
    content = bytearray(place.path(2).read_bytes())
    content[-5] ^= 1
    place.path(2).write_bytes(content)


def move_away(place: Place) -> None:
    outside = place.server.folder.parent / "outside.h5"
    shutil.move(place.path(2), outside)
    place.set(2, filename=str(outside))


def make_unreadable(place: Place) -> None:
    place.path(2).write_bytes(b"not HDF5")
    place.set(2, hash=md5(b"not HDF5").hexdigest())


def make_a_folder(place: Place) -> None:
    place.path(2).unlink()
    place.path(2).mkdir()


DAMAGES = {
    remove: "missing",
    move_away: "missing",
    shorten: "altered",
    flip: "altered",
    make_unreadable: "unreadable",
    make_a_folder: "unreadable",
}
damages = pytest.mark.parametrize(
    ("damage", "kind"), DAMAGES.items(), ids=[damage.__name__ for damage in DAMAGES]
)


def test_nothing_is_wrong(place: Place) -> None:
    assert place.check(age=0) == []


@damages
def test_damage_is_found(place: Place, damage: Callable[[Place], None], kind: str) -> None:
    damage(place)
    assert [(finding.kind, finding.series_id) for finding in place.check()] == [(kind, 2)]


@damages
def test_what_cannot_be_mended_is_marked(
    place: Place, damage: Callable[[Place], None], kind: str
) -> None:
    damage(place)
    assert [finding.remains for finding in place.check(repair=True)] == [True]
    assert place.marks()[2].startswith(f"{kind}: ")


def test_what_is_well_again_is_unmarked(place: Place) -> None:
    content = place.path(2).read_bytes()
    place.path(2).unlink()
    place.check(repair=True)
    place.path(2).write_bytes(content)
    assert kinds(place.check(repair=True)) == ["mended"]
    assert place.marks() == {}


def test_without_repair_nothing_is_changed(place: Place) -> None:
    orphan = age(make_orphan(place))
    place.path(2).unlink()
    place.set(3, mean_mag=1.0)
    place.check()
    assert orphan.exists()
    assert place.marks() == {}
    assert place.value(PhotometricSeries.mean_mag, 3) == 1.0


@pytest.mark.parametrize(
    ("column", "wrong"),
    [
        ("mean_mag", 1.0),
        ("mean_mag", None),
        ("rms_mag", 0.5),
        ("mjd_last", 59000.0),
        ("mag_first", float("nan")),
        ("is_detected", False),
        ("num_exp", 7),
        ("medians", None),
        ("maxima", {"mjd": 1.0}),
        ("stds", {"mjd": 1.0, "flux": 1.0, "fluxerr": 0.0}),
    ],
)
def test_statistics_are_computed_anew(place: Place, column: str, wrong: Any) -> None:
    attribute = getattr(PhotometricSeries, column)
    right = place.value(attribute, 2)
    place.set(2, **{column: wrong})
    assert kinds(place.check()) == ["statistics"]
    place.check(repair=True)
    assert place.value(attribute, 2) == right
    assert place.check() == []


def test_the_last_digits_do_not_count(place: Place) -> None:
    place.set(2, mean_mag=place.value(PhotometricSeries.mean_mag, 2) * (1 + 1e-12))
    assert place.check() == []


def make_orphan(place: Place) -> Path:
    path = place.server.folder / "night" / "orphan.h5"
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(b"")
    return path


def make_leftover(place: Place) -> Path:
    path = place.server.folder / ".spool" / "left.body"
    path.write_bytes(b"")
    return path


strays = pytest.mark.parametrize(
    ("make", "kind"), [(make_orphan, "orphan"), (make_leftover, "leftover")]
)


@strays
def test_old_strays_are_found_and_removed(
    place: Place, make: Callable[[Place], Path], kind: str
) -> None:
    path = age(make(place))
    assert kinds(place.check()) == [kind]
    assert [finding.remains for finding in place.check(repair=True)] == [False]
    assert not path.exists()


@strays
def test_young_strays_may_be_on_their_way(
    place: Place, make: Callable[[Place], Path], kind: str
) -> None:
    path = make(place)
    assert place.check(repair=True) == []
    assert path.exists()


def test_orphans_are_kept_where_files_outlive_their_series(place: Place) -> None:
    content = place.server.config.read_text() + "photometric_series_autodelete: false\n"
    place.server.config.write_text(content)
    path = age(make_orphan(place))
    findings = place.check(repair=True)
    assert [(finding.kind, finding.remains) for finding in findings] == [("kept", False)]
    assert path.exists()


def test_a_database_without_series_does_not_empty_a_full_folder(place: Place) -> None:
    place.execute(text("DELETE FROM photometric_series"))
    (place.server.folder / "many").mkdir()
    for number in range(300):
        path = place.server.folder / "many" / f"{number}.h5"
        path.write_bytes(b"")
        age(path)
    findings = place.check(repair=True)
    assert sum(finding.remains for finding in findings) == 200
    assert "right database" in findings[-1].reason


def in_the_middle(monkeypatch: pytest.MonkeyPatch, work: Callable[[], Any]) -> None:
    """Do `work` when the check looks at its first file."""
    run, done = JobsHere.run, []

    async def interrupted(self: JobsHere, job: str, *rest: Any, **arguments: Any) -> Any:
        if job == "inspect_file" and not done:
            done.append(job)
            await asyncio.to_thread(work)
        return await run(self, job, *rest, **arguments)

    monkeypatch.setattr(JobsHere, "run", interrupted)


def test_an_update_meanwhile_is_no_damage(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    async def work(services: Services, actor: Any, body: Path) -> None:
        body.write_bytes(orjson.dumps({"data": columns(9)}))
        await services.catalog.update(actor, 1, Upload(body, "application/json"), None)

    in_the_middle(monkeypatch, lambda: place.change(work))
    assert place.check(repair=True) == []


def test_a_delete_meanwhile_is_no_damage(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    async def work(services: Services, actor: Any, _: Path) -> None:
        await services.catalog.delete(actor, 1, None)

    in_the_middle(monkeypatch, lambda: place.change(work))
    assert place.check(repair=True) == []


def test_files_of_skyportal_s_making_are_understood(place: Place) -> None:
    """As SkyPortal writes them: by pandas and PyTables, with its own name and more columns."""
    frame = pd.DataFrame({**columns(6), "filter": ["ztfr"] * 6, "quality": np.arange(6)})
    path = place.server.folder / "test" / "photo_series_1.h5"
    with pd.HDFStore(path, mode="w") as store:
        store.put("phot_series", frame, format="table", index=None, track_times=False)
        store.get_storer("phot_series").attrs.metadata = {"exp_time": 30.0}
    place.path(2).unlink()
    place.set(2, filename=str(path), hash=md5(path.read_bytes()).hexdigest())
    assert kinds(place.check(repair=True)) == ["statistics"]
    assert place.value(PhotometricSeries.maxima, 2)["quality"] == 5
    assert place.check() == []


def test_the_command_says_that_all_is_well(place: Place) -> None:
    done = place.command()
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == "3 series and 3 files: all is well; 0 repaired, 0 problems remain.\n"


def test_the_command_counts_what_remains(place: Place) -> None:
    path = place.path(2)
    path.unlink()
    age(make_orphan(place))
    place.set(3, num_exp=1)
    done = place.command("--repair", "--json")
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert done.returncode == 1
    assert lines[0] == {
        "kind": "missing", "path": str(path), "series_id": 2,
        "reason": "There is no such file.", "repaired": False,
    }  # fmt: skip
    assert lines[-1] == {
        "kind": "summary", "series": 3, "files": 3, "repaired": 2, "problems": 1,
        "found": {"missing": 1, "statistics": 1, "orphan": 1},
    }  # fmt: skip


def no_folder(place: Place) -> list[str]:
    shutil.rmtree(place.server.folder)
    return []


def no_database(place: Place) -> list[str]:
    other = place.server.config.with_name("other.yaml")
    other.write_text("database: {url: 'postgresql://nobody@127.0.0.1:1/nothing'}")
    return ["-C", str(other)]


@pytest.mark.parametrize("spoil", [no_folder, no_database, lambda _: ["--unknown"]])
def test_a_check_that_could_not_be_made_is_neither_0_nor_1(
    place: Place, spoil: Callable[[Place], list[str]]
) -> None:
    done = place.command(*spoil(place))
    assert done.returncode == 2
    assert "Traceback" not in done.stderr


def peak(place: Place, *options: str) -> int:
    """Bytes that a check needed at most."""
    code = (  # not getrusage: its maximum begins with that of the process that started this one
        "import sys; from skyportal_series.cli import main\n"
        "try: main(sys.argv[1:])\n"
        "finally: sys.stderr.write(open('/proc/self/status').read())"
    )
    command = [sys.executable, "-c", code, "fsck", "-C", str(place.server.config), *options]
    done = subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    return int(done.stderr.partition("VmHWM:")[2].split()[0]) * 1024


def test_many_series_need_no_more_memory_than_few(place: Place) -> None:
    few = peak(place)
    number = 8_000
    names = [column.name for column in PhotometricSeries.__table__.columns if column.name != "id"]
    made = {
        "series_obj_id": "'n' || n", "hash": "md5(n::text)",
        "filename": f"'{place.server.folder}/gone/' || n || '.h5'",
    }  # fmt: skip
    values = ", ".join(made.get(name, name) for name in names)
    rows = f"SELECT {values} FROM photometric_series, generate_series(1, {number}) n WHERE id = 1"
    place.execute(text(f"INSERT INTO photometric_series ({', '.join(names)}) {rows}"))
    (place.server.folder / "full").mkdir()
    for name in range(number // 3):
        (place.server.folder / "full" / f"{name}.h5").touch()
    assert peak(place, "--json") < few + 7e6
