"""What was sent already: one line for each upload, so that a run that was cut off can go on."""

from __future__ import annotations

import hashlib
import json
import os
import threading
from pathlib import Path

from skyportal_series.client.upload import Upload


def default_journal() -> Path:
    """`$XDG_STATE_HOME/skyportal-series/uploads.txt`, by default below `~/.local/state`."""
    base = os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state"
    return Path(base) / "skyportal-series" / "uploads.txt"


class Journal:
    """Upload → id. The key is of what is sent and where to, so a file may be moved or renamed.

    Several runs may append at once: a line is written in one piece. A line that was cut off is
    passed over.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._known = dict(self._read())

    def get(self, url: str, upload: Upload) -> int | None:
        """The id that it was given, or None."""
        return self._known.get(_key(url, upload))

    def add(self, url: str, upload: Upload, series_id: int) -> None:
        """Remember it."""
        key = _key(url, upload)
        with self._lock:
            if self._known.get(key) == series_id:
                return
            self._known[key] = series_id
            self._path.parent.mkdir(parents=True, exist_ok=True)
            with self._path.open("ab", buffering=0) as file:
                file.write(f"{key} {series_id}\n".encode())

    def _read(self) -> list[tuple[str, int]]:
        try:
            lines = self._path.read_text("utf-8", errors="replace").splitlines()
        except FileNotFoundError:
            return []
        pairs = (line.split() for line in lines)
        return [(p[0], int(p[1])) for p in pairs if len(p) == 2 and p[1].isdigit()]


def _key(url: str, upload: Upload) -> str:
    digest = hashlib.blake2b(upload.image, digest_size=20)
    digest.update(json.dumps([url, upload.fields], sort_keys=True).encode())
    return digest.hexdigest()
