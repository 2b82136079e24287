"""What HDF5 says of a disk that takes no more, as the OSError that it is."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager

_NUMBER = re.compile(r"errno = (\d+)")


@contextmanager
def disk_errors() -> Iterator[None]:
    """Raises OSError for the RuntimeError in which h5py hides it where a file cannot be closed."""
    try:
        yield
    except RuntimeError as error:
        if found := _NUMBER.search(str(error)):
            number = int(found[1])
            raise OSError(number, os.strerror(number)) from error
        raise
