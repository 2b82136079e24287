"""What comes in is somebody else's bytes: whatever they hold, they are refused, and cheaply."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from fuzz_hdf5 import SECONDS, Outcome, read, read_mutations, reader_process
from hdf5_recipes import read_as_clients_do
from hostile_hdf5 import HANGS, HOSTILE, READS_FILES, RUNS_CODE, good_image
from pebble import ProcessPool

PREFIX = "Could not load DataFrame from HDF5 file. "


@pytest.fixture(scope="module")
def reader() -> Iterator[ProcessPool]:
    """Another process: what crashes it fails a test, not the tests."""
    with reader_process() as pool:
        yield pool


def outcome(reader: ProcessPool, image: bytes) -> Outcome:
    return reader.schedule(read, args=(image,), timeout=SECONDS).result()


def test_the_file_that_all_are_made_of_is_read(reader: ProcessPool, tmp_path: Path) -> None:
    assert outcome(reader, good_image(tmp_path)).refusal is None


@pytest.mark.parametrize("name", HOSTILE)
def test_refused_at_little_cost(name: str, reader: ProcessPool, tmp_path: Path) -> None:
    image = HOSTILE[name](tmp_path)
    refusal, seconds, megabytes = outcome(reader, image)
    assert refusal is not None
    assert refusal.startswith(PREFIX)
    assert "damaged" not in refusal, "an accident, not a check"
    assert seconds < 2
    assert megabytes < 32 + 3 * len(image) / 2**20


@pytest.mark.parametrize("name", RUNS_CODE)
def test_nothing_of_it_is_run(name: str, reader: ProcessPool, tmp_path: Path) -> None:
    image = RUNS_CODE[name](tmp_path)
    outcome(reader, image)
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize(
    "name", ["root attribute", "group attribute", "metadata", "before rubbish"]
)
def test_pandas_would_run_it(name: str, tmp_path: Path) -> None:
    # Otherwise the test above would prove nothing.
    image = RUNS_CODE[name](tmp_path)
    with suppress(TypeError):
        read_as_clients_do(image)
    assert (tmp_path / "ran").exists()


@pytest.mark.parametrize("name", sorted(READS_FILES.keys() | HANGS.keys()))
def test_refusals_do_not_name_files_of_this_machine(
    name: str, reader: ProcessPool, tmp_path: Path
) -> None:
    image = HOSTILE[name](tmp_path)
    assert str(tmp_path) not in (outcome(reader, image).refusal or "")


@pytest.mark.parametrize("part", [0, 1, 7, 8, 9, 100, 0.1, 0.5, 0.9, 0.999, -1])
def test_cut_short(part: float, reader: ProcessPool, tmp_path: Path) -> None:
    image = good_image(tmp_path)
    length = int(part * len(image)) if 0 < part < 1 else int(part)
    assert outcome(reader, image[:length]).refusal


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("options", [{}, {"complevel": 1, "complib": "zlib", "fletcher32": True}])
def test_random_damage_is_refused_or_read(
    seed: int, options: dict[str, object], reader: ProcessPool, tmp_path: Path
) -> None:
    image = good_image(tmp_path, **options)
    counts = reader.schedule(read_mutations, args=(image, seed, 50), timeout=SECONDS).result()
    assert counts.total() == 50
    assert counts["refused"]
