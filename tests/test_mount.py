"""The plugin in somebody else's Tornado application."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
import requests
import sqlalchemy
from faults import until
from in_process import served
from server import ADMIN, UPLOAD
from sqlalchemy.orm import scoped_session, sessionmaker
from tornado.web import Application, RequestHandler

import skyportal_series
from skyportal_series.accounts import create_token
from skyportal_series.database import create_engine_for
from skyportal_series.models import Instrument, Obj, Telescope

EXAMPLE = Path(__file__).parent.parent / "examples" / "host_app" / "app.py"
PATH = "/api/photometric_series"
DATA = {"mjd": [1.0, 2.0], "flux": [10.0, 11.0]}
FIELDS = {
    "series_name": "a", "series_obj_id": "b", "obj_id": "star", "instrument_id": 1,
    "ra": 1, "dec": 2, "exp_time": 3, "filter": "ztfr",
}  # fmt: skip


class Hello(RequestHandler):
    def get(self, *_):
        self.write("the host's own")


def furnish(engine, *acls):
    """A user with a token, and what FIELDS refer to; the token."""
    with sqlalchemy.orm.Session(engine) as session, session.begin():
        telescope = Telescope(
            name="T", nickname="T", diameter=1.0, robotic=False, fixed_location=True
        )
        session.add_all((telescope, Obj(id="star")))
        session.flush()
        session.add(Instrument(id=1, name="I", telescope_id=telescope.id))
        return create_token(session, "vera", acls)


@pytest.fixture
def config(tmp_path):
    return {"photometric_series_folder": str(tmp_path / "series"), "limits.worker_processes": 1}


@pytest.fixture
def token(engine):
    return furnish(engine, UPLOAD)


def ask(url, token, path=PATH, method="GET", **options):
    headers = {"Authorization": f"token {token}"} | options.pop("headers", {})
    return requests.request(method, url + path, headers=headers, timeout=60, **options)


def mounted(engine, config, **options):
    def make():
        app = Application([("/", Hello), (r"/api/.*", Hello)])
        skyportal_series.mount(app, engine=engine, config=config, **options)
        return app

    return served(make)


def test_it_answers_beside_the_hosts_own_routes(engine, config, token):
    with mounted(engine, config) as url:
        assert ask(url, token).json()["data"]["totalMatches"] == 0
        assert requests.get(url + "/", timeout=60).text == "the host's own"


def test_a_series_goes_in_and_comes_out(engine, config, token):
    with mounted(engine, config) as url:
        made = ask(url, token, method="POST", json={"data": DATA, **FIELDS}).json()
        answer = ask(url, token, f"{PATH}/{made['data']['id']}").json()
    assert answer["data"]["data"] == DATA


def test_the_prefix_is_the_hosts_choice(engine, config, token):
    with mounted(engine, config, prefix="/sky/v2") as url:
        assert ask(url, token, "/sky/v2/photometric_series").status_code == 200


@pytest.mark.parametrize(
    ("paths", "name"),
    [
        ({"prefix": "api"}, "prefix"),
        ({"prefix": "/api/"}, "prefix"),
        ({"prefix": "/"}, "prefix"),
        ({"page": "/series"}, "page"),
        ({"page": "series/"}, "page"),
    ],
)
def test_a_path_without_its_slashes_is_refused(engine, config, paths, name):
    with pytest.raises(ValueError, match=f"{name} is like /"):
        skyportal_series.mount(Application(), engine, config, **paths)


@pytest.mark.parametrize("kind", [sessionmaker, lambda bind: scoped_session(sessionmaker(bind))])
def test_a_session_factory_will_do(engine, config, token, kind):
    with mounted(kind(bind=engine), config) as url:
        assert ask(url, token).status_code == 200


def test_an_unbound_session_factory_will_not(config):
    with pytest.raises(TypeError, match="bound"):
        skyportal_series.mount(Application(), engine=sessionmaker(), config=config)


@pytest.mark.parametrize(
    "pattern",
    [
        r"/api/photometric_series(/[0-9]+)?",
        r"/api/photometric_series",
        r"/api/photometric_series/([0-9]+)",
    ],
)
def test_a_route_that_the_host_has_is_not_taken_unasked(engine, config, pattern):
    app = Application([(pattern, Hello)])
    with pytest.raises(ValueError, match=re.escape(pattern)):
        skyportal_series.mount(app, engine=engine, config=config)


def test_a_route_that_the_host_has_is_replaced_where_asked(engine, config, token):
    def make():
        app = Application([(r"/api/photometric_series(/[0-9]+)?", Hello)])
        skyportal_series.mount(app, engine=engine, config=config, replace=True)
        return app

    with served(make) as url:
        assert ask(url, token).json()["status"] == "success"


@pytest.mark.parametrize(
    ("pattern", "replace"), [(r"/api/photometric_series", True), (r"/api/.*", False)]
)
def test_routes_that_were_added_later_do_not_hide_ours(engine, config, token, pattern, replace):
    def make():
        app = Application()
        app.add_handlers(".*", [(pattern, Hello)])
        skyportal_series.mount(app, engine=engine, config=config, replace=replace)
        return app

    with served(make) as url:
        assert ask(url, token).json()["status"] == "success"


@pytest.mark.parametrize("as_coroutine", [False, True])
def test_the_host_says_who_asks(engine, config, as_coroutine):
    furnish(engine, UPLOAD)

    def who(handler):
        name = handler.request.headers.get("X-User")
        return SimpleNamespace(id=1, permissions=[ADMIN]) if name == "vera" else None

    async def who_later(handler):
        return who(handler)

    with mounted(engine, config, authenticate=who_later if as_coroutine else who) as url:
        known = requests.get(url + PATH, headers={"X-User": "vera"}, timeout=60)
        unknown = requests.get(url + PATH, timeout=60)
    assert (known.status_code, unknown.status_code) == (200, 401)


def test_the_host_is_told_of_changes(engine, config, token):
    told = []
    options = {"on_change": lambda action, payload: told.append((action, payload))}
    with mounted(engine, config, **options) as url:
        made = ask(url, token, method="POST", json={"data": DATA, **FIELDS}).json()
        ask(url, token, f"{PATH}/{made['data']['id']}", method="DELETE")
        until(lambda: len(told) >= 2)  # the answers do not wait for it
    assert told == [("skyportal/REFRESH_SOURCE_PHOTOMETRY", {"obj_id": "star"})] * 2


def test_a_host_that_fails_to_listen_fails_no_upload(engine, config, token):
    def fail(action, payload):
        raise RuntimeError("the host's own trouble")

    with mounted(engine, config, on_change=fail) as url:
        assert ask(url, token, method="POST", json={"data": DATA, **FIELDS}).status_code == 200


def test_a_guard_of_cookies_does_not_stop_tokens(engine, config, token):
    def make():
        app = Application([], xsrf_cookies=True, cookie_secret="x")
        skyportal_series.mount(app, engine=engine, config=config)
        return app

    with served(make) as url:
        made = ask(url, token, method="POST", json={"data": DATA, **FIELDS})
    assert made.status_code == 200


@pytest.mark.parametrize("path", ["/1?dataFormat=json", "/1/data", "/1/data?format=csv", "/1"])
def test_a_host_that_compresses_sends_the_same(engine, config, token, path):
    def make():
        app = Application(compress_response=True)
        skyportal_series.mount(app, engine, config)
        return app

    def content(url, encoding):
        headers = {"Accept-Encoding": encoding}
        return ask(url, token, PATH + path, headers=headers).content

    columns = {"mjd": list(range(2000)), "flux": list(range(2000))}
    with served(make) as url:
        assert ask(url, token, method="POST", json={"data": columns, **FIELDS}).ok
        assert content(url, "gzip") == content(url, "identity")


def test_applications_share_nothing(engine, config, token, tmp_path):
    other = config | {"photometric_series_folder": str(tmp_path / "other")}
    with mounted(engine, config) as first, mounted(engine, other) as second:
        made = ask(first, token, method="POST", json={"data": DATA, **FIELDS}).json()
        answer = ask(second, token, f"{PATH}/{made['data']['id']}")
    assert answer.status_code == 500
    assert "missing or damaged" in answer.json()["message"]


def test_the_workers_end_with_the_application(engine, config, token):
    services = []

    def make():
        app = Application()
        services.append(skyportal_series.mount(app, engine=engine, config=config))
        return app

    with served(make) as url:
        ask(url, token, method="POST", json={"data": DATA, **FIELDS})
        processes = [worker._process for worker in services[0].workers._all]
    services[0].close()
    assert processes
    assert all(process.poll() is not None for process in processes)


@pytest.mark.parametrize(
    "module", ["pandas", "tables", "h5py", "matplotlib", "astropy", "sqlalchemy"]
)
def test_importing_the_package_is_light(module):
    code = f"import sys, skyportal_series; sys.exit({module!r} in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0


@pytest.mark.parametrize("module", ["pandas", "tables", "h5py", "matplotlib", "astropy", "pyarrow"])
def test_mounting_loads_nothing_that_only_workers_need(module):
    code = (
        f"import sys, skyportal_series; skyportal_series.mount; sys.exit({module!r} in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0


def test_the_public_names():
    assert sorted(skyportal_series.__all__) == ["Client", "__version__", "mount"]


def test_a_name_that_is_not_there():
    with pytest.raises(AttributeError, match="moutn"):
        skyportal_series.moutn  # noqa: B018


def test_the_example_host(empty_database_url, tmp_path):
    url = empty_database_url.render_as_string(hide_password=False)
    host = subprocess.Popen(
        [sys.executable, str(EXAMPLE), url, "0"], stdout=subprocess.PIPE, text=True, cwd=tmp_path
    )
    try:
        address = re.search(r"http://\S+", host.stdout.readline())[0]
        engine = create_engine_for(empty_database_url, pool_size=1)
        furnish(engine, UPLOAD)
        engine.dispose()
        session = requests.Session()
        assert session.get(address + PATH, timeout=60).status_code == 401
        session.post(address + "/login", data={"name": "vera"}, timeout=60)
        made = session.post(address + PATH, json={"data": DATA, **FIELDS}, timeout=60)
        assert made.json()["status"] == "success"
        assert "star" in host.stdout.readline()
        assert "<html" in session.get(address + "/series/", timeout=60).text
    finally:
        host.kill()
        host.wait()
        host.stdout.close()
