"""The command line against a real server: what it prints, stores and answers to scripts."""

from __future__ import annotations

import csv
import io
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from commands import Run, bare, light_curve
from server import Server

from skyportal_series.cli import CLIENT
from skyportal_series.client import Client

pytestmark = pytest.mark.usefixtures("home")


# --- looking ----------------------------------------------------------------------------------


@pytest.fixture
def series(client: Client, fields: Any) -> Any:
    return client.get(client.upload(light_curve(), **fields(channel="c<1>")))


def test_ls_prints_a_table(run: Run, series: Any) -> None:
    done = run("ls", "--series-name", series.series_name, "--detected", "--min-num-exposures", 5)
    assert done.exit_code == 0
    assert [str(series.id) in done.stdout, "star1" in done.stdout] == [True, True]


def test_ls_prints_json(run: Run, series: Any) -> None:
    done = run("ls", "--series-name", series.series_name, "--json")
    assert [one["id"] for one in json.loads(done.stdout)] == [series.id]


def test_ls_prints_csv(run: Run, series: Any) -> None:
    done = run("ls", "--series-name", series.series_name, "--csv", "--columns", "id,channel")
    assert list(csv.reader(io.StringIO(done.stdout))) == [
        ["id", "channel"],
        [str(series.id), "c<1>"],
    ]


@pytest.mark.parametrize("style", ["--json", "--csv"])
def test_ls_without_matches_is_still_a_document(run: Run, style: str) -> None:
    done = run("ls", "--series-name", "none", style)
    assert (done.exit_code, done.stdout.count("\n")) == (0, 1)


def test_ls_says_how_many_it_left_out(run: Run, client: Client, fields: Any) -> None:
    given = fields()
    for number in range(3):
        client.upload(light_curve(number), **given | {"channel": str(number)})
    done = run("ls", "--series-name", given["series_name"], "-n", 2)
    assert "2 of 3 shown" in done.stderr


def test_show_draws_the_light_curve(run: Run, series: Any) -> None:
    done = run("show", series.id)
    braille = [letter for letter in done.stdout if "\u2801" <= letter <= "\u28ff"]
    assert (done.exit_code, len(braille) > 10) == (0, True)
    assert [series.series_name in done.stdout, "µJy" in done.stdout] == [True, True]


def test_show_as_json_is_all_metadata(run: Run, series: Any) -> None:
    assert json.loads(run("show", series.id, "--json").stdout) == series.metadata


def test_plot_stores_a_picture(run: Run, series: Any, home: Path) -> None:
    done = run("plot", series.id, "-o", home / "lc.svg", "--y", "flux", "--theme", "dark")
    assert (done.exit_code, "<svg" in (home / "lc.svg").read_text()) == (0, True)


def test_a_picture_for_no_folder_names_the_file(run: Run, series: Any, home: Path) -> None:
    target = home / "none" / "a.png"
    done = run("plot", series.id, "-o", target)
    assert (done.exit_code, done.stderr) == (1, f"Error: {target}: No such file or directory\n")


def test_download_stores_several(run: Run, series: Any, home: Path) -> None:
    done = run("download", series.id, 2**31 - 1, "-d", home, "-f", "csv")
    assert done.exit_code == 1
    assert len(pd.read_csv(home / f"series_{series.id}.csv")) == 40
    assert "2147483647" in done.stderr


def test_download_of_a_part(run: Run, series: Any, home: Path) -> None:
    run("download", series.id, "-o", home / "a.ecsv", "--columns", "mjd,flux", "--mjd-max", 58001)
    from astropy.table import Table

    table = Table.read(home / "a.ecsv")
    assert (table.colnames, len(table)) == (["mjd", "flux"], 11)


def test_rm_asks(run: Run, client: Client, series: Any) -> None:
    assert "Delete <Series" in run("rm", series.id, given="n\n").stderr
    assert client.get(series.id).id == series.id


def test_rm_deletes(run: Run, series: Any) -> None:
    assert run("rm", series.id, "--yes").stdout == f"deleted {series.id}\n"
    assert run("rm", series.id, "--yes").exit_code == 1


# --- who and where ----------------------------------------------------------------------------


def test_login_stores_what_the_other_commands_read(portal: Server, home: Path) -> None:
    done = bare("login", portal.url, "--token", "-", given=f"{portal.token}\n")
    stored = home / "config" / "skyportal-series" / "login.json"
    assert (done.exit_code, stored.stat().st_mode & 0o777) == (0, 0o600)
    assert portal.token not in done.output
    assert bare("ls", "--series-name", "none", "--json").stdout == "[]\n"


def test_a_refused_login_stores_nothing(portal: Server, home: Path) -> None:
    assert bare("login", portal.url, "--token", "wrong").exit_code == 4
    assert not (home / "config").exists()


def test_a_login_that_others_can_read_is_not_used(portal: Server, home: Path) -> None:
    bare("login", portal.url, "--token", portal.token)
    stored = home / "config" / "skyportal-series" / "login.json"
    stored.chmod(0o644)
    done = bare("ls")
    assert (done.exit_code, "chmod 600" in done.stderr) == (2, True)


def test_the_stored_token_goes_to_its_own_server_alone(portal: Server) -> None:
    bare("login", portal.url, "--token", portal.token)
    done = bare("ls", "--url", "http://127.0.0.1:1")
    assert (done.exit_code, "No token for http://127.0.0.1:1" in done.stderr) == (2, True)


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["ls", "--url", "http://127.0.0.1:1", "--retries", "0"], 3, "cannot be reached"),
        (["ls", "--token", "wrong"], 4, "token"),
        (["show", "2147483647"], 1, "Invalid photometric series ID"),
        (["ls", "--detectd"], 2, "--detected"),
        (["ls", "--ra", "1"], 1, "cone"),
        (["ls", "--sort-by", "nonsense"], 1, "nonsense"),
        (["upload"], 2, "FILES"),
        (["upload", "a.csv", "--group-ids", "x"], 2, "neither"),
        (["upload", "a.csv", "--altdata", "[]"], 2, "JSON"),
        (["upload", "a.csv", "--column", "flux"], 2, "OURS=THEIRS"),
        (["upload", "a.csv", "--series-obj-id", "{steam}"], 2, "{stem}"),
        (["upload", "missing.csv"], 1, "No such file"),
        (["download", "1", "2", "-o", "a.h5"], 2, "-d"),
        (["download", "1", "-o", "a.docx"], 1, "suffixes"),
        (["plot", "1", "-o", "a.pdf"], 2, "one of .png, .svg."),
        (["ls", "--filter", "tess::red"], 1, "… "),
        (["ls", "--filter", "tess::red"], 1, "Did you mean tess?"),
        (["nonsense"], 2, "nonsense"),
    ],
)
def test_exit_codes(run: Run, arguments: list[str], code: int, words: str) -> None:
    done = run(*arguments)
    assert (done.exit_code, words in done.output) == (code, True), done.output


def test_nothing_is_known_without_login() -> None:
    done = bare("ls")
    assert (done.exit_code, "log in" in done.stderr) == (2, True)


# --- the command itself -----------------------------------------------------------------------


@pytest.mark.parametrize("name", CLIENT)
def test_every_command_explains_itself_with_an_example(name: str) -> None:
    done = bare(name, "--help")
    assert (done.exit_code, f"skyportal-series {name}" in done.output) == (0, True)


@pytest.mark.parametrize("shell", ["bash", "zsh"])
def test_completion_is_a_script(shell: str) -> None:
    done = bare("completion", shell)
    assert (done.exit_code, "_SKYPORTAL_SERIES_COMPLETE" in done.stdout) == (0, True)


@pytest.mark.parametrize(
    ("words", "expected"),
    [("skyportal-series up", "upload"), ("skyportal-series ls --det", "--detected")],
)
def test_completion_completes(words: str, expected: str) -> None:
    asked = {"_SKYPORTAL_SERIES_COMPLETE": "bash_complete", "COMP_WORDS": words}
    asked["COMP_CWORD"] = str(len(words.split()) - 1)
    code = "from skyportal_series.cli import main; main(prog_name='skyportal-series')"
    done = subprocess.run(
        [sys.executable, "-c", code], env=os.environ | asked, capture_output=True, text=True
    )
    assert f"plain,{expected}" in done.stdout.splitlines()


@pytest.mark.parametrize("arguments", [["--help"], ["ls", "--help"], ["upload", "--help"]])
def test_help_loads_nothing_heavy(arguments: list[str]) -> None:
    code = (
        "import sys; from skyportal_series.cli import main\n"
        f"main({arguments!r}, standalone_mode=False)\n"
        "print(*(m for m in sys.modules if '.' not in m), file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    heavy = {"pandas", "numpy", "h5py", "astropy", "sqlalchemy", "tornado", "rich", "uniplot"}
    assert not heavy & set(done.stderr.split())


def test_serve_names_the_port_that_is_taken(portal: Server) -> None:
    port = portal.url.rpartition(":")[2]
    done = bare("serve", "--port", port)
    assert (done.exit_code, f"port {port}: Address already in use" in done.stderr) == (1, True)
