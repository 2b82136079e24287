"""What can go wrong, in one tree.

    SeriesError                     400, unless a subclass says otherwise
    ├── InvalidInput                400  what was asked or sent cannot be taken
    │   └── InvalidFile             400  an HDF5 image that is not one plain table
    ├── Unauthenticated             401  no token, or one that is not known
    ├── Forbidden                   403  known, but expired
    ├── NotFound                    404  does not exist, or is not the asker's to see
    ├── NotAcceptable               406  no such format
    ├── Duplicate                   409  the same series, or the same bytes, exist already
    ├── PreconditionFailed          412  If-Match names another version
    ├── TooLarge                    413  past one of the configured limits
    ├── RangeNotSatisfiable         416  a Range outside the file
    ├── DamagedFile                 500  the row is there, its file is not what it was
    ├── Unavailable                 503  try again later (database away, workers busy)
    └── StorageFull                 507  no room, or no right, to write

`status` is what HTTP calls it. The routes that SkyPortal has answer 400 for most of these; that
translation is made in one place, `handlers.base`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence


class SeriesError(Exception):
    """The root. `message` is for the client; `problems` maps a field to what is wrong with it."""

    status = 400

    def __init__(self, message: str, problems: Mapping[str, Sequence[str]] | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.problems = {name: list(texts) for name, texts in (problems or {}).items()}


class InvalidInput(SeriesError):
    """Something that was asked or sent cannot be taken."""


class InvalidFile(InvalidInput):
    """An HDF5 image that is not one pandas table of plain columns."""


class Unauthenticated(SeriesError):
    """No token, a malformed one, an unknown one, or one without the right that is needed."""

    status = 401


class Forbidden(SeriesError):
    """The asker is known, and may not come in."""

    status = 403


class NotFound(SeriesError):
    """It does not exist, or it is not the asker's to see: the two look the same."""

    status = 404


class NotAcceptable(SeriesError):
    """None of the formats asked for is made here."""

    status = 406


class Duplicate(SeriesError):
    """The same series, or the same bytes, are here already."""

    status = 409

    #: Id of the one that is here, where the asker may read it.
    series_id: int | None = None


class PreconditionFailed(SeriesError):
    """The series has changed since the version that If-Match names."""

    status = 412


class TooLarge(SeriesError):
    """Past one of the configured limits; the message names the limit and the figure."""

    status = 413


class RangeNotSatisfiable(SeriesError):
    """The range asked for lies outside the file."""

    status = 416


class DamagedFile(SeriesError):
    """The row is there, but its file is missing or not what its hash says."""

    status = 500


class Unavailable(SeriesError):
    """Nothing is wrong with the request; it can be sent again later."""

    status = 503


class StorageFull(SeriesError):
    """The disk takes no more, or may not be written."""

    status = 507
