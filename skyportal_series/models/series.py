"""Photometric series, with whom they are shared, and what the file check found about them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from .base import Base, PlainJSONB, PostgresEnum, Row, utcnow
from .cone import cartesian


def _series_key() -> Any:
    return mapped_column(ForeignKey("photometric_series.id", ondelete="CASCADE"))


class PhotometricSeries(Row, Base):
    """A light curve's row: what it is of, how it was taken, and its summary.

    Positions are in degrees, times in MJD (UTC days), magnitudes AB, fluxes in µJy, `exp_time` in
    seconds, `frame_rate` in Hz. Float columns that may not be null hold NaN for "no value". The
    points themselves are in the HDF5 file `filename`, whose MD5 is `hash`.
    """

    __tablename__ = "photometric_series"

    obj_id: Mapped[str] = mapped_column(ForeignKey("objs.id", ondelete="CASCADE"))
    series_name: Mapped[str] = mapped_column(index=True)
    series_obj_id: Mapped[str] = mapped_column(index=True)
    filter: Mapped[str] = mapped_column(PostgresEnum("bandpasses"), index=True)
    channel: Mapped[str] = mapped_column(default="")
    origin: Mapped[str] = mapped_column(default="")
    filename: Mapped[str] = mapped_column(unique=True, index=True)

    mjd_first: Mapped[float] = mapped_column(index=True)
    mag_first: Mapped[float]
    mjd_mid: Mapped[float] = mapped_column(index=True)
    mjd_last: Mapped[float] = mapped_column(index=True)
    mag_last: Mapped[float]
    mjd_last_detected: Mapped[float | None]
    mag_last_detected: Mapped[float | None]
    is_detected: Mapped[bool]

    exp_time: Mapped[float] = mapped_column(index=True)
    frame_rate: Mapped[float] = mapped_column(index=True)
    num_exp: Mapped[int] = mapped_column(index=True)
    time_stamp_alignment: Mapped[str] = mapped_column(
        PostgresEnum("time_stamp_alignments"), default="middle"
    )
    ra: Mapped[float | None]
    dec: Mapped[float | None]
    ra_unc: Mapped[float | None]
    dec_unc: Mapped[float | None]
    limiting_mag: Mapped[float] = mapped_column(index=True)
    ref_flux: Mapped[float | None] = mapped_column(index=True)
    ref_fluxerr: Mapped[float | None]
    altdata: Mapped[dict[str, Any] | None] = mapped_column(PlainJSONB, default=dict)

    instrument_id: Mapped[int] = mapped_column(
        ForeignKey("instruments.id", ondelete="CASCADE"), index=True
    )
    followup_request_id: Mapped[int | None] = mapped_column(
        ForeignKey("followuprequests.id"), index=True
    )
    assignment_id: Mapped[int | None] = mapped_column(
        ForeignKey("classicalassignments.id"), index=True
    )
    owner_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))

    mean_mag: Mapped[float | None] = mapped_column(index=True)
    rms_mag: Mapped[float | None] = mapped_column(index=True)
    robust_mag: Mapped[float | None] = mapped_column(index=True)
    robust_rms: Mapped[float | None] = mapped_column(index=True)
    median_snr: Mapped[float | None] = mapped_column(index=True)
    best_snr: Mapped[float | None] = mapped_column(index=True)
    worst_snr: Mapped[float | None] = mapped_column(index=True)
    # Not indexed: a btree row holds some 2,700 bytes, less than these of a series of many columns.
    medians: Mapped[dict[str, Any] | None] = mapped_column(PlainJSONB)
    maxima: Mapped[dict[str, Any] | None] = mapped_column(PlainJSONB)
    minima: Mapped[dict[str, Any] | None] = mapped_column(PlainJSONB)
    stds: Mapped[dict[str, Any] | None] = mapped_column(PlainJSONB)

    hash: Mapped[str] = mapped_column(unique=True, index=True)
    autodelete: Mapped[bool] = mapped_column(default=True)


class GroupPhotometricSeries(Row, Base):
    """A group that may read a series."""

    __tablename__ = "group_photometric_series"
    __table_args__ = (
        Index(
            "group_photometric_series_forward_ind", "group_id", "photometric_serie_id", unique=True
        ),
        Index("group_photometric_series_reverse_ind", "photometric_serie_id", "group_id"),
    )

    group_id: Mapped[int] = mapped_column(ForeignKey("groups.id", ondelete="CASCADE"))
    photometric_serie_id: Mapped[int] = _series_key()


class StreamPhotometricSeries(Row, Base):
    """A stream whose users may read a series."""

    __tablename__ = "stream_photometric_series"
    __table_args__ = (
        Index(
            "stream_photometric_series_forward_ind",
            "stream_id",
            "photometric_serie_id",
            unique=True,
        ),
        Index("stream_photometric_series_reverse_ind", "photometric_serie_id", "stream_id"),
    )

    stream_id: Mapped[int] = mapped_column(ForeignKey("streams.id", ondelete="CASCADE"))
    photometric_serie_id: Mapped[int] = _series_key()


class PhotometricSeriesDamage(Base):
    """What the file check found wrong with a series and could not mend. The plugin's own table."""

    __tablename__ = "photometric_series_damage"

    series_id: Mapped[int] = mapped_column(
        ForeignKey("photometric_series.id", ondelete="CASCADE"), primary_key=True
    )
    reason: Mapped[str]
    found_at: Mapped[datetime] = mapped_column(default=utcnow)


Index(
    "phot_series_deduplication_index",
    PhotometricSeries.obj_id,
    PhotometricSeries.instrument_id,
    PhotometricSeries.origin,
    PhotometricSeries.filter,
    PhotometricSeries.series_name,
    PhotometricSeries.series_obj_id,
    PhotometricSeries.channel,
    unique=True,
)
# The order in which lists are given out unless another is asked for.
Index("ix_photometric_series_obj_id_id", PhotometricSeries.obj_id, PhotometricSeries.id)
# With the id, so that what someone owns comes in the order of what is shared with them.
Index("ix_photometric_series_owner_id_id", PhotometricSeries.owner_id, PhotometricSeries.id)
Index("ix_photometric_series_point", *cartesian(PhotometricSeries.ra, PhotometricSeries.dec))
