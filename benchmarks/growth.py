"""How the time of a request grows with the number of series in the database."""

from __future__ import annotations

from collections.abc import Iterator

import orjson

from .figures import Figure, medians
from .filling import CENTRE, RADIUS, fill
from .setting import Setting, photometry

GROUP = "Growth"
SIZES = (10_000, 100_000, 1_000_000)


def run(setting: Setting, quick: bool) -> Iterator[Figure]:
    """The same requests at each size; then how much longer they take at the last than at first."""
    body = setting.fields() | {"data": photometry(100).to_dict("list")}
    number = setting.client.post_json(orjson.dumps(body))
    first: dict[str, float] = {}
    sizes = SIZES[:2] if quick else SIZES
    for size in sizes:
        fill(setting, size)
        for name, seconds in _measure(setting, number, 15 if quick else 40).items():
            first.setdefault(name, seconds)
            if size < sizes[-1] or name.startswith("count"):
                yield Figure(GROUP, f"{name}, {size:,} series", seconds * 1000, "ms")
            else:
                yield _last(f"{name}, {size:,} series", seconds, first[name])


def _last(name: str, seconds: float, first: float) -> Figure:
    met = seconds < 2 * first
    target = f"< 2 × as with {SIZES[0]:,}"
    return Figure(GROUP, name, seconds * 1000, "ms", first * 1000, target, met)


def _measure(setting: Setting, number: int, rounds: int) -> dict[str, float]:
    """Request → median seconds."""
    get = setting.client.get
    page = "/scan?numPerPage=100"
    paths = {
        "GET none, one": f"/{number}?dataFormat=none",
        "cone search": f"?ra={CENTRE[0]}&dec={CENTRE[1]}&radius={RADIUS}",
        "first page by cursor": page,
        "filtered page by cursor": f"{page}&magBrighterThan=16&minNumExposures=900",
        "deep page by cursor": f"{page}&after={_deep(setting)}",
        "count: page 1 with totalMatches": "?numPerPage=100",
        "count: filtered, with totalMatches": "?objectID=field77&minNumExposures=900",
    }
    works = [lambda path=path: get(path) for path in paths.values()]
    return dict(zip(paths, medians(rounds, *works), strict=True))


def _deep(setting: Setting) -> str:
    """A cursor half-way down."""
    asked = "?objectID=field500&numPerPage=1"
    row = orjson.loads(setting.client.get(asked))["data"]["series"][0]
    from skyportal_series.schemas.cursor import write_cursor
    from skyportal_series.schemas.filters import Query

    return write_cursor(Query(), row)
