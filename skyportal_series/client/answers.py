"""The server's envelope: the data of a good answer, the exception for a bad one."""

from __future__ import annotations

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

import requests

from skyportal_series.client.errors import (
    AlreadyExists,
    Changed,
    NotFound,
    Refused,
    SeriesClientError,
    ServerFault,
    ServerUnavailable,
    Unauthorized,
)

BY_STATUS: dict[int, type[SeriesClientError]] = {
    400: Refused,
    401: Unauthorized,
    403: Unauthorized,
    404: NotFound,
    406: Refused,
    409: AlreadyExists,
    412: Changed,
    413: Refused,
    416: Refused,
    422: Refused,
    429: ServerUnavailable,
    502: ServerUnavailable,
    503: ServerUnavailable,
    504: ServerUnavailable,
}

# Who asks for more patience than this is believed, but not waited for.
LONGEST_RETRY_AFTER = 300.0

# SkyPortal's own routes say 400 for these too; only their words tell them apart.
NO_SUCH_SERIES = ("Invalid photometric series ID", "Cannot find photometry point with ID")
ALREADY_THERE = "already exists"


def data_of(answer: requests.Response) -> Any:
    """What stands under `data` in a good answer. Raises ServerFault if it is no envelope."""
    envelope = _envelope(answer)
    if envelope.get("status") != "success" or "data" not in envelope:
        raise fault(f"{answer.url} answers, but not as a server of photometric series does.")
    return envelope["data"]


def error_of(answer: requests.Response) -> SeriesClientError:
    """The exception that a bad answer stands for."""
    with answer:
        envelope = _envelope(answer)
    message = envelope.get("message")
    details = envelope.get("data") if isinstance(envelope.get("data"), dict) else {}
    if 300 <= answer.status_code < 400:
        return _redirected(answer)
    if not isinstance(message, str):
        return _with_details(_without_envelope(answer), answer, {})
    kind = _kind(answer.status_code, message)
    error = kind(message, status=answer.status_code, problems=_problems(details))
    return _with_details(error, answer, details)


def fault(message: str, status: int | None = None) -> ServerFault:
    return ServerFault(message, status=status)


def _kind(status: int, message: str) -> type[SeriesClientError]:
    if status == 400 and ALREADY_THERE in message:
        return AlreadyExists
    if status == 400 and message.startswith(NO_SUCH_SERIES):
        return NotFound
    return BY_STATUS.get(status, ServerFault)


def _with_details(
    error: SeriesClientError, answer: requests.Response, details: Any
) -> SeriesClientError:
    if isinstance(error, AlreadyExists) and isinstance(details.get("id"), int):
        error.series_id = details["id"]
    if isinstance(error, ServerUnavailable):
        error.retry_after = retry_after(answer.headers.get("Retry-After"))
        error.may_pass = (error.retry_after or 0) <= LONGEST_RETRY_AFTER
    return error


def _redirected(answer: requests.Response) -> ServerFault:
    where = answer.headers.get("Location", "elsewhere")
    return fault(f"The server sends this on to {where}; use that URL.", answer.status_code)


def retry_after(header: str | None) -> float | None:
    """Seconds that a Retry-After header asks for, as a number or a date; None without one."""
    if not header:
        return None
    if header.strip().isdigit():
        return float(header)
    try:
        moment = parsedate_to_datetime(header)
    except ValueError:
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return max(0.0, (moment - datetime.now(UTC)).total_seconds())


def _without_envelope(answer: requests.Response) -> SeriesClientError:
    """A proxy's own page, say: only its code speaks."""
    kind = BY_STATUS.get(answer.status_code, ServerFault)
    if kind is NotFound:
        kind = ServerFault  # a missing route, not a missing series
    text = f"{answer.url} answers {answer.status_code} {answer.reason}"
    return kind(text, status=answer.status_code)


def _envelope(answer: requests.Response) -> dict[str, Any]:
    try:
        content = answer.json()
    except ValueError:
        return {}
    return content if isinstance(content, dict) else {}


def _problems(details: Any) -> dict[str, list[str]]:
    errors = details.get("errors")
    if not isinstance(errors, dict):
        return {}
    return {
        str(k): [str(t) for t in (v if isinstance(v, list) else [v])] for k, v in errors.items()
    }
