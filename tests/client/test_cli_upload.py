"""`skyportal-series upload` against a real server: many files, broken ones, broken runs."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from commands import Run, as_options, light_curve
from flaky_proxy import FlakyProxy

from skyportal_series.client import Client


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
