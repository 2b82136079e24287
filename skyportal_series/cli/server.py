"""`serve`, `init`, `token`: the commands of whoever runs the server."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import click
from sqlalchemy import URL
from sqlalchemy.orm import Session

from .. import accounts, running
from .. import config as configuration
from ..config import Config, ConfigError
from ..errors import SeriesError
from ..logs import set_up_logging

_Command = Callable[..., Any]


def config_option(command: _Command) -> _Command:
    """`-C FILE`, as often as wanted, the later the stronger."""
    return click.option(
        "-C",
        "--config",
        "files",
        multiple=True,
        metavar="FILE",
        help="Configuration over config.yaml.defaults; repeat it, the later the stronger.",
    )(command)


@click.command()
@config_option
@click.option("--host", help="Address to listen on (server.host).")
@click.option("--port", type=int, help="Port to listen on, 0 for a free one (ports.app).")
@click.option("--workers", type=int, help="Server processes (server.workers).")
@click.option("--demo", is_flag=True, help="First load the demo, if it is not there.")
def serve(
    files: tuple[str, ...], host: str | None, port: int | None, workers: int | None, demo: bool
) -> None:
    """Serve until SIGTERM.

    \b
    Example:
      skyportal-series serve -C config.yaml --port 5001 --workers 2
    """
    given = {"server.host": host, "ports.app": port, "server.workers": workers}
    with plain_errors():
        config = load_config(
            files, {name: value for name, value in given.items() if value is not None}
        )
        set_up_logging(config)
        sockets = running.listen(config)
        address = f"http://{config.server.host}:{sockets[0].getsockname()[1]}"
        with running.database(config) as url:
            token = _load_demo(url, config) if demo else None
            ended = running.run(config, url, sockets, lambda: _announce(address, token))
    if not ended:
        os._exit(0)


def _announce(address: str, token: str | None) -> None:
    print(f"skyportal_series serves on {address}", flush=True)
    if token is None:
        return
    print(f"Demo token: {token}", flush=True)
    print("Try: ", end="")
    print(
        f'curl -s -H "Authorization: token {token}" "{address}/api/photometric_series/1"',
        flush=True,
    )


def _load_demo(url: str | URL, config: Config) -> str:
    from ..demo import load_demo

    with running.connected(url) as engine:
        return load_demo(engine, config)


@click.command()
@config_option
def init(files: tuple[str, ...]) -> None:
    """Create or migrate the tables."""
    with plain_errors(), running.database(load_config(files)):
        click.echo("The tables are up to date.", err=True)


@click.command()
@click.argument("username")
@config_option
@click.option(
    "--acl",
    "acls",
    multiple=True,
    metavar="NAME",
    help="A right of the token, e.g. 'Upload data' or 'Manage photometry'; without any, it reads.",
)
def token(username: str, files: tuple[str, ...], acls: tuple[str, ...]) -> None:
    """Make a token of USERNAME (and the user, if new); print it alone on standard output."""
    config = load_config(files)
    public = config.misc.public_group_name
    with plain_errors(), running.database(config) as url, running.connected(url) as engine:
        with Session(engine) as session, session.begin():
            made = accounts.create_token(session, username, acls, public)
        print(made)


def load_config(files: tuple[str, ...], overrides: dict[str, Any] | None = None) -> Config:
    """The configuration that `-C` names; what is wrong with it is said in a line."""
    try:
        return configuration.load(files, overrides)
    except ConfigError as error:
        raise click.ClickException(str(error)) from error


@contextmanager
def plain_errors() -> Iterator[None]:
    """What an operator can mend is said in a line, without a traceback."""
    try:
        yield
    except SeriesError as error:
        raise click.ClickException(error.message) from error
    except BrokenPipeError:
        raise  # who reads has enough; click ends without a word
    except OSError as error:
        where = f"{error.filename}: " if error.filename else ""
        raise click.ClickException(f"{where}{error.strerror or error}") from error
    except KeyboardInterrupt:
        sys.exit(130)
