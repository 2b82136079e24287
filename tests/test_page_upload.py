"""The page: uploading."""

from __future__ import annotations

import json
from typing import Any

import pandas as pd
import pytest
from browser import expect
from server import Server

from skyportal_series.utils.hdf5_files import dump_dataframe_to_bytestream

pytest_plugins = ["page_fixtures"]


CSV = "mjd,mag,magerr,filter\n59000.1,18.2,0.02,ztfr\n59000.2,18.3,0.02,ztfr\n"


def _choose(tab: Any, name: str, content: str | bytes) -> None:
    tab.click("#upload-open")
    buffer = content.encode() if isinstance(content, str) else content
    tab.set_input_files("#upload-file", {"name": name, "mimeType": "", "buffer": buffer})
    expect(tab.locator("#upload-name")).to_have_text(name)


def _fill(tab: Any, sky: Server, **fields: str) -> None:
    usual = {"obj_id": "star5", "instrument_id": str(sky.instrument_id), "series_obj_id": "1"}
    place = {"ra": "10", "dec": "5", "exp_time": "30"}
    for name, text in (usual | place | fields).items():
        tab.fill(f"#upload-{name}", text)


@pytest.mark.parametrize("kind", ["csv", "json", "h5"])
def test_upload(desk: Any, sky: Server, kind: str) -> None:
    frame = pd.DataFrame({"mjd": [59000.1, 59000.2, 59000.3], "mag": [18.2, 18.3, 18.4]})
    content = {
        "csv": frame.to_csv(index=False),
        "json": json.dumps(frame.to_dict(orient="list")),
        "h5": dump_dataframe_to_bytestream(frame, encode=False),
    }[kind]
    _choose(desk, f"night.{kind}", content)
    _fill(desk, sky, series_name=f"uploaded/{kind}", filter="ztfr")
    desk.click("#upload-send")
    expect(desk.locator("#series-title")).to_have_text("star5")
    expect(desk.locator("#plot-status")).to_have_text("3 points")


def test_upload_previews_columns(desk: Any) -> None:
    _choose(desk, "night.csv", CSV)
    expect(desk.locator("#upload-preview canvas")).to_be_visible()
    expect(desk.locator("#upload-about")).to_have_text("CSV, 2 rows: mjd, mag, magerr, filter")


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        ("time,mag\n1,2\n", "No time column: name it mjd or mjds. Found: time, mag."),
        ("mjd,mag\n1,2\n3\n", "Line 3 has 1 values; the header has 2."),
        ("{}", "No time column"),
        ("{oops", "This is not JSON"),
        (b"\x00\x01\x02", "This is neither HDF5, CSV nor JSON."),
    ],
)
def test_bad_file_is_explained_and_not_sent(desk: Any, content: str | bytes, problem: str) -> None:
    sent: list[str] = []
    desk.on("request", lambda request: sent.append(request.method))
    _choose(desk, "bad.txt", content)
    expect(desk.locator("#upload-problems")).to_contain_text(problem)
    desk.click("#upload-send")
    expect(desk.locator("#upload-error")).to_be_visible()
    assert "POST" not in sent


def test_missing_fields_are_marked_before_sending(desk: Any) -> None:
    _choose(desk, "night.csv", CSV)
    desk.click("#upload-send")
    expect(desk.locator("#upload-obj_id-problem")).to_have_text("Needed.")
    expect(desk.locator("#upload-filter-problem")).to_be_hidden()  # a column has it
    expect(desk.locator("#upload-obj_id")).to_be_focused()


def test_refusal_of_the_server_stands_beside_its_field(desk: Any, sky: Server) -> None:
    _choose(desk, "night.csv", CSV)
    _fill(desk, sky, series_name="refused", obj_id="nobody")
    desk.click("#upload-send")
    expect(desk.locator("#upload-obj_id-problem")).to_contain_text("Invalid obj_id: nobody")


def test_reader_may_not_upload_but_stays_signed_in(tab: Any, sky: Server) -> None:
    tab.goto(sky.url)
    tab.fill("#token", sky.make_token("reader"))
    tab.press("#token", "Enter")
    expect(tab.locator("#list-empty")).to_contain_text("There are no series yet.")
    _choose(tab, "night.csv", CSV)
    _fill(tab, sky, series_name="reader")
    tab.click("#upload-send")
    expect(tab.locator("#upload-error")).to_contain_text("Upload data")
    expect(tab.locator("#sign-in")).to_be_hidden()


def test_dropped_file_is_taken(desk: Any) -> None:
    desk.evaluate(
        """(text) => {
          const dataTransfer = new DataTransfer();
          dataTransfer.items.add(new File([text], "dropped.csv"));
          document.dispatchEvent(new DragEvent("drop", { dataTransfer, cancelable: true }));
        }""",
        CSV,
    )
    expect(desk.locator("#upload-name")).to_have_text("dropped.csv")
