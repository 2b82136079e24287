"""Random damage to good files, read in a process of its own, which must neither die nor hang.

`python tests/fuzz_hdf5.py COUNT [SEED]` goes on for as long as one likes.
"""

from __future__ import annotations

import random
import resource
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import NamedTuple

from pebble import ProcessPool

from skyportal_series.errors import InvalidFile
from skyportal_series.utils.hdf5_files import (
    dump_dataframe_to_bytestream,
    load_dataframe_from_bytestream,
)

SECONDS = 20
MEMORY = 4 * 2**30  # of addresses, which libraries reserve freely


class Outcome(NamedTuple):
    """The reason of a refusal, or None; the processor time and the memory that reading took."""

    refusal: str | None
    seconds: float
    megabytes: float


def reader_process(workers: int = 1) -> ProcessPool:
    """A pool whose processes may die without harm; they may not take much memory."""
    import multiprocessing

    context = multiprocessing.get_context("spawn")
    return ProcessPool(max_workers=workers, context=context, initializer=_warm_up)


def read(image: bytes) -> Outcome:
    """Reads an image. Raises what is not a proper refusal."""
    peak, start, refusal = _peak(), time.process_time(), None
    try:
        load_dataframe_from_bytestream(image)
    except InvalidFile as error:
        refusal = error.message
    return Outcome(refusal, time.process_time() - start, _peak() - peak)


def mutated(image: bytes, rng: random.Random) -> bytes:
    """The image with some bytes changed, swapped for others of its own, or left out."""
    data = bytearray(image)
    for _ in range(rng.choice((1, 1, 2, 4, 16))):
        at, size = rng.randrange(len(data)), rng.randint(1, 32)
        match rng.randrange(4):
            case 0:
                data[at] ^= 1 << rng.randrange(8)
            case 1:
                data[at : at + size] = rng.randbytes(size)
            case 2:
                other = rng.randrange(len(data))
                data[at : at + size] = data[other : other + size]
            case _:
                data[at] = rng.choice((0, 1, 127, 128, 255))
    return bytes(data[: rng.randrange(len(data))] if rng.random() < 0.05 else data)


def read_mutations(image: bytes, seed: int, count: int) -> Counter[str]:
    """How many of `count` mutations were read, and how many refused."""
    rng = random.Random(seed)
    outcomes = (read(mutated(image, rng)) for _ in range(count))
    return Counter("read" if outcome.refusal is None else "refused" for outcome in outcomes)


def _warm_up() -> None:
    import pandas as pd

    frame = pd.DataFrame({"a": [1.0], "b": ["x"]})
    load_dataframe_from_bytestream(dump_dataframe_to_bytestream(frame))
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))


def _peak() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def main(count: int, seed: int) -> None:
    from hostile_hdf5 import good_image

    with tempfile.TemporaryDirectory() as folder:
        images = [
            good_image(Path(folder)),
            good_image(Path(folder), complevel=1, complib="zlib", fletcher32=True),
        ]
    total: Counter[str] = Counter()
    with reader_process(2) as pool:
        batches = [(images[i % 2], seed + i, 100) for i in range(-(-count // 100))]
        futures = [pool.schedule(read_mutations, args=batch, timeout=SECONDS) for batch in batches]
        for batch, future in zip(batches, futures, strict=True):
            try:
                total += future.result()
            except Exception as error:  # noqa: BLE001 - whatever it is, it is what is looked for
                total["failed"] += 1
                print(f"seed {batch[1]}: {error!r}")
    print(dict(total))
    sys.exit(bool(total["failed"]))


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 0)
