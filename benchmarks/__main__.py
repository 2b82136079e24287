"""Run the benchmarks: print the table, write the figures as JSON."""

from __future__ import annotations

import argparse
import dataclasses
import json
import os
import platform
from pathlib import Path

from . import growth, load, memory, requests, storage
from .figures import Figure, line, table
from .setting import setting

PARTS = {
    "requests": requests.run,
    "load": load.run,
    "memory": memory.run,
    "storage": storage.run,
    "growth": growth.run,
}


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="fewer rounds, smaller sizes")
    parser.add_argument("--only", choices=PARTS, action="append", help="one part; repeat it")
    parser.add_argument("--json", type=Path, default=Path("benchmarks/last.json"))
    given = parser.parse_args()
    figures: list[Figure] = []
    for name in given.only or PARTS:
        with setting() as place:
            for figure in PARTS[name](place, given.quick):
                print(line(figure), flush=True)
                figures.append(figure)
    print(f"\n{table(figures)}\n")
    written = [dataclasses.asdict(figure) | {"ratio": figure.ratio} for figure in figures]
    given.json.write_text(json.dumps({"machine": machine(), "figures": written}, indent=1))


def machine() -> dict[str, object]:
    """What it ran on, as far as that matters."""
    return {
        "processors": os.cpu_count(),
        "architecture": platform.machine(),
        "system": platform.system(),
        "python": platform.python_version(),
    }


if __name__ == "__main__":  # uploading processes import this too
    main()
