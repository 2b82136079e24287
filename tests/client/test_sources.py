"""What astronomers have their light curves in, sent by the client to a real server."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from astropy import units as u
from astropy.io import fits
from astropy.table import Column, MaskedColumn, QTable, Table
from astropy.time import Time
from astropy.timeseries import TimeSeries

from skyportal_series.client import Client

MJD = 58000.0 + np.arange(6) / 4
FLUX = np.array([100.0, 120.0, np.nan, 90.0, 110.0, 105.0])
ERROR = np.full(6, 2.0)
MAG = np.array([18.9, 18.8, 18.7, 18.9, 19.0, 18.8])
TESS = Path(__file__).parents[3] / "shared" / "data" / "TESS_photometric_series1.h5"
SOURCES: dict[str, tuple[Callable[[Path], Any], dict[str, Any]]] = {}

Make = Callable[[Path], Any]


def source(**reading: Any) -> Callable[[Make], Make]:
    """Adds a way to have MJD, FLUX and ERROR to SOURCES."""

    def add(make: Make) -> Make:
        SOURCES[make.__name__] = (make, reading)
        return make

    return add


def frame() -> pd.DataFrame:
    return pd.DataFrame({"mjd": MJD, "flux": FLUX, "fluxerr": ERROR})


def table() -> Table:
    return Table({"mjd": MJD, "flux": FLUX, "fluxerr": ERROR})


@source()
def dataframe(folder: Path) -> Any:
    return frame()


@source()
def dataframe_with_mjd_as_index(folder: Path) -> Any:
    return frame().set_index("mjd")


@source()
def dataframe_of_a_selection(folder: Path) -> Any:
    return pd.concat([frame(), frame()]).iloc[6:]


@source()
def dict_of_lists(folder: Path) -> Any:
    return {"mjd": MJD.tolist(), "flux": FLUX.tolist(), "flux_err": ERROR.tolist()}


@source()
def dict_of_quantities(folder: Path) -> Any:
    return {"mjd": MJD * u.day, "flux": FLUX * 1e-3 * u.mJy, "fluxerr": ERROR * 1e-6 * u.Jy}


@source()
def table_without_units(folder: Path) -> Any:
    return table()


@source()
def table_in_jansky(folder: Path) -> Any:
    made = Table({"mjd": MJD, "flux": FLUX / 1e6, "flux_err": ERROR / 1e6})
    made["flux"].unit = made["flux_err"].unit = "Jy"
    return made


@source()
def table_in_cgs(folder: Path) -> Any:
    to_cgs = (1 * u.uJy).to_value("erg / (s cm2 Hz)")
    unit = "erg / (s cm2 Hz)"
    columns = [Column(MJD, "MJD"), Column(FLUX * to_cgs, "FLUX", unit=unit)]
    return Table([*columns, Column(ERROR * to_cgs, "FLUX_ERR", unit=unit)])


@source()
def table_with_masked_flux(folder: Path) -> Any:
    masked = MaskedColumn(np.nan_to_num(FLUX, nan=-99.0), mask=np.isnan(FLUX))
    return Table({"mjd": MJD, "flux": masked, "fluxerr": ERROR})


@source()
def table_of_julian_dates(folder: Path) -> Any:
    return Table({"jd": MJD + 2400000.5, "flux": FLUX, "fluxerr": ERROR})


@source()
def qtable_with_a_time_column(folder: Path) -> Any:
    return QTable({"t": Time(MJD, format="mjd"), "flux": FLUX * u.uJy, "fluxerr": ERROR * u.uJy})


@source()
def time_series_of_nanojansky(folder: Path) -> Any:
    data = {"flux": FLUX * 1e3 * u.nJy, "flux_err": ERROR * 1e3 * u.nJy}
    return TimeSeries(time=Time(MJD + 2400000.5, format="jd"), data=data)


@source(flux_unit=2.0)
def lightkurve_in_electrons(folder: Path) -> Any:
    return SimpleNamespace(
        time=Time(MJD, format="mjd", scale="tdb"),
        flux=FLUX / 2 * u.electron / u.s,
        flux_err=ERROR / 2 * u.electron / u.s,
        meta={"RA": 10.0, "DEC": 20.0},
    )


@source()
def lightkurve_in_btjd(folder: Path) -> Any:
    time = SimpleNamespace(format="btjd", value=MJD - 56999.5, unit=None)
    time.data, time.mask = time.value, None
    return SimpleNamespace(time=time, flux=FLUX, flux_err=ERROR)


@source(flux_unit="mJy", time_format="jd")
def csv_in_other_units(folder: Path) -> Any:
    path = folder / "lc.csv"
    made = pd.DataFrame({"time": MJD + 2400000.5, "flux": FLUX / 1e3, "fluxerr": ERROR / 1e3})
    path.write_text("# a comment\n" + made.to_csv(index=False))
    return path


@source()
def ecsv_with_units(folder: Path) -> Any:
    table_in_jansky(folder).write(folder / "lc.ecsv")
    return folder / "lc.ecsv"


@source()
def ecsv_that_is_called_csv(folder: Path) -> Any:
    table_in_jansky(folder).write(folder / "lc.csv", format="ascii.ecsv")
    return str(folder / "lc.csv")


@source()
def votable_with_units(folder: Path) -> Any:
    table_in_jansky(folder).write(folder / "lc.vot", format="votable")
    return folder / "lc.vot"


@source(columns={"flux": "PDCSAP_FLUX", "fluxerr": "PDCSAP_FLUX_ERR"}, flux_unit=0.5)
def fits_as_tess_makes_them(folder: Path) -> Any:
    columns = [
        fits.Column("TIME", "D", unit="BJD - 2457000, days", array=MJD - 56999.5),
        fits.Column("PDCSAP_FLUX", "D", unit="e-/s", array=FLUX * 2),
        fits.Column("PDCSAP_FLUX_ERR", "D", unit="e-/s", array=ERROR * 2),
    ]
    primary = fits.PrimaryHDU()
    primary.header["RA_OBJ"], primary.header["DEC_OBJ"] = 10.0, 20.0
    primary.header["ORIGIN"] = "NASA/Ames"
    hdus = fits.HDUList([primary, fits.BinTableHDU.from_columns(columns)])
    hdus.writeto(folder / "tess.fits")
    return folder / "tess.fits"


@source()
def gzipped_fits(folder: Path) -> Any:
    table_in_jansky(folder).write(folder / "lc.fits.gz")
    return folder / "lc.fits.gz"


@source()
def hdf5_as_pandas_writes_it(folder: Path) -> Any:
    frame().to_hdf(folder / "lc.h5", key="any", format="table")
    return folder / "lc.h5"


@source(flux_unit="mJy")
def hdf5_that_needs_converting(folder: Path) -> Any:
    made = frame().assign(flux=FLUX / 1e3, fluxerr=ERROR / 1e3)
    made.to_hdf(folder / "lc.h5", key="any", format="table")
    return folder / "lc.h5"


@source()
def parquet(folder: Path) -> Any:
    frame().to_parquet(folder / "lc.parquet")
    return folder / "lc.parquet"


@pytest.mark.parametrize("name", SOURCES)
def test_every_source_arrives_as_mjd_and_microjansky(
    client: Client, fields: Any, tmp_path: Path, name: str
) -> None:
    make, reading = SOURCES[name]
    data = client.get(client.upload(make(tmp_path), **reading, **fields())).data
    np.testing.assert_allclose(data["mjd"], MJD, rtol=0, atol=1e-8)
    np.testing.assert_allclose(data["flux"], FLUX, rtol=1e-9)
    np.testing.assert_allclose(data["fluxerr"], ERROR, rtol=1e-9)


def test_position_comes_from_the_header_of_a_fits_file(
    client: Client, fields: Any, tmp_path: Path
) -> None:
    make, reading = SOURCES["fits_as_tess_makes_them"]
    given = {name: value for name, value in fields().items() if name not in ("ra", "dec")}
    series = client.get(client.upload(make(tmp_path), **reading, **given))
    assert (series.ra, series.dec, series.origin) == (10.0, 20.0, "")


def test_magnitudes_stay_magnitudes(client: Client, fields: Any) -> None:
    made = Table({"mjd": MJD, "mag": MAG, "mag_err": ERROR / 100})
    made["mag"].unit = "mag"
    data = client.get(client.upload(made, **fields())).data
    assert data["mag"].tolist() == MAG.tolist()
    assert data["magerr"].tolist() == (ERROR / 100).tolist()


def test_a_flux_in_capitals_beside_magnitudes_is_just_a_column(client: Client, fields: Any) -> None:
    series = client.get(client.upload({"mjd": MJD, "mag": MAG, "Flux": FLUX}, **fields()))
    assert series.mean_mag == pytest.approx(MAG.mean())
    assert list(series.data) == ["mjd", "mag", "Flux"]


def test_other_columns_come_back_as_they_were(client: Client, fields: Any) -> None:
    sent = frame().assign(quality=np.arange(6, dtype=np.int16), note=list("abcdef"))
    data = client.get(client.upload(sent, **fields())).data
    assert (data["quality"].dtype, data["note"].tolist()) == (np.int16, list("abcdef"))


@pytest.mark.parametrize("suffix", ["h5", "csv", "json", "ecsv", "vot", "fits", "parquet", "arrow"])
def test_what_was_downloaded_can_be_uploaded_again(
    client: Client, fields: Any, tmp_path: Path, suffix: str
) -> None:
    first = client.upload(frame().assign(note=list("abcdef")), **fields())
    path = client.download(first, tmp_path / f"lc.{suffix}")
    again = client.get(client.upload(path, **fields()))
    pd.testing.assert_frame_equal(again.data, client.get(first).data, check_dtype=False)


@pytest.mark.parametrize("suffix", ["h5", "ecsv", "vot", "fits", "parquet", "arrow"])
def test_files_of_the_server_bring_their_fields_along(
    client: Client, fields: Any, tmp_path: Path, suffix: str
) -> None:
    given = fields(channel="c 1", origin="o/1", altdata={"a": [1, "ä"]}, ra_unc=0.5, magref=18.5)
    given |= {"time_stamp_alignment": "end", "limiting_mag": 21.5, "ref_fluxerr": 0.25}
    path = client.download(client.upload(frame(), **given), tmp_path / f"lc.{suffix}")
    given["series_name"] += "/again"
    again = client.get(client.upload(path, series_name=given["series_name"]))
    del given["magref"]  # held as ref_flux
    assert {name: again.metadata[name] for name in given} == given
    assert again.ref_flux == pytest.approx(10 ** ((23.9 - 18.5) / 2.5))


@pytest.mark.skipif(not TESS.exists(), reason=f"{TESS} is not there")
def test_a_tess_light_curve_goes_and_comes_as_it_is(client: Client, fields: Any) -> None:
    given = {name: fields()[name] for name in ("obj_id", "instrument_id", "series_name")}
    series = client.get(client.upload(TESS, filter="tess", **given))
    pd.testing.assert_frame_equal(series.data, pd.read_hdf(TESS))
    assert (series.num_exp, series.series_obj_id) == (18699, "114807149")
