"""Who may do what, over HTTP: everyone on every route that has to do with one series."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest
import requests
from server import ADMIN, MANAGE, UPLOAD, Server, add_group, add_stream
from sqlalchemy import select, update

from skyportal_series.models import GroupUser, User, utcnow

BASE = "/api/photometric_series"


@dataclass
class World:
    """A series, who is what to it, and what must not become known of it."""

    server: Server
    tokens: dict[str, str | None]
    group_id: int
    stream_id: int
    made: list[int] = field(default_factory=list)

    def upload(self, **fields: Any) -> requests.Response:
        number = len(self.made)
        given = {
            "obj_id": "star1",
            "instrument_id": self.server.instrument_id,
            "series_name": f"secret/{number}",
            "series_obj_id": number,
            "ra": 10,
            "dec": 5,
            "exp_time": 30,
            "filter": "ztfr",
            "data": {"mjd": [1.0, 2.0], "flux": [10.0, 20.0]},
        }
        return self.ask("owner", "POST", "", json=given | fields)

    def series(self) -> int:
        """A new series of the owner, shared with the group and the stream."""
        answer = self.upload(group_ids=[self.group_id], stream_ids=[self.stream_id])
        self.made.append(answer.json()["data"]["id"])
        return self.made[-1]

    def ask(self, who: str, method: str, path: str, **options: Any) -> requests.Response:
        """A request of `who`, with the headers that they send."""
        headers = dict(options.pop("headers", {}))
        if (token := self.tokens[who]) is not None:
            headers["Authorization"] = token
        return requests.request(
            method, f"{self.server.url}{BASE}{path}", headers=headers, timeout=60, **options
        )


PEOPLE: dict[str, tuple[str, ...]] = {
    "owner": (UPLOAD,),
    "member": (UPLOAD,),
    "stream user": (UPLOAD,),
    "manager in the group": (UPLOAD, MANAGE),
    "manager on the stream": (UPLOAD, MANAGE),
    "manager elsewhere": (UPLOAD, MANAGE),
    "admin": (ADMIN,),
    "outsider": (UPLOAD,),
    "expired": (UPLOAD, MANAGE),
    "owner without ACL": (),
    "member without ACL": (),
    "manager without upload": (MANAGE,),
}


@pytest.fixture(scope="module")
def world(server: Server) -> World:
    users = {who: who.removesuffix(" without ACL") for who in PEOPLE}
    tokens = {who: server.make_token(users[who], *acls) for who, acls in PEOPLE.items()}
    inside = ("owner", "member", "manager in the group", "manager without upload", "expired")
    group_id = add_group(server, "insiders", *inside, private=True)
    on_stream = ("owner", "stream user", "manager on the stream")
    stream_id = add_stream(server, "stream", *on_stream)
    add_group(server, "others", "outsider", "manager elsewhere")
    with server.database() as session:
        gone = update(User).where(User.username == "expired")
        session.execute(gone.values(expiration_date=utcnow() - timedelta(minutes=1)))
    headers: dict[str, str | None] = {who: f"token {token}" for who, token in tokens.items()}
    headers |= {
        "nobody": None,
        "unknown token": "token 5e1f6a3c-0000-0000-0000-000000000000",
        "empty token": "token ",
        "bearer": f"Bearer {tokens['owner']}",
        "bare token": tokens["owner"],
    }
    return World(server, headers, group_id, stream_id)


READS = {
    **dict.fromkeys(("owner", "member", "stream user", "admin"), True),
    **dict.fromkeys(("manager in the group", "manager on the stream"), True),
    **dict.fromkeys(("owner without ACL", "member without ACL", "manager without upload"), True),
    **dict.fromkeys(("outsider", "manager elsewhere"), False),
}
CHANGES = {"owner", "admin", "manager in the group", "manager on the stream"}
MAY_NOT_UPLOAD = {"owner without ACL", "member without ACL", "manager without upload"}
MALFORMED = {"nobody", "empty token", "bearer", "bare token"}
STRANGERS = {"expired": 403, "unknown token": 401, **dict.fromkeys(sorted(MALFORMED), 401)}
EVERYONE = [*READS, *STRANGERS]


@dataclass(frozen=True)
class Route:
    """A way to read one series: where, and the code where it is hidden."""

    path: str
    hidden: int = 400


#: A route that reads one series belongs here.
READERS = [
    Route("/{id}"),
    Route("/{id}?dataFormat=json"),
    Route("/{id}?dataFormat=hdf5"),
    Route("/{id}?dataFormat=none"),
    Route("/{id}/data", 404),
    Route("/{id}/data?format=csv", 404),
    Route("/{id}/plot", 404),
]
#: And one that reads many, here: the path, and where its series are.
LISTS = ["", "?dataFormat=json", "?dataFormat=hdf5", "/scan"]


@pytest.fixture(scope="module")
def shared(world: World) -> int:
    """A series that is only read."""
    return world.series()


@pytest.fixture(scope="module")
def unknown(world: World, shared: int) -> int:
    """An id that no series has."""
    return shared + 1000


def refused(answer: requests.Response, who: str) -> bool:
    """Whether `who` was kept out before anything was looked at."""
    content = answer.json()
    assert answer.status_code == STRANGERS[who]
    assert (content["status"], content["data"]) == ("error", {})
    if who in MALFORMED:
        assert content["message"] == (
            'Credentials malformed; expected form "Authorization: token abc123"'
        )
    if who == "expired":
        assert content["message"] == "User account expired"
    return True


@pytest.mark.parametrize("route", READERS, ids=lambda route: route.path)
@pytest.mark.parametrize("who", EVERYONE)
def test_read_one(world: World, shared: int, unknown: int, who: str, route: Route) -> None:
    answer = world.ask(who, "GET", route.path.format(id=shared))
    if who in STRANGERS:
        assert refused(answer, who)
    elif READS[who]:
        assert answer.status_code == 200
    else:
        absent = world.ask(who, "GET", route.path.format(id=unknown))
        assert answer.status_code == absent.status_code == route.hidden
        assert answer.json() == absent.json()
        assert answer.json()["message"] == "Invalid photometric series ID."


@pytest.mark.parametrize("path", LISTS)
@pytest.mark.parametrize("who", EVERYONE)
def test_read_many(world: World, shared: int, who: str, path: str) -> None:
    answer = world.ask(who, "GET", path, params={"seriesName": "secret/0"})
    if who in STRANGERS:
        assert refused(answer, who)
        return
    assert answer.status_code == 200
    data = answer.json()["data"]
    assert [series["id"] for series in data["series"]] == [shared] * READS[who]
    assert data.get("totalMatches", READS[who]) == READS[who]
    assert data.get("next") is None


def change(world: World, who: str, series_id: int) -> requests.Response:
    return world.ask(who, "PATCH", f"/{series_id}", json={"altdata": {"by": who}})


def remove(world: World, who: str, series_id: int) -> requests.Response:
    return world.ask(who, "DELETE", f"/{series_id}")


VERBS: list[tuple[Callable[[World, str, int], requests.Response], str]] = [
    (change, "Invalid photometric series ID."),
    (remove, "Cannot find photometry point with ID: {id}."),
]


@pytest.mark.parametrize(("verb", "message"), VERBS, ids=["PATCH", "DELETE"])
@pytest.mark.parametrize("who", EVERYONE)
def test_change_and_delete(
    world: World,
    shared: int,
    unknown: int,
    who: str,
    verb: Callable[[World, str, int], requests.Response],
    message: str,
) -> None:
    series_id = world.series() if who in CHANGES else shared
    answer = verb(world, who, series_id)
    if who in STRANGERS:
        assert refused(answer, who)
    elif who in CHANGES:
        assert (answer.status_code, answer.json()["status"]) == (200, "success")
    elif who in MAY_NOT_UPLOAD:
        assert answer.status_code == 401
        assert "Upload data" in answer.json()["message"]
    else:
        # Also who may read it is told what one is told who may not.
        absent = verb(world, who, unknown)
        assert answer.status_code == absent.status_code == 400
        assert answer.json()["message"] == message.format(id=series_id)
        assert absent.json()["message"] == message.format(id=unknown)
    if who not in CHANGES:
        kept = world.ask("owner", "GET", f"/{shared}?dataFormat=none").json()["data"]
        assert kept["altdata"] == {}


@pytest.mark.parametrize("who", EVERYONE)
def test_upload(world: World, who: str) -> None:
    answer = world.ask(who, "POST", "", json={"data": {}})
    if who in STRANGERS:
        assert refused(answer, who)
    else:
        assert answer.status_code == (401 if who in MAY_NOT_UPLOAD else 400)


@pytest.mark.parametrize("who", ["owner", "member", "admin", "outsider", "manager elsewhere"])
def test_duplicate_names_the_file_only_to_who_may_read_it(
    world: World, shared: int, who: str
) -> None:
    series = world.ask("owner", "GET", f"/{shared}?dataFormat=none").json()["data"]
    same = {name: series[name] for name in ("obj_id", "series_name", "series_obj_id", "filter")}
    same |= {"instrument_id": series["instrument_id"], "ra": 1, "dec": 1, "exp_time": 1}
    body = same | {"data": {"mjd": [5.0], "mag": [15.0]}}
    answer = world.ask(who, "POST", "", json=body)
    assert answer.status_code == 400
    content = answer.json()
    assert "already exists" in content["message"]
    assert (series["filename"] in answer.text) is READS[who]
    assert content["data"] == ({"id": shared} if READS[who] else {})
    assert series["hash"][:12] not in answer.text or READS[who]


def test_owner_loses_nothing_by_leaving_the_group(world: World) -> None:
    series_id = world.series()
    with world.server.database() as session:
        owner = session.scalars(select(User).where(User.username == "owner")).one()
        session.query(GroupUser).filter_by(user_id=owner.id, group_id=world.group_id).delete()
    assert world.ask("owner", "GET", f"/{series_id}").status_code == 200
    assert remove(world, "owner", series_id).status_code == 200
