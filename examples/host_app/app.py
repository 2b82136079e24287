"""A small Tornado application with users of its own, which mounts photometric series.

    python examples/host_app/app.py postgresql://user:password@host/database 8000

Its users sign in with a name at /login and get a cookie; `who_asks` tells the plugin who they are.
"""

from __future__ import annotations

import asyncio
import secrets
import sys
from dataclasses import dataclass

import sqlalchemy
import sqlalchemy.orm
import tornado.httpserver
import tornado.netutil
import tornado.web

import skyportal_series
from skyportal_series.migrations import migrate

READER, OBSERVER = (), ("Upload data", "Manage photometry")
RIGHTS = {"vera": OBSERVER, "henrietta": OBSERVER, "guest": READER}


@dataclass(frozen=True)
class Member:
    """What the plugin wants to know of a user: the id in the table `users`, and their rights."""

    id: int
    permissions: tuple[str, ...]


class Login(tornado.web.RequestHandler):
    """POST name=…: real applications ask for more."""

    def post(self) -> None:
        name = self.get_body_argument("name")
        if name not in RIGHTS:
            raise tornado.web.HTTPError(403)
        self.set_signed_cookie("user", name)


class Home(tornado.web.RequestHandler):
    def get(self) -> None:
        name = self.get_signed_cookie("user")
        self.write(f"Hello, {name.decode() if name else 'stranger'}")


def who_asks(handler: tornado.web.RequestHandler) -> Member | None:
    """The one who is signed in. The ids were made by `add_users`, in the order of RIGHTS."""
    name = (handler.get_signed_cookie("user") or b"").decode()
    return Member([*RIGHTS].index(name) + 1, RIGHTS[name]) if name in RIGHTS else None


def add_users(engine: sqlalchemy.Engine) -> None:
    """Give each user a row and a group of their own, which uploads are shared with."""
    from skyportal_series.accounts import create_token

    with sqlalchemy.orm.Session(engine) as session, session.begin():
        if session.scalar(sqlalchemy.text("SELECT count(*) FROM users")) == 0:
            for name, rights in RIGHTS.items():
                create_token(session, name, rights)


async def main(url: str, port: int) -> None:
    engine = sqlalchemy.create_engine(url)
    migrate(engine)
    add_users(engine)
    routes = [("/", Home), ("/login", Login)]
    app = tornado.web.Application(routes, cookie_secret=secrets.token_hex())
    skyportal_series.mount(
        app,
        engine=engine,
        config={"photometric_series_folder": "host_app_series"},
        authenticate=who_asks,
        on_change=lambda action, payload: print(action, payload, flush=True),
        page="/series/",
    )
    sockets = tornado.netutil.bind_sockets(port, "127.0.0.1")
    tornado.httpserver.HTTPServer(app).add_sockets(sockets)
    print(f"http://127.0.0.1:{sockets[0].getsockname()[1]}", flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], int(sys.argv[2])))
