"""The plugin in place of SkyPortal's own handlers, in an application of SkyPortal's shape."""

from __future__ import annotations

import sys
from datetime import datetime
from pathlib import Path

import pytest
import requests
import sqlalchemy
from faults import until
from in_process import served
from server import UPLOAD
from skyportal_schema import create_skyportal_tables
from tornado.web import create_signed_value

from skyportal_series.accounts import create_token

STAND_IN = Path(__file__).parent / "stand_in"
SECRET = "the host's secret"
PATH = "/api/photometric_series"


class Cfg(dict):
    """A configuration whose keys may be walked with dots, as baselayer's."""

    def __getitem__(self, key):
        value = self
        for part in key.split("."):
            value = dict.__getitem__(value, part)
        return value

    def get(self, key, default=None):
        try:
            return self[key]
        except (KeyError, TypeError):
            return default


@pytest.fixture
def engine(empty_database_url):
    """On a database with SkyPortal's tables, and psycopg 3, which SkyPortal's engine speaks."""
    made = sqlalchemy.create_engine(empty_database_url.set(drivername="postgresql+psycopg"))
    create_skyportal_tables(made)
    yield made
    made.dispose()


@pytest.fixture
def token(engine):
    """A token of user 1, and what uploads refer to."""
    with sqlalchemy.orm.Session(engine) as session, session.begin():
        made = create_token(session, "vera", [UPLOAD])
        for statement in SURROUNDINGS.strip().split(";")[:-1]:
            session.execute(sqlalchemy.text(statement))
    return made


#: With every column that SkyPortal's tables insist on.
SURROUNDINGS = """
INSERT INTO telescopes (id, name, nickname, diameter, robotic, created_at, modified)
    VALUES (1, 'T', 'T', 1, false, now(), now());
INSERT INTO instruments (id, name, type, telescope_id, filters, created_at, modified)
    VALUES (1, 'I', 'imager', 1, '{}', now(), now());
INSERT INTO objs (id, internal_key, created_at, modified) VALUES ('star', 'key', now(), now());
"""


@pytest.fixture
def host(engine, token, tmp_path, monkeypatch):
    """The URL of SkyPortal's stand-in, with the plugin in it; and its configuration."""
    monkeypatch.syspath_prepend(STAND_IN)
    from skyportal_series.app_server import make_skyportal_app

    cfg = Cfg(
        {
            "app": {"secret_key": SECRET},
            "database": {"url": engine.url},
            "photometric_series_folder": str(tmp_path / "series"),
            "additional_bandpasses": [{"name": "mine", "wavelength": [1], "transmission": [1]}],
            "skyportal_series": {"limits": {"worker_processes": 1}},
        }
    )
    with served(lambda: make_skyportal_app(cfg, [], {}, process=0, env=None)) as url:
        yield url, cfg
    for name in [name for name in sys.modules if name.split(".")[0] in ("skyportal", "baselayer")]:
        del sys.modules[name]


def cookies(user_id=1, uid="vera@example.org", secret=SECRET):
    values = {"user_id": str(user_id), "user_oauth_uid": uid}
    return {
        name: create_signed_value(secret, name, value).decode() for name, value in values.items()
    }


def upload(url, token):
    content = {
        "data": {"mjd": [1.0, 2.0], "flux": [3.0, 4.0]},
        "obj_id": "star", "instrument_id": 1, "series_name": "s", "series_obj_id": "1",
        "ra": 1, "dec": 2, "exp_time": 3, "filter": "ztfr",
    }  # fmt: skip
    headers = {"Authorization": f"token {token}"}
    return requests.post(url + PATH, json=content, headers=headers, timeout=60)


def test_the_plugin_is_in_place_of_skyportals_handler(host, token):
    url, _ = host
    assert upload(url, token).json()["status"] == "success"


def test_skyportals_other_routes_stay(host):
    url, _ = host
    assert requests.get(url + "/api/sources", timeout=60).text == "SkyPortal's own"


def test_pages_are_told(host, token):
    url, _ = host
    upload(url, token)
    from baselayer.app.flow import PUSHED

    until(lambda: PUSHED)  # the answer does not wait for it
    assert PUSHED == [("*", "skyportal/REFRESH_SOURCE_PHOTOMETRY", {"obj_id": "star"})]


def test_files_lie_in_skyportals_folder(host, token):
    url, cfg = host
    upload(url, token)
    found = requests.get(url + PATH, headers={"Authorization": f"token {token}"}, timeout=60)
    (series,) = found.json()["data"]["series"]
    assert Path(series["filename"]).is_relative_to(cfg["photometric_series_folder"])


@pytest.mark.parametrize(
    ("sent", "code"),
    [
        (cookies(), 200),
        (cookies(user_id=99), 401),
        (cookies(secret="another"), 401),
        ({}, 401),
        ({"user_id": cookies()["user_id"]}, 401),
        (cookies(user_id="1; DROP TABLE users"), 401),
    ],
)
def test_who_is_signed_in_by_cookie_is_known(host, sent, code):
    url, _ = host
    assert requests.get(url + PATH, cookies=sent, timeout=60).status_code == code


@pytest.mark.parametrize(("uid", "code"), [("vera@example.org", 200), ("mallory", 401)])
def test_an_account_elsewhere_must_be_the_cookies(host, engine, uid, code):
    with engine.begin() as connection:
        connection.exec_driver_sql(
            "INSERT INTO usersocialauths (user_id, uid) VALUES (1, 'vera@example.org')"
        )
    url, _ = host
    assert requests.get(url + PATH, cookies=cookies(uid=uid), timeout=60).status_code == code


def test_an_expired_account_is_turned_away(host, engine):
    with engine.begin() as connection:
        connection.execute(
            sqlalchemy.text("UPDATE users SET expiration_date = :day"),
            {"day": datetime(2001, 1, 1)},  # noqa: DTZ001 - the column has no zone
        )
    url, _ = host
    answer = requests.get(url + PATH, cookies=cookies(), timeout=60)
    assert (answer.status_code, answer.json()["message"]) == (403, "User account expired")


@pytest.mark.parametrize(("method", "code"), [("GET", 200), ("POST", 401)])
def test_the_anonymous_user_may_read(host, engine, method, code):
    url, cfg = host
    cfg["app"]["anonymous_access"] = True
    with engine.begin() as connection:
        connection.exec_driver_sql(
            "INSERT INTO users (username, created_at, modified) VALUES ('anonymous', now(), now())"
        )
    assert requests.request(method, url + PATH, json={}, timeout=60).status_code == code


def test_nobody_is_anonymous_unless_allowed(host):
    url, _ = host
    assert requests.get(url + PATH, timeout=60).status_code == 401


@pytest.mark.parametrize(
    ("folder", "expected"), [("data/series", "/checkout/data/series"), ("/abs", "/abs")]
)
def test_a_relative_folder_is_below_the_checkout(folder, expected):
    from skyportal_series.skyportal_host import configuration

    found = configuration(Cfg({"photometric_series_folder": folder}), Path("/checkout"))
    assert found["photometric_series_folder"] == Path(expected)
