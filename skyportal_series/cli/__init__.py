"""The command line. What a command needs is imported when that command runs, not before.

Exit codes: 0 all done · 1 something was refused or is not there · 2 wrong usage · 3 the server
cannot be reached, or failed · 4 the token is not accepted · 130 interrupted.
"""

from __future__ import annotations

import importlib
from typing import Any, NamedTuple

import click


class Lazy(NamedTuple):
    """Where a command stands (`module:attribute`), and its line in the list of commands."""

    place: str
    summary: str


CLIENT = {
    "upload": Lazy("transfer:upload", "Send files as new series."),
    "download": Lazy("transfer:download", "Fetch series into files."),
    "ls": Lazy("look:ls", "List the series that match."),
    "show": Lazy("look:show", "One series, with its light curve."),
    "plot": Lazy("look:plot", "A picture of a series, drawn by the server."),
    "rm": Lazy("transfer:rm", "Delete series."),
    "login": Lazy("login:login", "Store a server's URL and token."),
    "completion": Lazy("login:completion", "Print completion for bash or zsh."),
}
SERVER = {
    "serve": Lazy("server:serve", "Serve."),
    "init": Lazy("server:init", "Create or migrate the tables."),
    "token": Lazy("server:token", "Create a token, and its user if new."),
    "fsck": Lazy("checking:fsck", "Hold rows against files."),
}
COMMANDS = CLIENT | SERVER

EXAMPLES = """
\b
Examples:
  skyportal-series login https://portal.example.org
  skyportal-series upload night/*.h5 --instrument-id 1 --series-obj-id '{stem}'
  skyportal-series ls --object-id TIC --detected --sort-by mean_mag
  skyportal-series download 17 -o tic_114807149.fits
  skyportal-series serve --demo
"""


class LazyGroup(click.Group):
    """A group that knows its commands' names, and loads each when it is asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        entry = COMMANDS.get(cmd_name)
        if entry is None:
            return None
        module, attribute = entry.place.split(":")
        command: Any = getattr(importlib.import_module(f"{__name__}.{module}"), attribute)
        return command if isinstance(command, click.Command) else None

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        for title, commands in (("For astronomers", CLIENT), ("For operators", SERVER)):
            with formatter.section(title):
                formatter.write_dl([(name, entry.summary) for name, entry in commands.items()])


def _print_version(ctx: click.Context, _: click.Parameter, wanted: bool) -> None:
    if wanted and not ctx.resilient_parsing:
        from importlib.metadata import version

        click.echo(version("skyportal_series"))
        ctx.exit()


@click.group(
    cls=LazyGroup, epilog=EXAMPLES, context_settings={"help_option_names": ["-h", "--help"]}
)
@click.option(
    "--version", is_flag=True, is_eager=True, expose_value=False, callback=_print_version,
    help="Print the version and leave.",
)  # fmt: skip
def main() -> None:
    """Photometric series: send them, find them, look at them, fetch them; and serve them.

    The server's URL and a token come from --url and --token, from the environment
    (SKYPORTAL_SERIES_URL, SKYPORTAL_SERIES_TOKEN), or from what `login` stored.

    \b
    Exit codes: 0 all done; 1 something was refused or is not there; 2 wrong usage;
    3 the server cannot be reached, or failed; 4 the token is not accepted; 130 interrupted.
    """


__all__ = ["main"]
