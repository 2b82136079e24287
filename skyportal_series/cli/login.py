"""login and completion."""

from __future__ import annotations

import sys

import click

from skyportal_series.cli import options as opt


@click.command()
@click.argument("url")
@click.option("--token", help="The API token; asked for, unseen, if not given.")
def login(url: str, token: str | None) -> None:
    """Store the server's URL and a token, for the other commands and for Client().

    They go into a file that only you can read, below ~/.config (or $XDG_CONFIG_HOME), after the
    server has accepted them.

    \b
    Examples:
      skyportal-series login https://portal.example.org
      pass portal | skyportal-series login https://portal.example.org --token -
    """
    from skyportal_series.client import Client
    from skyportal_series.client.credentials import Credentials, write_login

    token = _asked_token(token)
    with opt.speaking(), Client(url, token) as client:
        readable = len(client.search())
        path = write_login(Credentials(client.url, token))
    click.echo(f"Logged in to {client.url}, where you can read {readable} series. ({path})")


@click.command()
@click.argument("shell", type=click.Choice(["bash", "zsh"]))
def completion(shell: str) -> None:
    """Print what makes SHELL complete commands and options.

    \b
    Examples:
      echo 'eval "$(skyportal-series completion bash)"' >> ~/.bashrc
      echo 'eval "$(skyportal-series completion zsh)"' >> ~/.zshrc
    """
    from click.shell_completion import get_completion_class

    from skyportal_series.cli import main

    made = get_completion_class(shell)
    if made is None:
        raise click.UsageError(f"There is no completion for {shell}.")
    click.echo(made(main, {}, "skyportal-series", "_SKYPORTAL_SERIES_COMPLETE").source())


def _asked_token(token: str | None) -> str:
    if token == "-":  # noqa: S105
        return sys.stdin.readline().strip()
    return token or str(click.prompt("Token", hide_input=True))
