"""`/api/photometric_series/openapi.json`: what can be asked and answered, for programs."""

from __future__ import annotations

from functools import lru_cache

import orjson

from ..enum_types import allowed_bandpasses
from ..schemas.operations import document
from .base import BaseHandler


class OpenApiHandler(BaseHandler):
    """The document; it holds nothing private, and so needs no token."""

    route = "photometric_series/openapi.json"

    async def prepare(self) -> None:
        """Nobody needs to say who they are."""

    def get(self) -> None:
        services = self.services
        self.set_header("Content-Type", "application/json; charset=UTF-8")
        self.finish(_document(services.prefix, services.config.additional_bandpasses))


@lru_cache(maxsize=8)
def _document(prefix: str, additional_bandpasses: tuple[str, ...]) -> bytes:
    return orjson.dumps(document(prefix, allowed_bandpasses(additional_bandpasses)))
