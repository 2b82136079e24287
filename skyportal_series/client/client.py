"""The client: one object for one server and one token."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from skyportal_series.client import credentials
from skyportal_series.client.answers import data_of
from skyportal_series.client.download import download
from skyportal_series.client.errors import AlreadyExists, NotFound, UnknownName
from skyportal_series.client.files import format_of
from skyportal_series.client.images import unpack
from skyportal_series.client.search import SearchResults
from skyportal_series.client.series import Series
from skyportal_series.client.tidy import Reading
from skyportal_series.client.transport import Transport
from skyportal_series.client.upload import Upload, is_same, plain, prepare
from skyportal_series.client.vocabulary import check_fields

if TYPE_CHECKING:
    import pandas as pd

ROUTE = "/api/photometric_series"
DATA_FORMATS = ("hdf5", "json", "csv", "arrow", "parquet", "votable", "ecsv", "fits")
PICTURES = {".png": "png", ".svg": "svg"}


class Client:
    """A server of photometric series, as one user sees it.

    Parameters
    ----------
    url, token
        Where the server is, and an API token. By default, what the environment says
        (`SKYPORTAL_SERIES_URL`, `SKYPORTAL_SERIES_TOKEN`), or `skyportal-series login` stored.
    timeout
        Seconds to wait for an answer.
    retries
        How often to try again what may pass: broken connections, time-outs, 429, 502, 503, 504.
    backoff
        Seconds that the first pause between tries lasts at most; it doubles every time.

    Every method raises a `SeriesClientError`; the tree of them stands in `client.errors`. Threads
    may share a client. It is a context manager, which closes its connections.
    """

    def __init__(
        self,
        url: str | None = None,
        token: str | None = None,
        *,
        timeout: float = 60.0,
        retries: int = 4,
        backoff: float = 0.5,
    ) -> None:
        known = credentials.find(url, token)
        self._transport = Transport(
            known.url, known.token, timeout=timeout, retries=retries, backoff=backoff
        )
        self.url = self._transport.url

    def upload(
        self,
        source: Any,
        *,
        columns: dict[str, str] | None = None,
        flux_unit: Any = None,
        time_format: str | None = None,
        **fields: Any,
    ) -> int:
        """Store a new series; its id.

        Parameters
        ----------
        source
            A DataFrame, a dict of columns, an astropy Table or TimeSeries, a lightkurve
            LightCurve, or the path of a file: HDF5, CSV, ECSV, VOTable, FITS, Parquet, Arrow, JSON.
        columns, flux_unit, time_format
            How to understand it, where that is not plain: see `client.tidy.Reading`.
        fields
            `obj_id`, `instrument_id`, `series_name`, `series_obj_id`, …: `vocabulary.FIELDS`.

        Where the connection broke after the server had stored it, the next try finds it there,
        makes sure that it is this one (fields and data), and gives its id. Raises BadSource,
        UnknownName, Refused (with `.problems` by field), AlreadyExists (with `.series_id`), ….
        """
        ready = prepare(source, fields, Reading(columns, flux_unit, time_format))
        return self.send_upload(ready)

    def send_upload(self, ready: Upload) -> int:
        """Send what `client.upload.prepare` made; its id. Raises as `upload` does."""
        try:
            answer = self.call("POST", "", files=ready.form())
        except AlreadyExists as error:
            found = error.series_id
            if error.after_retry and found is not None and self.holds(found, ready):
                return found
            raise
        return int(answer["id"])

    def holds(self, series_id: int, ready: Upload) -> bool:
        """Whether that series has the fields and the data of `ready`."""
        try:
            metadata = self.get(series_id).metadata
            return is_same(ready, metadata, lambda: self.fetch(series_id))
        except NotFound:
            return False

    def update(
        self,
        series_id: int,
        data: Any = None,
        *,
        columns: dict[str, str] | None = None,
        flux_unit: Any = None,
        time_format: str | None = None,
        if_hash: str | None = None,
        **fields: Any,
    ) -> None:
        """Change fields of a series, its data (anything that `upload` takes), or both.

        With `if_hash`, the `hash` that the series had when it was read, only if it still has it.
        Raises NotFound, Changed, and what `upload` raises.
        """
        route = f"/{_number(series_id)}"
        if data is None:
            body: dict[str, Any] = {"json": plain(check_fields(fields))}
        else:
            body = {"files": prepare(data, fields, Reading(columns, flux_unit, time_format)).form()}
        self.call("PATCH", route, headers=_if_match(if_hash), **body)

    def delete(self, series_id: int, *, if_hash: str | None = None) -> None:
        """Delete a series. Raises NotFound if there is none, unless a lost try deleted it."""
        try:
            self.call("DELETE", f"/{_number(series_id)}", headers=_if_match(if_hash))
        except NotFound as error:
            if not error.after_retry:
                raise

    def get(self, series_id: int) -> Series:
        """One series: its metadata now, its data when they are asked for. Raises NotFound."""
        asked = {"dataFormat": "none"}
        return Series(self, self.call("GET", f"/{_number(series_id)}", params=asked))

    def search(self, **filters: Any) -> SearchResults:
        """The series that match all `filters`: `client.vocabulary.FILTERS`, in snake_case or as
        the server spells them (`object_id` or `objectID`). Raises UnknownName.
        """
        return SearchResults(self, filters)

    def fetch(
        self,
        series_id: int,
        *,
        columns: Sequence[str] | None = None,
        mjd_min: float | None = None,
        mjd_max: float | None = None,
        max_points: int | None = None,
    ) -> pd.DataFrame:
        """The data of a series, or those rows and columns of it; at most `max_points` rows."""
        part = _part(columns, mjd_min, mjd_max, max_points)
        return unpack(self.fetch_bytes(series_id, "hdf5", **part))[0]

    def fetch_bytes(self, series_id: int, format: str, **part: Any) -> bytes:  # noqa: A002
        """The data as a file in one of `DATA_FORMATS`; `part` as the server spells it."""
        asked = {"format": format, **part}
        route = f"{ROUTE}/{_number(series_id)}/data"
        return self._transport.send("GET", route, params=asked).content

    def download(
        self,
        series_id: int,
        path: str | Path,
        format: str | None = None,  # noqa: A002
        *,
        columns: Sequence[str] | None = None,
        mjd_min: float | None = None,
        mjd_max: float | None = None,
        max_points: int | None = None,
    ) -> Path:
        """Put the data, or those rows and columns, into a file; its path.

        `format` is one of `DATA_FORMATS`, by default what the suffix of `path` says. The file
        appears under its name only when it is whole. The whole HDF5 file is checked by its MD5,
        and a download of it that was cut off goes on where it stopped.
        """
        target = Path(path).expanduser()
        name = format or format_of(target)
        if name not in DATA_FORMATS:
            raise UnknownName(f"There is no format {name}; known are {', '.join(DATA_FORMATS)}.")
        asked = {"format": name, **_part(columns, mjd_min, mjd_max, max_points)}
        download(self._transport, f"{ROUTE}/{_number(series_id)}/data", asked, target)
        return target

    def plot(self, series_id: int, path: str | Path, **options: Any) -> Path:
        """A picture, drawn by the server, into a file; `options` are those of its /plot route."""
        target = Path(path).expanduser()
        name = PICTURES.get(target.suffix.lower())
        if name is None:
            raise UnknownName(f"{target.name} must end in one of {', '.join(PICTURES)}.")
        asked = {"format": name, **options}
        download(self._transport, f"{ROUTE}/{_number(series_id)}/plot", asked, target)
        return target

    def call(self, method: str, path: str, **asked: Any) -> Any:
        """One request below /api/photometric_series; what stands under `data` in its answer."""
        return data_of(self._transport.send(method, ROUTE + path, **asked))

    def close(self) -> None:
        """Close the connections."""
        self._transport.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"<Client of {self.url}>"


def _part(
    columns: Sequence[str] | None,
    mjd_min: float | None,
    mjd_max: float | None,
    max_points: int | None,
) -> dict[str, Any]:
    names = None if columns is None else ",".join(map(_quoted, columns))
    part = {"columns": names, "mjdMin": mjd_min, "mjdMax": mjd_max, "maxPoints": max_points}
    return {name: value for name, value in part.items() if value is not None}


def _quoted(name: str) -> str:
    """A name that holds a comma stands in quotes, as in CSV."""
    return '"' + name.replace('"', '""') + '"' if set(name) & set(',"') else name


def _if_match(md5: str | None) -> dict[str, str]:
    return {} if md5 is None else {"If-Match": f'"{md5}"'}


def _number(series_id: Any) -> int:
    """An id may come as numpy's or pandas' whole number, or a Series."""
    number = getattr(series_id, "id", series_id)
    if isinstance(number, bool) or int(number) != number:
        raise UnknownName(f"A series is named by a whole number; found {series_id!r}.")
    return int(number)
