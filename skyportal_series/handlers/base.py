"""What all handlers share: who asks, the envelope, and errors as HTTP, in this one place."""

from __future__ import annotations

import logging
import uuid
from asyncio import Future
from typing import Any

import orjson
from tornado.iostream import StreamClosedError
from tornado.web import HTTPError, RequestHandler

from .. import __version__
from ..catalog.rows import Answer
from ..errors import InvalidInput, NotFound, SeriesError, TooLarge, Unavailable
from ..models.access import Actor
from ..schemas.types import MAX_ID
from ..services import Services

log = logging.getLogger(__name__)

#: Seconds after which a client may try again what was Unavailable.
RETRY_AFTER = 5

#: On SkyPortal's routes, whatever is wrong with what was asked is 400.
_SKYPORTAL_CODES = {404: 400, 406: 400, 409: 400}


class BaseHandler(RequestHandler):
    """A handler of one `Services`. `prepare` leaves who asks in `actor`."""

    #: The name of the route in logs and figures.
    route = ""
    #: Whether SkyPortal has this route, and so its codes.
    as_skyportal = False
    #: Whether GET and HEAD leave it to `find` to learn who asks.
    finds = False
    actor: Actor

    def initialize(self, services: Services) -> None:
        self.services = services
        self.request_id = uuid.uuid4().hex
        self.received = 0
        self.set_header("X-Request-Id", self.request_id)
        services.monitoring.begin(self)

    def set_default_headers(self) -> None:
        self.set_header("X-Content-Type-Options", "nosniff")
        self.set_header("Cache-Control", "private, no-cache")

    async def prepare(self) -> None:
        if not (self.finds and self.request.method in ("GET", "HEAD")):
            self.actor = await self.services.actor(self)

    async def find(self, series_id: str, *, for_file: bool = False) -> Answer:
        """The series of this id, as it stands in the path; now `actor` is known.

        `for_file` says that FILE_COLUMNS are enough. Raises NotFound, and what authenticating does.
        """
        number = await self._id(series_id)
        self.actor, answer = await self.services.find(self, number, for_file=for_file)
        return answer

    async def _id(self, series_id: str) -> int:
        try:
            return as_id(series_id)
        except NotFound:
            await self.services.actor(self)  # strangers are told that first
            raise

    def check_xsrf_cookie(self) -> None:
        """A host's guard against forged forms is for cookies; no other site knows a token."""
        if "Authorization" not in self.request.headers:
            super().check_xsrf_cookie()

    def compute_etag(self) -> str | None:
        """None: tags are set by hand, from the hash of a series."""
        return None

    def arguments(self) -> dict[str, list[str]]:
        """The query arguments as text. Raises InvalidInput for what is not UTF-8."""
        found = self.request.query_arguments
        try:
            return {
                # Tornado leaves the names as Latin-1.
                name.encode("latin-1").decode(): [value.decode() for value in values]
                for name, values in found.items()
            }
        except UnicodeError:
            raise InvalidInput("The query arguments are not UTF-8.") from None

    def flush(self, include_footers: bool = False) -> Future[None]:
        """Send what there is."""
        if self.services.stopping:
            self.set_header("Connection", "close")
        return super().flush(include_footers)

    def success(self, data: Any) -> None:
        """Answer with the envelope around `data`. NaN leaves as null."""
        self.finish_json({"status": "success", "data": data, "version": __version__})

    def finish_json(self, content: Any) -> None:
        """Answer with `content` as JSON."""
        self.set_header("Content-Type", "application/json; charset=UTF-8")
        self.finish(orjson.dumps(content, option=orjson.OPT_SERIALIZE_NUMPY))

    def write_error(self, status_code: int, **kwargs: Any) -> None:
        """The envelope of an error; never more of it than the client may know."""
        error = kwargs.get("exc_info", (None, None, None))[1]
        self.set_header("X-Request-Id", self.request_id)
        if isinstance(error, SeriesError):
            self._write_series_error(error)
        elif isinstance(error, HTTPError):
            if status_code == 405:
                self.set_header("Allow", ", ".join(self.allowed_methods()))
            self._write_envelope(error.log_message or self._reason, {})
        else:
            self._write_envelope(f"Internal error; the operators find it as {self.request_id}.", {})

    def _write_series_error(self, error: SeriesError) -> None:
        code = error.status
        self.set_status(_SKYPORTAL_CODES.get(code, code) if self.as_skyportal else code)
        if isinstance(error, Unavailable):
            self.set_header("Retry-After", str(RETRY_AFTER))
        if isinstance(error, TooLarge):
            self.set_header("Connection", "close")
        data: dict[str, Any] = {"errors": error.problems} if error.problems else {}
        series_id = getattr(error, "series_id", None)
        self._write_envelope(error.message, data if series_id is None else data | {"id": series_id})

    @classmethod
    def allowed_methods(cls) -> list[str]:
        """The HTTP methods that this handler has."""
        unimplemented = RequestHandler._unimplemented_method  # noqa: SLF001
        return [
            method
            for method in cls.SUPPORTED_METHODS
            if getattr(cls, method.lower()) is not unimplemented
        ]

    def _write_envelope(self, message: str, data: dict[str, Any]) -> None:
        content = {"status": "error", "message": message, "data": data, "version": __version__}
        self.finish_json(content)

    def log_exception(self, typ: Any, value: Any, tb: Any) -> None:
        """Tell the operators what the client is not told."""
        if isinstance(value, SeriesError | HTTPError | StreamClosedError):
            if value.__cause__ is not None and getattr(value, "status", 0) >= 500:
                log.error("request %s", self.request_id, exc_info=(typ, value, tb))
            return
        log.error("request %s", self.request_id, exc_info=(typ, value, tb))

    def on_finish(self) -> None:
        sizes = (self.received, int(self._headers.get("Content-Length") or 0))
        self.services.monitoring.request(
            self,
            route=self.route,
            method=self.request.method or "",
            path=self.request.path,
            code=self.get_status(),
            seconds=self.request.request_time(),
            request_id=self.request_id,
            sizes=sizes,
        )

    def has(self, tag: str) -> bool:
        """Whether the client has this version already, by If-None-Match."""
        if self.request.headers.get("If-None-Match", "").strip() == "*":
            return True
        return tag in (self.etags("If-None-Match") or ())

    def etags(self, header: str) -> list[str] | None:
        """The tags that If-Match or If-None-Match names; None where it is absent or is *."""
        text = self.request.headers.get(header, "").strip()
        if text in ("", "*"):
            return None
        return [tag.strip().removeprefix("W/").strip('"') for tag in text.split(",")]


class NotFoundHandler(BaseHandler):
    """Everything that no route is for, on an application of our own."""

    route = "none"

    async def prepare(self) -> None:
        self.set_status(404)
        self._write_envelope(f"There is nothing at {self.request.path[:200]}.", {})


def as_id(text: str) -> int:
    """The id in a path. Raises NotFound for one that no series can have."""
    number = int(text) if text.isdecimal() and text.isascii() and len(text) <= 20 else 0
    if not 0 < number <= MAX_ID:
        raise NotFound("Invalid photometric series ID.")
    return number
