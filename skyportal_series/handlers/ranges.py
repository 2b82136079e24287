"""HTTP's ranges of bytes (RFC 9110, section 14)."""

from __future__ import annotations

import re

from ..errors import RangeNotSatisfiable

_ONE_RANGE = re.compile(r"\s*bytes\s*=\s*(\d{0,18})\s*-\s*(\d{0,18})\s*", re.IGNORECASE | re.ASCII)


def wanted_range(header: str | None, size: int) -> tuple[int, int] | None:
    """The first byte and the one past the last of `size` that a Range header asks for.

    None where all is to be sent: without a header, and with one that is not understood or names
    several ranges, which a server may ignore. Raises RangeNotSatisfiable.
    """
    match = _ONE_RANGE.fullmatch(header or "")
    if match is None or match.groups() == ("", ""):
        return None
    first, last = match.groups()
    if not first:
        start, stop = max(0, size - int(last)), size
    else:
        start, stop = int(first), min(size, int(last) + 1) if last else size
        if last and int(last) < int(first):
            return None
    if start >= stop:
        raise RangeNotSatisfiable(f"The file has {size:,} bytes; none of them is in this range.")
    return start, stop
