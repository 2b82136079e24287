"""The process that looks after several server processes, where it is the first of a container."""

from __future__ import annotations

import subprocess
import sys

import pytest

#: Its first server process dies and leaves an orphan, its second waits until that is gone.
FIRST_OF_A_CONTAINER = """
import ctypes, os, signal, subprocess, sys
from pathlib import Path
from skyportal_series.supervision import Supervisor

PR_SET_CHILD_SUBREAPER = 36
ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
orphan = Path(sys.argv[1])

def work(parent):
    if not orphan.exists():
        process = subprocess.Popen(["cat"], stdin=subprocess.PIPE)  # until this process ends
        orphan.write_text(str(process.pid))
        os.kill(os.getpid(), signal.SIGKILL)
    while Path("/proc", orphan.read_text()).exists():
        os.sched_yield()
    os.kill(os.getppid(), signal.SIGTERM)
    signal.pause()

Supervisor(1, work).run(lambda: None)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux lets a process inherit orphans")
def test_an_orphan_that_ends_is_no_server_process(tmp_path):
    command = [sys.executable, "-c", FIRST_OF_A_CONTAINER, str(tmp_path / "orphan")]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
    assert done.stderr.count("starting another") == 1
