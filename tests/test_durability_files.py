"""Files that are missing or damaged, workers that are killed, clients that go away."""

from __future__ import annotations

import itertools
import threading
from pathlib import Path

import psutil
import pytest
from faults import begin_upload, until
from processes import open_files
from server import Server
from uploading import columns, fields, upload

_numbers = itertools.count(1)


class TestFiles:
    """Files that are gone or not what they were."""

    @pytest.fixture(params=["gone", "cut short", "one byte changed"])
    def damaged(self, request: pytest.FixtureRequest, server: Server) -> tuple[int, Path]:
        series_id = upload(server, origin=f"camera_{next(_numbers)}")
        path = Path(server.get(f"/{series_id}?dataFormat=none").json()["data"]["filename"])
        content = bytearray(path.read_bytes())
        if request.param == "gone":
            path.unlink()
        elif request.param == "cut short":
            path.write_bytes(content[:-100])
        else:
            content[len(content) // 2] ^= 1
            path.write_bytes(content)
        return series_id, path

    def test_metadata_still_answers(self, server: Server, damaged: tuple[int, Path]) -> None:
        series_id, _ = damaged
        assert server.get(f"/{series_id}?dataFormat=none").status_code == 200
        assert server.get("").status_code == 200

    @pytest.mark.parametrize("path", ["?dataFormat=json", "?dataFormat=hdf5", "/data"])
    def test_data_is_an_error_that_names_the_series(
        self, server: Server, damaged: tuple[int, Path], path: str
    ) -> None:
        series_id, file = damaged
        answer = server.get(f"/{series_id}{path}")
        assert answer.status_code == 500
        assert f"series {series_id} is missing or damaged" in answer.json()["message"]
        assert str(file) not in answer.text

    @pytest.mark.parametrize("data_format", ["json", "hdf5"])
    def test_a_list_names_it_and_keeps_none_of_the_others_open(
        self, server: Server, damaged: tuple[int, Path], data_format: str
    ) -> None:
        series_id, _ = damaged
        origin = server.get(f"/{series_id}?dataFormat=none").json()["data"]["origin"]
        for _ in range(3):
            upload(server, origin=origin)
        answer = server.get(f"?origin={origin}&dataFormat={data_format}")
        assert answer.status_code == 500
        assert f"series {series_id} is missing or damaged" in answer.json()["message"]
        names = open_files(server.process.pid).values()
        assert [name for name in names if origin in name] == []

    def test_it_is_logged_once_with_its_path(
        self, server: Server, damaged: tuple[int, Path]
    ) -> None:
        series_id, path = damaged
        server.get(f"/{series_id}")
        log = server.config.with_name("server.log").read_text()
        assert log.count(str(path)) == 1

    def test_an_update_of_fields_does_not_make_damage_look_whole(
        self, server: Server, damaged: tuple[int, Path]
    ) -> None:
        series_id, _ = damaged
        assert server.patch(series_id, json={"exp_time": 1.0}).status_code == 500

    def test_new_data_mend_it(self, server: Server, damaged: tuple[int, Path]) -> None:
        series_id, _ = damaged
        assert server.patch(series_id, json={"data": columns(9)}).status_code == 200
        assert server.get(f"/{series_id}").json()["data"]["data"] == columns(9)

    def test_it_can_be_deleted(self, server: Server, damaged: tuple[int, Path]) -> None:
        series_id, _ = damaged
        assert server.delete(series_id).status_code == 200


class TestWorkers:
    def test_one_that_is_killed_at_rest_is_replaced(self, server: Server) -> None:
        for process in workers_of(server):
            process.kill()
        upload(server)

    def test_one_that_is_killed_at_work_costs_no_upload(self, server: Server) -> None:
        series = fields(server) | {"data": columns(200_000)}
        known = set(workers_of(server))
        answers = []
        thread = threading.Thread(target=lambda: answers.append(server.post(json=series)))
        thread.start()
        until(lambda: any(is_busy(process) for process in known) or not thread.is_alive())
        for process in known:
            process.kill()
        thread.join()
        assert answers[0].status_code == 200
        assert answers[0].json()["data"]["id"]


def workers_of(server: Server) -> list[psutil.Process]:
    """The server's worker processes, once they are ready for work."""
    upload(server)
    return psutil.Process(server.process.pid).children()


def is_busy(process: psutil.Process) -> bool:
    """Whether a worker has something of the spool open."""
    try:
        return any(".spool" in file.path for file in process.open_files())
    except psutil.NoSuchProcess:
        return False


class TestCutOff:
    """Uploads whose client goes away."""

    def test_half_a_body_leaves_nothing(self, server: Server) -> None:
        before = set(server.files())
        connection = begin_upload(server, b'{"data": ')
        until(lambda: set(server.files()) != before)
        connection.close()
        until(lambda: set(server.files()) == before)
