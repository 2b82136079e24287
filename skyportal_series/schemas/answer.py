"""The shape of a series in an answer: exactly these keys, for clients that refuse others."""

from __future__ import annotations

#: The columns of the row, in the order of the answer.
COLUMNS: tuple[str, ...] = (
    "id",
    "created_at",
    "modified",
    "obj_id",
    "series_name",
    "series_obj_id",
    "filter",
    "channel",
    "origin",
    "filename",
    "ra",
    "dec",
    "ra_unc",
    "dec_unc",
    "mjd_first",
    "mjd_mid",
    "mjd_last",
    "mjd_last_detected",
    "mag_first",
    "mag_last",
    "mag_last_detected",
    "is_detected",
    "exp_time",
    "frame_rate",
    "num_exp",
    "time_stamp_alignment",
    "limiting_mag",
    "ref_flux",
    "ref_fluxerr",
    "mean_mag",
    "rms_mag",
    "robust_mag",
    "robust_rms",
    "median_snr",
    "best_snr",
    "worst_snr",
    "medians",
    "maxima",
    "minima",
    "stds",
    "altdata",
    "hash",
    "autodelete",
    "instrument_id",
    "followup_request_id",
    "assignment_id",
    "owner_id",
)

#: What is told of a group, and of a stream.
GROUP_COLUMNS = ("id", "name", "nickname", "single_user_group")
STREAM_COLUMNS = ("id", "name")

#: Every key of a series in an answer.
KEYS: tuple[str, ...] = (*COLUMNS, "group_ids", "stream_ids", "groups", "streams", "data")
