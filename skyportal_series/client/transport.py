"""Requests to the server, sent again where that can help. May touch: requests, this room's errors.

What is tried again: broken connections, time-outs, and 429, 502, 503, 504. Between tries it waits
a random part of an exponentially growing time ("full jitter"), or as long as Retry-After says.
"""

from __future__ import annotations

import http.cookiejar
import logging
import random
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import requests
from requests.adapters import HTTPAdapter
from requests.auth import AuthBase

from skyportal_series.client.answers import error_of, fault
from skyportal_series.client.errors import NotConfigured, SeriesClientError, ServerUnavailable

log = logging.getLogger("skyportal_series.client")

BROKEN = (requests.ConnectionError, requests.Timeout, requests.exceptions.ChunkedEncodingError)
LONGEST_WAIT = 30.0
CONNECT_SECONDS = 10.0


class TokenAuth(AuthBase):
    """The header that SkyPortal wants; set this way, a ~/.netrc cannot replace it."""

    def __init__(self, token: str) -> None:
        self._token = token

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers["Authorization"] = f"token {self._token}"
        return request


class Transport:
    """One server, one token. Threads may share it."""

    def __init__(
        self, url: str, token: str, *, timeout: float, retries: int, backoff: float
    ) -> None:
        self.url = checked_url(url)
        self.retries = retries
        self._timeout = (min(CONNECT_SECONDS, timeout), timeout)
        self._backoff = backoff
        self._session = requests.Session()
        self._session.auth = TokenAuth(checked_token(token))
        # Cookies would be the one thing that threads change in a session; none are needed.
        self._session.cookies.set_policy(http.cookiejar.DefaultCookiePolicy(allowed_domains=[]))
        for scheme in ("http://", "https://"):
            self._session.mount(scheme, HTTPAdapter(pool_connections=4, pool_maxsize=32))

    def send(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
        stream: bool = False,
        **body: Any,
    ) -> requests.Response:
        """The answer, if it is a good one; otherwise what error_of makes of it is raised.

        Raises ServerUnavailable where every one of the `retries` + 1 tries failed.
        """
        asked = {"params": _as_text(params or {}), "headers": dict(headers or {}), **body}
        for tried in range(self.retries + 1):
            try:
                return self._once(method, path, stream, asked)
            except ServerUnavailable as error:
                if tried == self.retries or not error.may_pass:
                    raise
                log.info("%s; trying again", error.message)
                time.sleep(self.pause(tried) if error.retry_after is None else error.retry_after)
            except SeriesClientError as error:
                error.after_retry = tried > 0
                raise
        raise AssertionError("retries is negative")

    def pause(self, tried: int) -> float:
        """Seconds to wait after the failed try number `tried`, counted from 0."""
        return random.uniform(0, min(LONGEST_WAIT, self._backoff * 2**tried))  # noqa: S311

    def close(self) -> None:
        self._session.close()

    def _once(
        self, method: str, path: str, stream: bool, asked: dict[str, Any]
    ) -> requests.Response:
        try:
            answer = self._session.request(
                method,
                self.url + path,
                timeout=self._timeout,
                stream=stream,
                allow_redirects=method in ("GET", "HEAD"),  # a POST would come out as a GET
                **asked,
            )
        except BROKEN as problem:
            raise self.unreachable(problem) from problem
        except (requests.exceptions.InvalidURL, requests.exceptions.InvalidHeader) as problem:
            raise NotConfigured(f"The URL or the token cannot be sent: {problem}") from problem
        except requests.RequestException as problem:
            raise fault(f"The answer of {self.url} cannot be read: {problem}") from problem
        if answer.status_code < 300:
            return answer
        raise error_of(answer)

    def unreachable(self, problem: requests.RequestException) -> ServerUnavailable:
        """What a broken connection stands for."""
        late = isinstance(problem, requests.Timeout) or "timed out" in str(problem)
        what = "did not answer in time" if late else "cannot be reached"
        error = ServerUnavailable(f"{self.url} {what}: {_reason(problem)}")
        certain = requests.exceptions.SSLError | requests.exceptions.ProxyError
        error.may_pass = not isinstance(problem, certain)
        return error


def checked_url(url: str) -> str:
    """`url` without a trailing slash or /api. Raises NotConfigured if it is no http(s) URL."""
    if not url.startswith(("http://", "https://")):
        raise NotConfigured(f"The server's URL must begin with http:// or https://; found {url!r}")
    return url.rstrip("/").removesuffix("/api")


def checked_token(token: str) -> str:
    """`token` without blanks around it. Raises NotConfigured if no header can carry it."""
    token = token.strip()
    if not (token.isascii() and token.isprintable()):
        raise NotConfigured("The token holds characters that no token has; copy it anew.")
    return token


def _reason(problem: BaseException) -> str:
    """The innermost words: urllib3 wraps `Connection refused` three times."""
    inner: Any = problem
    while getattr(inner, "reason", None) or (inner.args and isinstance(inner.args[0], Exception)):
        inner = getattr(inner, "reason", None) or inner.args[0]
        if isinstance(inner, str):
            return inner
    return str(inner.args[-1]) if getattr(inner, "args", ()) else str(inner)


def _as_text(params: Mapping[str, Any]) -> dict[str, str]:
    return {name: text_of(value) for name, value in params.items() if value is not None}


def text_of(value: Any) -> str:
    """`value` as the server reads it in a query: lists by commas, dates as ISO 8601."""
    if isinstance(value, bool) or type(value).__name__ == "bool":
        return "true" if value else "false"
    if isinstance(value, list | tuple | set | frozenset):
        return ",".join(text_of(item) for item in value)
    if hasattr(value, "isot"):  # an astropy Time
        return str(value.utc.isot)
    if hasattr(value, "isoformat"):
        return _utc(value).isoformat() if isinstance(value, datetime) else str(value.isoformat())
    return str(value)


def _utc(moment: datetime) -> datetime:
    return moment if moment.tzinfo is None else moment.astimezone(UTC).replace(tzinfo=None)
