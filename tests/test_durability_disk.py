"""A disk that is full, or read-only: 507, nothing half-written, and readers go on."""

from __future__ import annotations

import os
import random
import resource
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from databases import create_database, drop_database
from server import Server, furnish, running
from sqlalchemy import text
from uploading import columns, fields, upload

from skyportal_series import jobs
from skyportal_series.embedded import EmbeddedPostgres
from skyportal_series.errors import StorageFull
from skyportal_series.utils import hdf5_files


def count(server: Server) -> int:
    with server.database() as session:
        return session.scalar(text("SELECT count(*) FROM photometric_series"))


@contextmanager
def small_disk(folder: Path, size: str) -> Iterator[None]:
    """A disk of `size` at `folder`; skips the test where that is not allowed."""
    folder.mkdir(parents=True)
    mount = ["mount", "-t", "tmpfs", "-o", f"size={size}", "none", str(folder)]
    if os.geteuid() != 0 or subprocess.run(mount, capture_output=True).returncode != 0:
        pytest.skip("a small disk needs the right to mount one")
    try:
        yield
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


@pytest.fixture(scope="module")
def on_small_disk(
    postgres: EmbeddedPostgres, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Server]:
    url, folder = create_database(postgres, template="migrated"), tmp_path_factory.mktemp("disk")
    settings = {"limits.worker_processes": 2}
    with small_disk(folder / "series", "1600k"), running(url, folder, **settings) as started:
        furnish(started)
        yield started
    drop_database(postgres, url)


class TestDisk:
    """A server on a disk of its own, of 400 pages."""

    @pytest.fixture
    def server(self, on_small_disk: Server) -> Server:
        return on_small_disk

    @contextmanager
    def room(self, server: Server, pages: int) -> Iterator[None]:
        """Leave so many pages free."""
        ballast = server.folder / ".ballast"
        free = os.statvfs(server.folder)
        ballast.write_bytes(bytes((free.f_bavail - pages) * free.f_bsize))
        try:
            yield
        finally:
            ballast.unlink()

    def test_full_at_any_page_is_507_and_leaves_nothing(self, server: Server) -> None:
        noise = random.Random(1)  # which cannot be packed into a page or two
        data = {name: [noise.random() for _ in range(600)] for name in columns()}
        before, series = set(server.files()), count(server)
        codes = []
        while 200 not in codes:
            with self.room(server, pages=len(codes)):
                answer = server.post(json={"data": data, **fields(server)})
            codes.append(answer.status_code)
            assert len(codes) < 100, answer.text
            if answer.status_code != 200:
                assert set(server.files()) == before, answer.text
                assert count(server) == series
        # Room for the body, and for none of the file, and for part of it: all of that was there.
        assert set(codes[:-1]) == {507}
        assert len(codes) > 8

    def test_full_while_a_form_is_taken_apart(self, server: Server, tmp_path: Path) -> None:
        before = set(server.files())
        parts = {"data": ("a.h5", bytes(40 * 4096)), "metadata": (None, "{}")}
        with self.room(server, pages=60):
            answer = server.post(files=parts)
        assert answer.status_code == 507
        assert set(server.files()) == before

    def test_full_during_an_update_leaves_the_old_version(self, server: Server) -> None:
        series_id = upload(server)
        with self.room(server, pages=3):
            answer = server.patch(series_id, json={"data": columns(400)})
            kept = server.get(f"/{series_id}").json()["data"]["data"]
        assert answer.status_code == 507
        assert kept == columns()

    def test_read_only_is_507_for_writers_and_nothing_for_readers(self, server: Server) -> None:
        series_id = upload(server)
        remount(server.folder, "ro")
        try:
            refused = [
                server.post(json={"data": columns(), **fields(server)}),
                server.patch(series_id, json={"exp_time": 1.0}),
            ]
            read = server.get(f"/{series_id}").json()["data"]["data"]
            deleted = server.delete(series_id)
        finally:
            remount(server.folder, "rw")
        assert [answer.status_code for answer in refused] == [507, 507]
        assert read == columns()
        # The row is what counts: the file goes when the check finds that it can.
        assert deleted.status_code == 200


def remount(folder: Path, how: str) -> None:
    subprocess.run(["mount", "-o", f"remount,{how}", str(folder)], check=True)


@pytest.mark.parametrize("share", [0, 0.2, 0.5, 0.8, 0.99])
def test_a_file_that_may_not_grow_is_a_full_disk_too(tmp_path: Path, share: float) -> None:
    """As with some quotas; HDF5 then fails late, when it closes the file."""
    noise = np.random.default_rng(1)
    frame = pd.DataFrame({"mjd": noise.random(5000), "flux": noise.random(5000)})
    hdf5_files.write_file(frame, tmp_path / "stored.h5")
    most = int((tmp_path / "stored.h5").stat().st_size * share)
    child = os.fork()  # for HDF5 keeps such files open to the end of the process
    if child == 0:
        code = 1
        try:
            resource.setrlimit(resource.RLIMIT_FSIZE, (most, most))
            jobs.repack(str(tmp_path / "stored.h5"), str(tmp_path / "packed.h5"), {})
        except StorageFull:
            code = 0
        finally:
            os._exit(code)
    assert os.waitpid(child, 0)[1] == 0
