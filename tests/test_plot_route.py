"""`/plot`: pictures over HTTP. What is in them is the business of test_plotting."""

from __future__ import annotations

import struct
import xml.etree.ElementTree as ET

import numpy as np
import pytest
from uploading import upload


@pytest.fixture(scope="module")
def series_id(server) -> int:
    mjd = 60000 + np.arange(500) / 100
    columns = {"mjd": mjd, "flux": 100 + 10 * np.sin(mjd), "fluxerr": np.ones(500)}
    return upload(server, {name: values.tolist() for name, values in columns.items()})


@pytest.fixture
def get(server, series_id):
    def ask(query: str = "", method: str = "GET", **options):
        path = f"/api/photometric_series/{series_id}/plot{query}"
        return server.request(method, path, **options)

    return ask


def size_of_png(content: bytes) -> tuple[int, int]:
    return struct.unpack(">II", content[16:24])


def test_a_png_of_the_size_asked_for(get):
    answer = get("?width=640&height=320")
    assert answer.headers["Content-Type"] == "image/png"
    assert size_of_png(answer.content) == (640, 320)


def test_an_svg_with_a_title_of_object_filter_and_instrument(get):
    answer = get("?format=svg")
    assert answer.headers["Content-Type"] == "image/svg+xml"
    ET.fromstring(answer.content)
    assert "star1 · ztfr · Camera" in answer.text


def test_an_svg_may_run_nothing(get):
    assert "default-src 'none'" in get("?format=svg").headers["Content-Security-Policy"]


@pytest.mark.parametrize(
    "query", ["?y=flux", "?fold=1.5", "?fold=1.5&epoch=60000.2", "?bin=3600", "?theme=dark"]
)
def test_each_argument_makes_another_picture_and_tag(get, query):
    plain, other = get(), get(query)
    assert other.status_code == 200, other.text
    assert plain.content != other.content
    assert plain.headers["ETag"] != other.headers["ETag"]


def test_the_servers_threshold_is_the_default(get):
    assert get("?nsigma=3").headers["ETag"] == get().headers["ETag"]


def test_what_the_client_has_is_not_drawn_again(get):
    tag = get().headers["ETag"]
    answer = get(headers={"If-None-Match": tag})
    assert (answer.status_code, answer.content) == (304, b"")


def test_head(get):
    answer = get(method="HEAD")
    assert (answer.status_code, answer.content) == (200, b"")
    assert int(answer.headers["Content-Length"]) == len(get().content)


def test_the_file_has_a_name(get, series_id):
    expected = f'inline; filename="star1_test_series_ztfr_{series_id}.svg"'
    assert get("?format=svg").headers["Content-Disposition"] == expected


@pytest.mark.parametrize(
    ("query", "field", "message"),
    [
        ("?format=pdf", "format", "one of png, svg"),
        ("?y=magnitude", "y", "one of mag, flux"),
        ("?fold=-1", "fold", "positive"),
        ("?fold=abc", "fold", "a number"),
        ("?epoch=60000", "epoch", "period"),
        ("?width=5", "width", "pixels"),
        ("?width=8000&height=8000", "height", "pixels"),
        ("?colour=red", "colour", "Unknown argument"),
    ],
)
def test_what_is_wrong_is_named(get, query, field, message):
    answer = get(query)
    assert answer.status_code == 400
    assert message in answer.json()["data"]["errors"][field][0]


def test_what_is_not_there_is_404(server):
    assert server.get("/999999/plot").status_code == 404


def test_what_is_not_ones_own_is_404(get, server):
    assert get(token=server.make_token("stranger")).status_code == 404
