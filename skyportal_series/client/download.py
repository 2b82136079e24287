"""Downloads: to a file beside the target, which takes its place only when it is whole.

The stored HDF5 file has an ETag, its MD5, so a download of it that was cut off goes on where it
stopped, in this run or a later one, and what arrives is checked. Other formats begin anew.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import time
import uuid
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import IO, Any

import requests

from skyportal_series.client.answers import fault
from skyportal_series.client.errors import Refused, SeriesClientError
from skyportal_series.client.transport import BROKEN, Transport

CHUNK = 1 << 14  # what a broken connection costs at most
# A proxy that compresses on the way would make offsets and MD5 those of something else.
AS_IT_IS = {"Accept-Encoding": "identity"}
_PART = re.compile(r"\.(?P<name>.+)\.(?P<md5>[0-9a-f]{32})\.part")
_MD5 = re.compile(r'"([0-9a-f]{32})"')


def download(transport: Transport, route: str, params: Mapping[str, Any], target: Path) -> None:
    """Put the answer of `route` into the file `target`.

    Raises OSError if it cannot be written, ServerFault if what arrives is not what the server
    says it sent, and what Transport.send raises.
    """
    fetch = _resume if params == {"format": "hdf5"} else _fetch
    for tried in range(transport.retries + 1):
        try:
            fetch(transport, route, params, target)
        except (*BROKEN, _Damaged) as problem:
            if tried == transport.retries:
                raise _final(transport, problem) from problem
            time.sleep(transport.pause(tried))
        else:
            return


class _Damaged(Exception):
    """The file that arrived does not have the MD5 that its ETag is."""


def _final(transport: Transport, problem: Exception) -> SeriesClientError:
    if isinstance(problem, requests.RequestException):
        return transport.unreachable(problem)
    return fault(str(problem))


def _fetch(transport: Transport, route: str, params: Mapping[str, Any], target: Path) -> None:
    with (
        transport.send("GET", route, params=params, stream=True) as answer,
        _beside(target) as file,
    ):
        _copy(answer, file)


def _resume(transport: Transport, route: str, params: Mapping[str, Any], target: Path) -> None:
    left = _left_over(target)
    with _ask_for_rest(transport, route, params, left) as answer:
        etag = _MD5.fullmatch(answer.headers.get("ETag", ""))
        if etag is None:
            raise fault(f"{answer.url} sends a stored file without its MD5 as ETag.")
        part = target.with_name(f".{target.name}.{etag[1]}.part")
        if left is not None and left != part:
            left.unlink(missing_ok=True)  # of a version that is no more
        with part.open("ab" if answer.status_code == 206 else "wb") as file:
            _copy(answer, file)
    _check(part, etag[1])
    part.replace(target)


def _ask_for_rest(
    transport: Transport, route: str, params: Mapping[str, Any], left: Path | None
) -> requests.Response:
    """The file from where `left` stops if it is still that file, otherwise all of it."""
    found = left and _PART.fullmatch(left.name)
    if left and found:
        span = {"Range": f"bytes={left.stat().st_size}-", "If-Range": f'"{found["md5"]}"'}
        try:
            headers = AS_IT_IS | span
            return transport.send("GET", route, params=params, headers=headers, stream=True)
        except Refused as error:
            if error.status != 416:  # which says that `left` is all of the file, or more
                raise
    return transport.send("GET", route, params=params, headers=AS_IT_IS, stream=True)


def _left_over(target: Path) -> Path | None:
    """What an earlier download of `target` left."""
    for path in target.parent.iterdir():
        found = _PART.fullmatch(path.name)
        if found and found["name"] == target.name:
            return path
    return None


def _check(part: Path, md5: str) -> None:
    with part.open("rb") as file:
        found = hashlib.file_digest(file, _new_md5).hexdigest()
    if found != md5:
        part.unlink()
        raise _Damaged(f"What arrived has the MD5 {found}, the server's file has {md5}.")


def _new_md5() -> Any:
    return hashlib.md5(usedforsecurity=False)


@contextlib.contextmanager
def _beside(target: Path) -> Iterator[IO[bytes]]:
    """A file that becomes `target` if all goes well and disappears if not."""
    path = target.with_name(f".{target.name}.{uuid.uuid4().hex}.tmp")
    try:
        with path.open("xb") as file:
            yield file
        path.replace(target)
    except BaseException as problem:
        path.unlink(missing_ok=True)
        if isinstance(problem, OSError) and problem.filename == str(path):
            problem.filename = str(target)  # the name that the caller knows
        raise


def _copy(answer: requests.Response, file: IO[bytes]) -> None:
    for chunk in answer.iter_content(CHUNK):
        file.write(chunk)
    file.flush()
    os.fsync(file.fileno())
