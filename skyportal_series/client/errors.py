"""What can go wrong on the client's side, in one tree.

    SeriesClientError
    ├── NotConfigured           no URL or token is known, or a login file that others can read
    ├── UnknownName             a field, filter or option that does not exist (also a TypeError)
    ├── BadSource               the data cannot become a series (also a ValueError)
    ├── Unauthorized            401, 403: no token, an unknown one, or one without the right
    ├── NotFound                404: no such series, or not yours to see
    ├── Refused                 400, 406, 413, 416, 422: `.problems` says what is wrong, by field
    │   └── AlreadyExists       409: `.series_id` is the one that is there, if you may read it
    ├── Changed                 412: the series is no longer the version that was named
    ├── ServerUnavailable       no answer, or 429, 502, 503, 504, after all retries
    └── ServerFault             500, 507, or an answer that this server does not give

Every one carries `message`, `status` (the HTTP code, None where none came) and `problems`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence


class SeriesClientError(Exception):
    """The root. `problems` maps a field to what is wrong with it; often it is empty."""

    def __init__(
        self,
        message: str,
        *,
        status: int | None = None,
        problems: Mapping[str, Sequence[str]] | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.status = status
        self.problems = {name: list(texts) for name, texts in (problems or {}).items()}
        #: Whether an earlier try of the same request may have been carried out unheard.
        self.after_retry = False


class NotConfigured(SeriesClientError):
    """It is not known where the server is, or who is asking."""


class UnknownName(SeriesClientError, TypeError):
    """There is no field, filter or option of that name; the message gives the nearest."""


class BadSource(SeriesClientError, ValueError):
    """The data cannot be turned into a series; nothing was sent."""


class Unauthorized(SeriesClientError):
    """No token, an unknown one, an expired user, or a right that is missing."""


class NotFound(SeriesClientError):
    """No such series, or it is not the asker's to see: the two look the same."""


class Refused(SeriesClientError):
    """The server understood, and will not; sending the same again will not help."""


class AlreadyExists(Refused):
    """The same series, or the same bytes, are on the server already."""

    #: The one that is there; None where the asker may not read it.
    series_id: int | None = None


class Changed(SeriesClientError):
    """Somebody changed the series since the version that was named."""


class ServerUnavailable(SeriesClientError):
    """Nothing is wrong with the request; it can be sent again later."""

    #: Seconds after which the server asks to be tried again; None where it does not say.
    retry_after: float | None = None
    #: Whether waiting is likely to help. A certificate that is not trusted stays so.
    may_pass = True


class ServerFault(SeriesClientError):
    """Something is wrong on the server, or what answered is not this server."""
