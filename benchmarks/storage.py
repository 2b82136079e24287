"""What stored files weigh, and how long they take to write and to read."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from uuid import uuid4

import numpy as np
import pandas as pd

from skyportal_series.utils import hdf5_files

from .figures import Figure
from .setting import Setting, photometry

GROUP = "Storage"
TESS = Path(__file__).parent.parent.parent / "shared" / "data" / "TESS_photometric_series1.h5"


def run(setting: Setting, quick: bool) -> Iterator[Figure]:
    """Each kind of series: bytes and seconds, beside what pandas makes of it uncompressed."""
    for name, frame in _frames(quick):
        ours, theirs = setting.folder / f"{uuid4().hex}.h5", setting.folder / f"{uuid4().hex}.h5"
        writing = [
            _fastest(lambda f=frame, p=ours: hdf5_files.write_file(f, _fresh(p))),
            _fastest(lambda f=frame, p=theirs: _by_pandas(f, _fresh(p))),
        ]
        reading = [
            _fastest(lambda p=ours: hdf5_files.read_file(p)),
            _fastest(lambda p=theirs: pd.read_hdf(p)),
        ]
        sizes = [path.stat().st_size / 1024 for path in (ours, theirs)]
        yield Figure(GROUP, f"{name}: size (beside pandas)", sizes[0], "KB", sizes[1])
        yield Figure(GROUP, f"{name}: write", writing[0] * 1000, "ms", writing[1] * 1000)
        yield Figure(GROUP, f"{name}: read", reading[0] * 1000, "ms", reading[1] * 1000)
        ours.unlink()
        theirs.unlink()


def _frames(quick: bool) -> Iterator[tuple[str, pd.DataFrame]]:
    if TESS.exists():
        frame, _ = hdf5_files.read_file(TESS)
        yield f"TESS, {len(frame):,} × {len(frame.columns)}", frame
    for rows in (100, 10_000) if quick else (100, 10_000, 1_000_000):
        yield f"synthetic, {rows:,} × 3", photometry(rows)
    noise = np.random.default_rng(2).normal(size=(100_000, 3))
    yield "noise in all bits, 100,000 × 3", pd.DataFrame(noise, columns=["mjd", "flux", "fluxerr"])


def _fresh(path: Path) -> Path:
    path.unlink(missing_ok=True)
    return path


def _by_pandas(frame: pd.DataFrame, path: Path) -> None:
    with pd.HDFStore(path, mode="w") as store:
        store.put("phot_series", frame, format="table", index=None, track_times=False)


def _fastest(work: Callable[[], object], rounds: int = 5) -> float:
    taken = []
    for _ in range(rounds):
        start = time.perf_counter()
        work()
        taken.append(time.perf_counter() - start)
    return min(taken)
