"""Running a program as another system user, where we are root and the program will not have it."""

from __future__ import annotations

import os
import pwd
import subprocess
from pathlib import Path
from typing import Any

TRAVERSE = 0o001
READ_AND_TRAVERSE = 0o005


def run_as_owner(folder: Path) -> dict[str, Any]:
    """Arguments for `subprocess.run` that make root's child run as the owner of `folder`."""
    if os.geteuid() != 0:
        return {}
    found = folder.stat()
    return {"user": found.st_uid, "group": found.st_gid, "extra_groups": []}


def hand_over(folder: Path, name: str) -> None:
    """Give a folder of root's to the system user `name`, made if missing, who can then reach it.

    A folder that someone else owns already stays theirs.
    """
    if folder.stat().st_uid == 0:
        user = _user(name)
        os.chown(folder, user.pw_uid, user.pw_gid)
    let_through(folder)


def let_through(path: Path) -> None:
    """Let everyone pass through (not list) the folders above `path`."""
    for parent in path.resolve().parents:
        _add_mode(parent, TRAVERSE)


def open_tree(folder: Path, sample: Path) -> None:
    """Let everyone reach and run what is in `folder`, unless `sample` shows that they can."""
    let_through(folder)
    if sample.stat().st_mode & READ_AND_TRAVERSE == READ_AND_TRAVERSE:
        return
    for path in (folder, *folder.rglob("*")):
        if not path.is_symlink():
            _add_mode(path, (path.stat().st_mode >> 6) & READ_AND_TRAVERSE)


def _user(name: str) -> pwd.struct_passwd:
    try:
        return pwd.getpwnam(name)
    except KeyError:
        # A race with another process that makes the same user shows in the look-up that follows.
        subprocess.run(  # noqa: S603 (a name of our own, no shell)
            ["useradd", "--system", "--shell", "/bin/sh", name],  # noqa: S607 (in sbin or bin)
            check=False,
            capture_output=True,
        )
        return pwd.getpwnam(name)


def _add_mode(path: Path, bits: int) -> None:
    mode = path.stat().st_mode
    if mode & bits != bits:
        path.chmod(mode | bits)
