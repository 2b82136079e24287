"""Uploads as forms: the file in binary, as `curl -F` and `requests` send it."""

from __future__ import annotations

import json
import shutil
import subprocess

import pytest
from hdf5_recipes import photometry, write_as_clients_do
from uploading import columns, fields, upload

HDF5 = "application/x-hdf5"
BOUNDARY = "limit"


@pytest.fixture
def image() -> bytes:
    return write_as_clients_do(photometry(200))


def part(name: str, content: bytes, more: str = "", head: str = "") -> bytes:
    """One part of a form, written by hand."""
    disposition = f'Content-Disposition: form-data; name="{name}"{more}\r\n{head}\r\n'
    return f"--{BOUNDARY}\r\n".encode() + disposition.encode() + content + b"\r\n"


def send(server, *parts: bytes, end: bytes = f"--{BOUNDARY}--\r\n".encode()):
    headers = {"Content-Type": f"multipart/form-data; boundary={BOUNDARY}"}
    return server.post(data=b"".join(parts) + end, headers=headers)


def metadata(server, **changes) -> bytes:
    return json.dumps(fields(server, **changes)).encode()


def stored_rows(server, answer) -> int:
    assert answer.status_code == 200, answer.text
    row = server.get(f"/{answer.json()['data']['id']}?dataFormat=none").json()["data"]
    return row["num_exp"]


def test_requests_with_both_as_files(server, image):
    form = {"data": ("night.h5", image, HDF5), "metadata": ("m.json", metadata(server))}
    assert stored_rows(server, server.post(files=form)) == 200


def test_requests_with_the_fields_as_data(server, image):
    answer = server.post(files={"data": image}, data={"metadata": metadata(server)})
    assert stored_rows(server, answer) == 200


@pytest.mark.skipif(shutil.which("curl") is None, reason="needs curl")
def test_curl(server, image, tmp_path):
    path = tmp_path / "it's a night;1.h5"
    path.write_bytes(image)
    command = ["curl", "-sS", "-H", f"Authorization: token {server.token}"]
    command += ["-F", f'data=@"{path}"', "-F", f"metadata={metadata(server).decode()}"]
    done = subprocess.run(
        [*command, f"{server.url}/api/photometric_series"], capture_output=True, check=True
    )
    assert json.loads(done.stdout)["status"] == "success", done.stdout


@pytest.mark.parametrize("order", [("data", "metadata"), ("metadata", "data")])
def test_parts_in_either_order(server, image, order):
    content = {"data": image, "metadata": metadata(server)}
    assert stored_rows(server, send(server, *(part(name, content[name]) for name in order))) == 200


@pytest.mark.parametrize(
    "more",
    ['; filename=""', '; filename="a\\"b.h5"', "; filename*=UTF-8''na%C3%AFve.h5", '; x="y"'],
)
def test_odd_file_names_do_not_matter(server, image, more):
    parts = [part("metadata", metadata(server)), part("data", image, more)]
    assert stored_rows(server, send(server, *parts)) == 200


@pytest.mark.parametrize("kind", ["text/plain", "application/octet-stream", "image/png", "x"])
def test_content_types_of_parts_do_not_matter(server, image, kind):
    head = f"Content-Type: {kind}\r\n"
    parts = [part("data", image, head=head), part("metadata", metadata(server), head=head)]
    assert stored_rows(server, send(server, *parts)) == 200


def test_the_file_alone_where_it_says_everything(server):
    image = write_as_clients_do(photometry(30), fields(server))
    assert stored_rows(server, send(server, part("data", image))) == 30


def test_a_form_and_base64_make_the_same_series(server, image):
    import base64

    number = upload(server, base64.b64encode(image).decode(), obj_id="star3")
    other = send(server, part("data", image), part("metadata", metadata(server, obj_id="star4")))
    numbers = (number, other.json()["data"]["id"])
    rows = [server.get(f"/{n}/data?format=json").json() for n in numbers]
    assert rows[0] == rows[1]


def test_patch_takes_a_form(server, image):
    number = upload(server)
    body = part("data", image) + part("metadata", b'{"exp_time": 7}') + b"--limit--\r\n"
    answer = server.patch(
        number, data=body, headers={"Content-Type": "multipart/form-data; boundary=limit"}
    )
    assert answer.status_code == 200, answer.text
    row = server.get(f"/{number}?dataFormat=none").json()["data"]
    assert (row["num_exp"], row["exp_time"]) == (200, 7)


# What is wrong with forms


def refused(answer, text: str) -> None:
    assert answer.status_code == 400, answer.text
    assert text in answer.json()["message"]


def test_no_data(server):
    refused(send(server, part("metadata", metadata(server))), "Must supply data as a dictionary")


def test_no_metadata_names_the_fields(server, image):
    refused(send(server, part("data", image)), "The following keys are missing")


def test_no_parts(server):
    refused(send(server), "Must supply data as a dictionary")


def test_an_unknown_part(server, image):
    answer = send(server, part("file", image))
    refused(answer, "The form has a part 'file'; it takes `data`")


def test_a_part_twice(server, image):
    refused(send(server, part("data", image), part("data", image)), "the part `data` twice")


def test_data_among_the_fields(server):
    content = json.dumps({"data": columns(), **fields(server)}).encode()
    refused(send(server, part("metadata", content)), "`data` is a part of its own")


@pytest.mark.parametrize("content", [b"{", b"[1]", b"\xff\xfe", b'{"ra": NaN}'])
def test_metadata_that_is_no_json_object(server, image, content):
    answer = send(server, part("data", image), part("metadata", content))
    assert answer.status_code == 400
    assert "JSON" in answer.json()["message"]


def test_metadata_that_is_too_large(server, image):
    content = b'{"altdata": {"x": "' + b"y" * (2 << 20) + b'"}}'
    refused(send(server, part("metadata", content), part("data", image)), "`metadata` is over")


def test_data_that_is_no_hdf5(server):
    answer = send(server, part("data", b"mjd,flux\n1,2\n"), part("metadata", metadata(server)))
    refused(answer, "Could not load DataFrame from HDF5 file.")


def test_an_empty_file(server):
    answer = send(server, part("data", b""), part("metadata", metadata(server)))
    refused(answer, "Could not load DataFrame from HDF5 file.")


def test_a_form_that_is_cut_off(server, image):
    refused(send(server, part("data", image), end=b""), "not valid multipart/form-data")


@pytest.mark.parametrize("kind", ["multipart/form-data", "multipart/form-data; boundary="])
def test_no_boundary(server, image, kind):
    answer = server.post(data=part("data", image), headers={"Content-Type": kind})
    refused(answer, "names no boundary")


def test_nothing_is_left_in_the_spool(server, image):
    send(server, part("data", image), part("file", b""))
    server.get("")  # once this is answered, what came before is cleared away
    assert [path for path in server.files() if ".spool" in path.parts] == []
