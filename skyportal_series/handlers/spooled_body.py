"""A request's body on its way into a file of the spool."""

from __future__ import annotations

from io import RawIOBase
from pathlib import Path

from ..sql import Sql
from ..store import drop, storage_errors

#: Bytes that are collected before they are written. To remove as many takes next to no time.
BATCH = 1 << 21


class SpooledBody:
    """Collects pieces and writes them in threads: a busy disk may take its time, and so may the
    system to remove what is large.
    """

    def __init__(self, path: Path, sql: Sql) -> None:
        """Raises StorageFull where there is no room for a file."""
        self.path = path
        self._sql = sql
        self._pieces: list[bytes] = []
        self._waiting = 0  # bytes of these
        self._size = 0
        self._writing = False
        #: Whether it is to go, or has gone.
        self.unwanted = False
        with storage_errors():
            self._file: RawIOBase = path.open("xb", buffering=0)

    def add(self, piece: bytes) -> bool:
        """Keep a piece; whether it is time to `write`."""
        self._pieces.append(piece)
        self._waiting += len(piece)
        self._size += len(piece)
        return self._waiting >= BATCH

    async def write(self) -> None:
        """Write what there is. Raises StorageFull."""
        if not self._pieces or self.unwanted:
            return
        pieces, self._pieces, self._waiting = self._pieces, [], 0
        self._writing = True
        try:
            with storage_errors():
                await self._sql.thread(_write_all, self._file, pieces)
        finally:
            self._writing = False
            if self.unwanted:  # since then
                self._remove_later()

    def finish(self) -> Path:
        """All has been written; where it is."""
        self._file.close()
        return self.path

    async def remove(self) -> None:
        """Remove it, whether it has been written or not."""
        if self.unwanted:
            return
        self.unwanted = True
        if self._size <= BATCH:
            self._remove()
        else:
            await self._sql.thread(self._remove)

    def discard(self) -> None:
        """The same, soon: what is being written ends first, and nobody waits."""
        if self.unwanted:
            return
        self.unwanted = True
        if not self._writing:
            self._remove_later()

    def _remove_later(self) -> None:
        if self._size <= BATCH:
            self._remove()
        else:
            self._sql.later(self._remove)

    def _remove(self) -> None:
        self._file.close()
        drop(self.path)


def _write_all(file: RawIOBase, pieces: list[bytes]) -> None:
    """Not through a buffer, which would find out that the disk is full when it is closed."""
    for piece in pieces:
        rest = memoryview(piece)
        while rest:
            rest = rest[file.write(rest) or 0 :]
