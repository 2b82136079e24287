"""What one mounted application works with. Built once by `mount`; nothing in it is global."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from typing import Any, Protocol, TypeAlias

from sqlalchemy import Engine
from tornado.web import RequestHandler

from .accounts import OF_TOKEN, actor_of, check_token
from .catalog import Catalog
from .catalog.rows import Answer
from .config import Config
from .errors import Unauthenticated
from .models.access import Actor
from .monitoring import Monitoring
from .sql import Sql
from .store import LocalStore
from .workers import Workers

OnChange: TypeAlias = Callable[[str, dict[str, Any]], None]


class ActingUser(Protocol):
    """Who asks, as a host knows them: SkyPortal's users and tokens are like this."""

    @property
    def id(self) -> int:
        """The id in the table `users`."""

    @property
    def permissions(self) -> Iterable[str]:
        """The names of their ACLs."""


Found: TypeAlias = Actor | ActingUser | None
#: Who asks, or None for nobody; at once or later.
Authenticate: TypeAlias = Callable[[RequestHandler], Found | Awaitable[Found]]

MALFORMED = 'Credentials malformed; expected form "Authorization: token abc123"'


@dataclass
class Services:
    """The parts of a running plugin, and its end."""

    config: Config
    sql: Sql
    store: LocalStore
    workers: Workers
    catalog: Catalog
    monitoring: Monitoring
    authenticate: Authenticate | None
    prefix: str
    #: A place for each upload that may be taken in at the same time.
    uploads: asyncio.Semaphore
    #: Whether the server is on its way out: clients are then asked to come back by new connections.
    stopping: bool = False

    @classmethod
    def build(
        cls,
        config: Config,
        engine: Engine,
        prefix: str = "/api",
        authenticate: Authenticate | None = None,
        on_change: OnChange | None = None,
    ) -> Services:
        """All parts, on the database of `engine`. Starts no process and no connection yet."""
        sql = Sql(engine, config.database.pool_size)
        store = LocalStore(config.photometric_series_folder)
        store.prepare()
        workers = Workers(config.limits)
        catalog = Catalog(config, sql, store, workers, on_change or _tell_nobody)
        return cls(
            config=config,
            sql=sql,
            store=store,
            workers=workers,
            catalog=catalog,
            monitoring=Monitoring(workers, engine),
            authenticate=authenticate,
            prefix=prefix,
            uploads=asyncio.Semaphore(config.limits.concurrent_uploads),
        )

    async def actor(self, handler: RequestHandler) -> Actor:
        """Who asks. Raises Unauthenticated or Forbidden."""
        if self.authenticate is None:
            return await actor_by_token(self.sql, read_token(handler))
        found = self.authenticate(handler)
        user = await found if inspect.isawaitable(found) else found
        if user is None:
            raise Unauthenticated(MALFORMED)
        return user if isinstance(user, Actor) else Actor(user.id, frozenset(user.permissions))

    async def find(
        self, handler: RequestHandler, series_id: int, *, for_file: bool = False
    ) -> tuple[Actor, Answer]:
        """Who asks, and the series: in one go to the database where a token says who it is.

        `for_file` says that FILE_COLUMNS are enough. Raises what `actor` does, and NotFound.
        """
        if self.authenticate is not None:
            actor = await self.actor(handler)
            return actor, await self.catalog.get(actor, series_id)
        return await self.catalog.get_by_token(read_token(handler), series_id, for_file=for_file)

    def close(self) -> None:
        """Stop the workers and the threads. The engine is its owner's."""
        self.workers.close()
        self.sql.close()


def _tell_nobody(action: str, payload: dict[str, Any]) -> None:
    """What `on_change` is where none is given."""


async def actor_by_token(sql: Sql, token: str) -> Actor:
    """Whose `token` is. Raises Unauthenticated or Forbidden."""
    check_token(token)
    return actor_of(await sql.ask(OF_TOKEN, token=token))


def read_token(handler: RequestHandler) -> str:
    """The token of `Authorization: token …`. Raises Unauthenticated for any other header."""
    scheme, _, token = handler.request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "token" or not token.strip():
        raise Unauthenticated(MALFORMED)
    return token.strip()
