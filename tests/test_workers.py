"""The pool of workers: one that dies, hangs or needs too much costs its own job a clear answer."""

from __future__ import annotations

import asyncio
import dataclasses
import hashlib
import json
import os
import resource
import signal
import socket
from collections.abc import Awaitable, Callable, Iterator
from contextlib import suppress
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from hdf5_recipes import photometry
from processes import open_files, status
from uploading import columns

from skyportal_series import config, errors, worker
from skyportal_series.utils import hdf5_files
from skyportal_series.workers import HEADER, Reply, Workers

MEMORY = 80_000_000
LIMITS = dataclasses.replace(
    config.load().limits, worker_processes=2, worker_seconds=30.0, worker_memory_bytes=MEMORY
)
FORM = "multipart/form-data; boundary=B"
SIZES = {"rows": 10_000, "columns": 100, "frame_bytes": 2**30}


class Pool(Workers):
    """With eyes on its processes."""

    def pids(self) -> list[int]:
        return sorted(worker._process.pid for worker in self._all)

    async def read(
        self, body: Path, content_type: str = "application/json", reply: Reply | None = None
    ) -> Any:
        paths = {"form_file": f"{body}.h5", "packed": f"{body}.packed"}
        more = {"content_type": content_type, "nsigma": 3.0, "limits": SIZES}
        reply = reply or no_metadata
        return await self.run("read_upload", "intake", reply, body=str(body), **paths, **more)


async def no_metadata(question: Any) -> dict[str, Any]:
    return {}


def in_pool(work: Callable[[Pool], Awaitable[Any]], **changes: Any) -> Any:
    """`work` on a pool of its own, which must be able to work after it."""

    async def run() -> Any:
        pool = Pool(dataclasses.replace(LIMITS, **changes))
        try:
            result = await work(pool)
            assert pool.busy == 0
        finally:
            pool.close()
        return result

    return asyncio.run(run())


@pytest.fixture
def good(tmp_path: Path) -> Path:
    path = tmp_path / "good"
    path.write_text(json.dumps({"data": columns()}))
    return path


@pytest.fixture
def endless(tmp_path: Path) -> Path:
    """A body that never comes to an end: reading it hangs."""
    path = tmp_path / "endless"
    os.mkfifo(path)
    return path


async def reading(fifo: Path) -> int:
    """Wait until a worker reads `fifo`; the end to write to."""
    while True:
        with suppress(OSError):  # nobody has it open yet
            return os.open(fifo, os.O_WRONLY | os.O_NONBLOCK)
        await asyncio.sleep(0.01)


async def kill_reader(pool: Pool, fifo: Path) -> None:
    end = await reading(fifo)
    while not (found := [pid for pid in pool.pids() if str(fifo) in open_files(pid).values()]):
        await asyncio.sleep(0.01)  # it is told of its descriptor only after we are of ours
    os.kill(found[0], signal.SIGKILL)
    os.close(end)
    while found[0] in pool.pids():
        await asyncio.sleep(0.01)


def test_who_waits_for_a_worker_is_told_of_the_end(endless):
    async def work():
        pool = Pool(dataclasses.replace(LIMITS, worker_processes=1))
        running = asyncio.create_task(pool.read(endless, FORM))
        end = await reading(endless)
        waiting = [asyncio.create_task(pool.run("repack", stored="")) for _ in range(2)]
        await asyncio.sleep(0)
        pool.close()
        os.close(end)
        return await asyncio.gather(running, *waiting, return_exceptions=True)

    assert [type(found) for found in asyncio.run(work())] == [errors.Unavailable] * 3


def test_a_job_whose_worker_dies_is_run_once_more(good, endless):
    async def work(pool):
        job = asyncio.create_task(pool.read(endless, FORM))
        await kill_reader(pool, endless)
        os.close(await reading(endless))
        await job

    with pytest.raises(errors.InvalidInput, match="not valid multipart/form-data"):
        in_pool(work)


def test_a_job_whose_worker_dies_twice_is_refused(endless):
    async def work(pool):
        job = asyncio.create_task(pool.read(endless, FORM))
        await kill_reader(pool, endless)
        await kill_reader(pool, endless)
        await job

    with pytest.raises(errors.InvalidFile, match=r"limits\.worker_memory_bytes \(80,000,000 byt"):
        in_pool(work)


def test_a_reader_is_not_blamed_for_a_worker_that_dies(endless, tmp_path):
    async def work(pool):
        chosen = {"form": "json", "part": {}, "metadata": {}}
        out = str(tmp_path / "out")
        job = asyncio.create_task(pool.run("export", stored=str(endless), out=out, **chosen))
        await kill_reader(pool, endless)
        await job

    with pytest.raises(errors.Unavailable):
        in_pool(work)


def test_a_job_that_takes_too_long_is_ended(endless):
    with pytest.raises(errors.InvalidInput, match=r"limits\.worker_seconds \(0\.5 s\)"):
        in_pool(lambda pool: pool.read(endless, FORM), worker_seconds=0.5)


def test_the_start_of_a_worker_does_not_count(good):
    # It takes a second or two, most of it to import what it needs.
    assert in_pool(lambda pool: pool.read(good), worker_seconds=0.5)["hash"]


@pytest.mark.parametrize(
    "text",
    [
        b'{"obj_id": "' + b"A" * 60_000_000 + b'"}',
        b'{"data": [' + b"123456," * 3_000_000 + b"1]}",
        b'{"data": {"mjd": [' + b"1.5," * 4_000_000 + b"1]}}",
    ],
    ids=["a text", "numbers", "a column"],
)
def test_a_job_that_needs_too_much_memory_is_ended(text, tmp_path):
    body = tmp_path / "body"
    body.write_bytes(text)
    with pytest.raises(errors.InvalidInput, match=r"limits\.worker_memory_bytes \(80,000,000 byt"):
        in_pool(lambda pool: pool.read(body))


def test_a_stored_file_that_is_too_large_is_not_called_damaged(tmp_path):
    # Small as a file, 100 MB in memory: stored when the limits were others.
    stored = tmp_path / "stored.h5"
    hdf5_files.write_file(photometry(100_000).assign(note="x" * 1000), stored)
    chosen = {"form": "json", "part": {}, "metadata": {}, "out": str(tmp_path / "out")}
    with pytest.raises(errors.InvalidInput, match=r"limits\.worker_memory_bytes"):
        in_pool(lambda pool: pool.run("export", stored=str(stored), **chosen))


@pytest.mark.parametrize("seconds", [0.2, 30.0])
def test_the_pool_heals(seconds, good, endless):
    async def work(pool):
        job = asyncio.create_task(pool.read(endless, FORM))
        if seconds > 1:
            await kill_reader(pool, endless)
            await kill_reader(pool, endless)
        await asyncio.wait([job])
        assert job.exception() is not None
        return [await pool.read(good) for _ in range(3)]

    assert len(in_pool(work, worker_seconds=seconds)) == 3


def test_others_go_on_while_a_worker_hangs(good, endless):
    async def work(pool):
        job = asyncio.create_task(pool.read(endless, FORM))
        end = await reading(endless)
        answer = await pool.read(good)
        assert not job.done()
        os.close(end)
        await asyncio.wait([job])
        return answer

    assert in_pool(work, worker_processes=3)["summary"]["num_exp"] == 5


def test_a_job_asks_and_takes_the_answer(good):
    questions = []

    async def answer(question):
        questions.append(question)
        return {"series_name": "named late"}

    read = in_pool(lambda pool: pool.read(good, reply=answer))
    assert hdf5_files.read_file(f"{good}.packed")[1] == {"series_name": "named late"}
    assert questions[0]["has_data"]
    assert read["hash"] == hashlib.md5(Path(f"{good}.packed").read_bytes()).hexdigest()


def test_it_needs_no_pandas(good, tmp_path):
    """Which would take half of its memory, and most of its start."""

    async def work(pool):
        await pool.read(good)
        chosen = {"form": "hdf5", "part": {}, "metadata": {}, "out": str(tmp_path / "out")}
        await pool.run("export", stored=f"{good}.packed", **chosen)
        return [Path(f"/proc/{pid}/maps").read_text() for pid in pool.pids()]

    (maps,) = in_pool(work, worker_processes=1)
    assert "/h5py/" in maps
    assert "/pandas/" not in maps


def test_an_answer_is_not_late_by_the_time_that_finding_it_takes(good):
    async def answer(question):
        await asyncio.sleep(0.6)  # the time is what is tested
        return {}

    assert in_pool(lambda pool: pool.read(good, reply=answer), worker_seconds=0.5)["hash"]


def test_a_job_that_takes_too_long_after_its_question_is_ended(good):
    async def work(pool):
        async def answer(question):
            os.kill(pool.pids()[0], signal.SIGSTOP)
            return {}

        return await pool.read(good, reply=answer)

    with pytest.raises(errors.InvalidInput, match=r"limits\.worker_seconds \(2 s\)"):
        in_pool(work, worker_processes=1, worker_seconds=2.0)


def test_a_job_that_fails_after_its_question_leaves_no_answer_to_the_next(good):
    async def work(pool):
        Path(f"{good}.packed").mkdir()
        with pytest.raises(RuntimeError, match="read_upload failed"):
            await pool.read(good)
        Path(f"{good}.packed").rmdir()
        return pool.pids(), await pool.read(good), pool.pids()

    before, read, after = in_pool(work, worker_processes=1)
    assert read["hash"]
    assert before == after


def test_a_job_whose_worker_dies_after_its_question_asks_again(good):
    async def work(pool):
        asked = []

        async def answer(question):
            asked.append(pool.pids())
            if len(asked) == 1:
                os.kill(pool.pids()[0], signal.SIGKILL)
            return {}

        return await pool.read(good, reply=answer), asked

    read, asked = in_pool(work, worker_processes=1)
    assert read["hash"]
    assert len({*map(tuple, asked)}) == 2


def test_where_no_answer_is_found_the_next_job_has_a_fresh_worker(good):
    async def work(pool):
        async def answer(question):
            raise errors.Unavailable("no database")

        with pytest.raises(errors.Unavailable, match="no database"):
            await pool.read(good, reply=answer)
        return await pool.read(good)

    assert in_pool(work, worker_processes=1)["hash"]


def test_one_that_says_too_much_is_ended(good, monkeypatch):
    monkeypatch.setattr("skyportal_series.workers.MAX_ANSWER", 100)
    with pytest.raises(errors.InvalidFile):
        in_pool(lambda pool: pool.read(good))


@pytest.fixture(scope="module")
def idle_worker() -> Iterator[int]:
    """A worker that has done a job for a server with a secret in its environment."""
    os.environ["DATABASE_PASSWORD"] = "secret"
    held = os.open("/etc/hostname", os.O_RDONLY)
    os.set_inheritable(held, True)
    loop = asyncio.new_event_loop()
    pool = Pool(dataclasses.replace(LIMITS, worker_processes=1))
    with pytest.raises(errors.InvalidInput):
        loop.run_until_complete(pool.read(Path("/dev/null")))
    yield pool.pids()[0]
    pool.close()
    loop.close()
    os.close(held)
    del os.environ["DATABASE_PASSWORD"]


def test_it_inherits_no_descriptors(idle_worker):
    files = open_files(idle_worker)
    assert files.pop(0).startswith("socket:")
    assert files == {1: "/dev/null", 2: "/dev/null"}


def test_it_inherits_no_environment(idle_worker):
    environment = Path(f"/proc/{idle_worker}/environ").read_bytes()
    names = {line.partition(b"=")[0].decode() for line in environment.split(b"\0") if line}
    assert names <= {
        *("LANG", "LC_ALL", "TZ", "PYTHONPATH", "OPENBLAS_NUM_THREADS", "HDF5_PLUGIN_PATH"),
        *("WORKER_MEMORY_BYTES", "WORKER_SECONDS"),
    }


def test_it_works_nowhere(idle_worker):
    assert Path(f"/proc/{idle_worker}/cwd").readlink() == Path("/")


def test_its_memory_is_limited(idle_worker):
    soft, hard = resource.prlimit(idle_worker, resource.RLIMIT_AS)
    assert soft == hard
    assert soft < MEMORY + 2 * 10**9  # of addresses, which libraries reserve freely


def test_it_leaves_no_core(idle_worker):
    assert resource.prlimit(idle_worker, resource.RLIMIT_CORE) == (0, 0)


def test_it_can_gain_no_rights(idle_worker):
    assert status(idle_worker, "NoNewPrivs") == "1"


def test_every_job_may_take_as_long_as_the_first(monkeypatch: pytest.MonkeyPatch) -> None:
    alarms: list[int] = []
    monkeypatch.setattr(signal, "alarm", alarms.append)
    request = json.dumps({"job": "nothing", "arguments": {}}).encode()
    jobs = SimpleNamespace(JOBS={"nothing": lambda: None}, ASKING=())
    ours, theirs = socket.socketpair()
    with ours, theirs:
        ours.sendall(3 * (HEADER.pack(len(request)) + request))
        ours.shutdown(socket.SHUT_WR)
        worker.serve(theirs, jobs, 60.0)
    assert alarms == [65, 0] * 3
