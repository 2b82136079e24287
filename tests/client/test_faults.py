"""What the client does when the server, or the way to it, fails."""

from __future__ import annotations

import http.server
import threading
from typing import Any

import pytest
from curves import FRAME
from flaky_proxy import FlakyProxy

from skyportal_series.client import AlreadyExists, Client, ServerFault, ServerUnavailable


@pytest.mark.parametrize("faults", [["lose"], ["busy"], ["lose", "lose"], ["busy", "lose", "half"]])
def test_an_upload_survives(
    proxy: FlakyProxy, shaky: Client, fields: Any, faults: list[str]
) -> None:
    given = fields()
    proxy.faults = [("POST", fault) for fault in faults]
    series_id = shaky.upload(FRAME, **given)
    assert [found.id for found in shaky.search(series_name=given["series_name"])] == [series_id]


@pytest.mark.parametrize("change", [{"flux": 5.0}, {"more": 1.0}])
def test_another_series_of_the_same_name_is_not_taken_for_ones_own(
    client: Client, proxy: FlakyProxy, shaky: Client, fields: Any, change: dict[str, float]
) -> None:
    given = fields()
    client.upload(FRAME.assign(**change), **given)
    proxy.faults = [("POST", "lose")]
    with pytest.raises(AlreadyExists):
        shaky.upload(FRAME, **given)


def test_a_lost_delete_is_done(proxy: FlakyProxy, shaky: Client, fields: Any) -> None:
    series_id = shaky.upload(FRAME, **fields())
    proxy.faults = [("DELETE", "lose")]
    shaky.delete(series_id)
    assert proxy.count("DELETE") == 2


def test_a_lost_update_is_done(proxy: FlakyProxy, shaky: Client, fields: Any) -> None:
    series_id = shaky.upload(FRAME, **fields())
    proxy.faults = [("PATCH", "lose")]
    shaky.update(series_id, FRAME.head(5))
    assert len(shaky.get(series_id).data) == 5


@pytest.mark.parametrize("fault", ["lose", "half", "busy"])
def test_reading_survives(proxy: FlakyProxy, shaky: Client, fields: Any, fault: str) -> None:
    series_id = shaky.upload(FRAME, **fields())
    proxy.faults = [("GET", fault)] * 2
    assert shaky.get(series_id).id == series_id


def test_retry_after_is_honoured(proxy: FlakyProxy, token: str) -> None:
    proxy.faults = [("GET", "busy")]
    with Client(proxy.url, token, backoff=-1) as patient:  # a pause of its own would raise
        assert len(patient.search(series_name="none")) == 0


def test_a_server_that_stays_away_is_given_up(proxy: FlakyProxy, shaky: Client) -> None:
    proxy.faults = [("any", "refuse")]
    with pytest.raises(ServerUnavailable):
        shaky.get(1)
    assert proxy.count("GET") == 4


def test_no_server_at_all() -> None:
    with pytest.raises(ServerUnavailable, match="refused"):
        Client("http://127.0.0.1:1", "t", retries=0).get(1)


def test_a_server_of_something_else() -> None:
    with http.server.HTTPServer(("127.0.0.1", 0), http.server.SimpleHTTPRequestHandler) as other:
        thread = threading.Thread(target=other.handle_request)
        thread.start()
        with pytest.raises(ServerFault, match="404"):
            Client(f"http://127.0.0.1:{other.server_port}", "t").get(1)
        thread.join()
