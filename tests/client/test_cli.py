"""The command line against a real server: what it prints, stores and answers to scripts."""

from __future__ import annotations

import csv
import io
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner, Result
from flaky_proxy import FlakyProxy
from server import Server

from skyportal_series.cli import CLIENT, main
from skyportal_series.client import Client

Run = Callable[..., Result]


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A user who has no files yet."""
    for name in ("CONFIG", "STATE"):
        monkeypatch.setenv(f"XDG_{name}_HOME", str(tmp_path / name.lower()))
    for name in ("URL", "TOKEN"):
        monkeypatch.delenv(f"SKYPORTAL_SERIES_{name}", raising=False)
    return tmp_path


def bare(*arguments: object, given: str = "") -> Result:
    """The command with nothing in the environment."""
    return CliRunner().invoke(main, [str(a) for a in arguments], input=given)


@pytest.fixture
def run(portal: Server, monkeypatch: pytest.MonkeyPatch) -> Run:
    """The command, as somebody who has set the two variables."""
    monkeypatch.setenv("SKYPORTAL_SERIES_URL", portal.url)
    monkeypatch.setenv("SKYPORTAL_SERIES_TOKEN", portal.token)
    return bare


def as_options(fields: dict[str, Any]) -> list[str]:
    return [t for k, v in fields.items() for t in (f"--{k.replace('_', '-')}", str(v))]


def light_curve(number: int = 0) -> pd.DataFrame:
    mjd = 58000.0 + np.arange(40) / 10
    return pd.DataFrame({"mjd": mjd, "flux": 100.0 + number + np.sin(mjd), "fluxerr": 1.0})


@pytest.fixture
def fifty(home: Path) -> list[Path]:
    """Fifty files, of which star_17 is broken."""
    paths = [home / f"star_{number:02}.csv" for number in range(50)]
    for number, path in enumerate(paths):
        light_curve(number).to_csv(path, index=False)
    paths[17].write_text("mjd,flux\n58000,a\n")
    return paths


@pytest.fixture
def options(fields: Any) -> list[str]:
    """Those of an upload of many files."""
    return as_options(fields(series_obj_id="{stem}"))


# --- upload -----------------------------------------------------------------------------------


def test_upload_sends_a_file_with_its_fields(
    run: Run, client: Client, home: Path, fields: Any
) -> None:
    light_curve().to_csv(home / "a.csv", index=False)
    more = ["--altdata", '{"a": 1}', "--group-ids", "all"]
    done = run("upload", home / "a.csv", "--json", *as_options(fields(ra=12.5)), *more)
    sent = json.loads(done.stdout)
    series = client.get(sent["id"])
    assert (done.exit_code, sent["state"], sent["file"]) == (0, "sent", str(home / "a.csv"))
    assert (series.ra, series.altdata, len(series.group_ids)) == (12.5, {"a": 1}, 2)


def test_one_broken_file_does_not_keep_the_others(
    run: Run, client: Client, fifty: list[Path], options: list[str], fields: Any
) -> None:
    done = run("upload", *fifty, *options)
    refused = [line for line in done.stdout.splitlines() if line.startswith("refused")]
    assert done.exit_code == 1
    assert "49 sent, 1 refused" in done.stderr
    assert len(refused) == 1
    assert "star_17.csv: Column" in refused[0]
    name = options[options.index("--series-name") + 1]
    names = {series.series_obj_id for series in client.search(series_name=name)}
    assert names == {path.stem for path in fifty if path.stem != "star_17"}


def test_a_second_run_sends_only_what_was_refused(
    run: Run, proxy: FlakyProxy, fifty: list[Path], options: list[str]
) -> None:
    run("upload", *fifty, *options, "--url", proxy.url)
    light_curve(17).to_csv(fifty[17], index=False)
    before = proxy.count("POST")
    done = run("upload", *fifty, *options, "--url", proxy.url)
    assert "1 sent, 49 already there" in done.stderr
    assert (done.exit_code, proxy.count("POST") - before) == (0, 1)


def test_a_run_that_lost_the_server_goes_on_where_it_stopped(
    run: Run, proxy: FlakyProxy, fifty: list[Path], options: list[str]
) -> None:
    fifty = fifty[:12]
    proxy.faults = [
        ("POST", lambda: None) if n < 5 else ("POST", "lose") if n == 5 else ("any", "refuse")
        for n in range(7)
    ]
    broken = run("upload", *fifty, *options, "--url", proxy.url, "--retries", 0, "--jobs", 1)
    assert broken.exit_code == 3
    assert "5 sent, 7 not done" in broken.stderr
    proxy.faults = []
    done = run("upload", *fifty, *options, "--url", proxy.url)
    assert done.exit_code == 0
    assert "6 sent, 6 already there" in done.stderr


def test_an_interrupted_run_goes_on_where_it_stopped(
    run: Run, proxy: FlakyProxy, fifty: list[Path], options: list[str]
) -> None:
    files = [path for path in fifty if path.stem != "star_17"][:20]
    command = [sys.executable, "-m", "skyportal_series", "upload", *map(str, files), *options]
    process = subprocess.Popen(
        [*command, "--url", proxy.url, "--jobs", "2"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    interrupt = ("POST", lambda: process.send_signal(2))
    proxy.faults = [("POST", lambda: None)] * 4 + [interrupt]
    said, complained = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "not done" in complained
    sent = said.count("sent ")
    done = run("upload", *files, *options)
    assert (done.exit_code, 5 <= sent < 20) == (0, True)
    assert f"{20 - sent} sent, {sent} already there" in done.stderr


def test_without_its_journal_it_asks_the_server(
    run: Run, home: Path, fifty: list[Path], options: list[str]
) -> None:
    first = run("upload", *fifty[:3], *options)
    second = run("upload", *fifty[:3], *options, "--journal", home / "another.txt")
    assert "3 sent" in first.stderr
    assert "3 already there" in second.stderr


def test_what_was_deleted_meanwhile_is_sent_again(
    run: Run, client: Client, fifty: list[Path], options: list[str]
) -> None:
    sent = json.loads(run("upload", fifty[0], *options, "--json").stdout)
    client.delete(sent["id"])
    assert "1 sent" in run("upload", fifty[0], *options).stderr


def test_other_data_under_the_same_name_are_refused(
    run: Run, fifty: list[Path], options: list[str]
) -> None:
    run("upload", fifty[0], *options)
    light_curve(99).to_csv(fifty[0], index=False)
    done = run("upload", fifty[0], *options)
    assert (done.exit_code, "already exists" in done.stdout) == (1, True)


@pytest.mark.parametrize("kind", ["csv", "json"])
def test_fields_come_from_a_table(
    run: Run, client: Client, home: Path, fields: Any, kind: str
) -> None:
    rows = {"a.csv": {"ra": 1.5, "channel": "x"}, "b.csv": {"ra": 2.5}}
    for number, name in enumerate(rows):
        light_curve(number).to_csv(home / name, index=False)
    table = home / f"fields.{kind}"
    frame = pd.DataFrame.from_dict(rows, orient="index").rename_axis("file")
    table.write_text(json.dumps(rows) if kind == "json" else frame.to_csv())
    usual = {k: v for k, v in fields(series_obj_id="{stem}").items() if k != "ra"}
    files = [home / name for name in rows]
    done = run("upload", *files, "--fields-from", table, *as_options(usual), "--json")
    sent = {
        Path(one["file"]).name: client.get(one["id"])
        for one in map(json.loads, done.stdout.splitlines())
    }
    found = {name: {"ra": s.ra, "channel": s.channel} for name, s in sent.items()}
    assert found == {"a.csv": {"ra": 1.5, "channel": "x"}, "b.csv": {"ra": 2.5, "channel": ""}}


def test_columns_and_units_can_be_named(run: Run, client: Client, home: Path, fields: Any) -> None:
    light_curve().rename(columns={"mjd": "t", "flux": "f"}).to_csv(home / "a.csv", index=False)
    reading = ["--column", "mjd=t", "--column", "flux=f", "--flux-unit", "mJy"]
    done = run("upload", home / "a.csv", *as_options(fields()), *reading, "--json")
    data = client.get(json.loads(done.stdout)["id"]).data
    np.testing.assert_allclose(data["flux"], light_curve()["flux"] * 1000)


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
