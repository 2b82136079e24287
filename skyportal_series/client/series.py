"""A series as the client sees it: its metadata at once, its data when asked for."""

from __future__ import annotations

import html
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from skyportal_series.client.errors import Refused, UnknownName

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

    from skyportal_series.client.client import Client
    from skyportal_series.series import LightCurve

#: What a person wants to see first.
SHOWN = (
    "obj_id",
    "series_name",
    "series_obj_id",
    "filter",
    "instrument_id",
    "ra",
    "dec",
    "num_exp",
    "exp_time",
    "mjd_first",
    "mjd_last",
    "mean_mag",
    "rms_mag",
    "median_snr",
    "is_detected",
)


class Series:
    """One photometric series on the server.

    `metadata` is all that the server says about it but the data (a dict); each entry is also an
    attribute, so `series.obj_id` is `series.metadata["obj_id"]`.
    """

    def __init__(self, client: Client, metadata: Mapping[str, Any]) -> None:
        self._client = client
        self.metadata = {name: value for name, value in metadata.items() if name != "data"}
        self.id: int = metadata["id"]

    @cached_property
    def data(self) -> pd.DataFrame:
        """The light curve, n rows, columns as uploaded. Fetched once, when first asked for."""
        return self._client.fetch(self.id)

    def part(self, **part: Any) -> pd.DataFrame:
        """Some of the data: see Client.fetch for `columns`, `mjd_min`, `mjd_max`, `max_points`."""
        return self._client.fetch(self.id, **part)

    @property
    def light_curve(self) -> LightCurve:
        """The data as mjd (days), flux (µJy), mag (AB) and their errors, whatever was uploaded."""
        from skyportal_series.series import LightCurve

        return LightCurve.from_columns({str(n): self.data[n].to_numpy() for n in self.data})

    def to_table(self) -> Any:
        """The data as an astropy Table with units, and the metadata in its `meta`."""
        from astropy.table import Table

        lines = self._client.fetch_bytes(self.id, "ecsv").decode().splitlines()
        table = Table.read(lines, format="ascii.ecsv")
        table.meta |= self.metadata
        return table

    def plot(self, **options: Any) -> Figure:
        """The light curve as a matplotlib Figure; `options` are plotting.PlotOptions.

        Among them `y` (`"mag"`, `"flux"`), `fold` (period, days), `epoch` (MJD), `bin` (seconds),
        `width`, `height` (pixels), `theme`. Raises Refused, with `.problems`, for bad ones.
        """
        from skyportal_series.errors import SeriesError
        from skyportal_series.plotting import PlotOptions, draw

        known = PlotOptions.__dataclass_fields__
        unknown = [name for name in options if name not in known]
        if unknown:
            text = f"There is no option {', '.join(unknown)}; known are {', '.join(known)}."
            raise UnknownName(text)
        try:
            return draw(self.light_curve, self.metadata, PlotOptions(**options))
        except SeriesError as error:
            raise Refused(error.message, problems=error.problems) from error

    def download(self, path: str | Path, format: str | None = None) -> Path:  # noqa: A002
        """As Client.download."""
        return self._client.download(self.id, path, format)

    def __getattr__(self, name: str) -> Any:
        # Reached only for what is no attribute; `metadata` itself is missing while unpickling.
        metadata = self.__dict__.get("metadata", {})
        if name in metadata:
            return metadata[name]
        raise AttributeError(f"A series has no {name!r}")

    def __dir__(self) -> list[str]:
        return sorted({*super().__dir__(), *self.metadata})

    def __repr__(self) -> str:
        m = self.metadata
        return (
            f"<Series {self.id}: {m.get('obj_id')} in {m.get('series_name')}, {m.get('filter')}, "
            f"{m.get('num_exp')} points, MJD {_short(m.get('mjd_first'))} to "
            f"{_short(m.get('mjd_last'))}, mag {_short(m.get('mean_mag'))}>"
        )

    def _repr_html_(self) -> str:
        rows = "".join(
            f"<tr><th style='text-align:left'>{name}</th>"
            f"<td style='text-align:left'>{html.escape(_short(self.metadata.get(name)))}</td></tr>"
            for name in SHOWN
        )
        return f"<table><caption>Photometric series {self.id}</caption>{rows}</table>"


def _short(value: Any) -> str:
    if value is None:
        return "–"
    return f"{value:.8g}" if isinstance(value, float) else str(value)
