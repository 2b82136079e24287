"""How a file is refused: every failure on untrusted bytes becomes one kind of error."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from isal import igzip_lib

from skyportal_series.errors import InvalidFile

PREFIX = "Could not load DataFrame from HDF5 file."
EMPTY = "Must supply a non-empty DataFrame."

# Its stub takes the class for an instance.
_ISAL_ERROR: type[Exception] = igzip_lib.IsalError  # type: ignore[assignment]
# What h5py, numpy and ISA-L have been seen to raise on damaged bytes, by their roots.
_ON_BAD_BYTES = (
    ArithmeticError,
    AttributeError,
    LookupError,
    MemoryError,
    OSError,
    RuntimeError,
    SystemError,
    TypeError,
    ValueError,
    _ISAL_ERROR,
)


class Refused(ValueError):
    """A reason, in sentences for the sender: what was found, and what would be right."""


@contextmanager
def refusing() -> Iterator[None]:
    """Turns whatever goes wrong inside into InvalidFile."""
    try:
        yield
    except Refused as error:
        raise InvalidFile(f"{PREFIX} {error}") from error
    except MemoryError as error:
        raise InvalidFile(f"{PREFIX} It needs more memory than a reader may take.") from error
    except _ON_BAD_BYTES as error:
        # The libraries' own words may hold paths of this machine: they stay in the log.
        raise InvalidFile(f"{PREFIX} It is damaged: HDF5 cannot follow it.") from error
