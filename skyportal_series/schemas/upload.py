"""The fields of an upload: merged in layers, checked together, reported together."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from marshmallow import EXCLUDE, Schema, ValidationError

from ..enum_types import TIME_STAMP_ALIGNMENTS
from ..errors import InvalidInput
from .types import (
    GroupIds,
    Identifier,
    JsonObject,
    Number,
    SeriesName,
    StreamIds,
    Text,
    TextOrNumber,
)

#: How many of many wrong things an error names; it is made on the event loop.
SHOWN = 20


def _about(description: str, example: object, **more: object) -> dict[str, object]:
    return {"description": description, "example": example, **more}


class UploadSchema(Schema):
    """The fields of POST; PATCH takes the same, merged over those that the series has."""

    class Meta:
        unknown = EXCLUDE  # `check_fields` names them all in one message

    series_name = SeriesName(
        "_-+/\\",
        required=True,
        metadata=_about("Name of the series, the folder path of its file.", "tess/sector_2"),
    )
    series_obj_id = TextOrNumber(
        "_-+",
        required=True,
        metadata=_about("The object's id within the series, e.g. a TIC id.", "114807149"),
    )
    obj_id = Text(required=True, metadata=_about("An existing object (source).", "TIC_114807149"))
    instrument_id = Identifier(required=True, metadata=_about("An existing instrument.", 1))
    group_ids = GroupIds(
        metadata=_about("Groups to share with, or `all`; one's own is always added.", [1])
    )
    stream_ids = StreamIds(metadata=_about("Streams that the data came from.", [1]))
    ra = Number(0, 360, required=True, metadata=_about("Right ascension, degrees.", 291.37))
    dec = Number(-90, 90, required=True, metadata=_about("Declination, degrees.", 42.78))
    exp_time = Number(0, required=True, metadata=_about("Exposure time, seconds.", 30.0))
    filter = Text(required=True, metadata=_about("Bandpass.", "tess"))
    limiting_mag = Number(metadata=_about("Limiting magnitude, AB.", 20.5))
    channel = Text(load_default="", metadata=_about("Channel or CCD of the instrument.", "ccd3"))
    origin = Text(load_default="", metadata=_about("Where the data came from.", "pipeline-2"))
    magref = Number(-100, 100, metadata=_about("Reference magnitude, held as ref_flux.", 17.2))
    e_magref = Number(0, metadata=_about("Its uncertainty, held as ref_fluxerr.", 0.02))
    ref_flux = Number(metadata=_about("Reference flux, µJy.", 480.0))
    ref_fluxerr = Number(0, metadata=_about("Its uncertainty, µJy.", 9.0))
    ra_unc = Number(0, metadata=_about("Uncertainty of ra, degrees.", 1e-5))
    dec_unc = Number(0, metadata=_about("Uncertainty of dec, degrees.", 1e-5))
    followup_request_id = Identifier(metadata=_about("The followup request it answers.", 1))
    assignment_id = Identifier(metadata=_about("The observing run's assignment it answers.", 1))
    time_stamp_alignment = Text(
        load_default="middle",
        metadata=_about(
            "Where in the exposure the time is taken.", "middle", enum=list(TIME_STAMP_ALIGNMENTS)
        ),
    )
    altdata = JsonObject(load_default=dict, metadata=_about("Anything else.", {"airmass": 1.2}))


#: Those that are named together in one message when missing, in this order.
_NAMED_TOGETHER = ("series_name", "series_obj_id", "ra", "dec", "exp_time", "filter")
#: Every field that an upload may have, in the order of the documentation.
FIELD_NAMES = tuple(UploadSchema().fields)

_SCHEMA = UploadSchema()
#: SkyPortal writes the owner into its files; it is who uploads that counts.
_LEFT_ASIDE = {"owner_id"}
_MISSING = "Missing data for required field."
_REQUIRED = "This field is required."


def merge(*layers: Mapping[str, Any]) -> dict[str, Any]:
    """The layers' fields, later ones winning; a null counts as not given.

    A reference magnitude is turned into the flux it stands for within its layer, so that a
    magnitude in the request wins over a flux in the file.
    """
    merged: dict[str, Any] = {}
    for layer in layers:
        given = {name: value for name, value in layer.items() if value is not None}
        for magnitude, flux in (("magref", "ref_flux"), ("e_magref", "ref_fluxerr")):
            if magnitude in given and flux in given:
                del given[magnitude]
            elif magnitude in given:
                merged.pop(flux, None)
            elif flux in given:
                merged.pop(magnitude, None)
        merged |= given
    return {name: value for name, value in merged.items() if name not in _LEFT_ASIDE}


def check_fields(
    raw: Mapping[str, Any], bandpasses: Iterable[str], doubts: Mapping[str, list[str]]
) -> tuple[dict[str, Any], dict[str, list[str]]]:
    """The merged fields as typed values, and what is wrong with them (field → texts).

    `doubts` say why a column gave no value for a field that nothing else gives.
    """
    problems: dict[str, list[str]] = {}
    try:
        values = dict(_SCHEMA.load(dict(raw)))
    except ValidationError as error:
        values = dict(error.valid_data or {})
        problems = _texts(error.messages_dict, doubts)
    unknown = sorted(set(raw) - set(FIELD_NAMES))
    if unknown:
        problems["metadata"] = [_unknown(unknown)]
    _check_choices(values, list(bandpasses), problems)
    return values, problems


def _texts(messages: Mapping[str, Any], doubts: Mapping[str, list[str]]) -> dict[str, list[str]]:
    problems = {name: list(texts) for name, texts in messages.items()}
    missing = [name for name, texts in problems.items() if _MISSING in texts]
    for name in missing:
        if name in _NAMED_TOGETHER:
            problems[name] = [_REQUIRED, *doubts.get(name, [])]
        else:
            problems[name] = [f"Must supply an {name}"]
    return problems


def _unknown(names: list[str]) -> str:
    text = f"Unknown keys in metadata: {[name[:80] for name in names[:SHOWN]]}"
    if len(names) > SHOWN:
        return f"{text} and {len(names) - SHOWN:,} more"
    near = {name: difflib.get_close_matches(name, FIELD_NAMES, n=1) for name in names}
    hints = [f"{matches[0]} for {name}" for name, matches in near.items() if matches]
    return f"{text}; did you mean {', '.join(hints)}?" if hints else text


def _check_choices(
    values: Mapping[str, Any], bandpasses: list[str], problems: dict[str, list[str]]
) -> None:
    bandpass = values.get("filter")
    if bandpass is not None and (text := bandpass_problem(bandpass, bandpasses)):
        problems["filter"] = [text]
    alignment = values.get("time_stamp_alignment", "middle")
    if alignment not in TIME_STAMP_ALIGNMENTS:
        allowed = f"Allowed values are: {', '.join(TIME_STAMP_ALIGNMENTS)}"
        text = f"Time stamp alignment {alignment[:80]} is not allowed. {allowed}"
        problems["time_stamp_alignment"] = [text]


def bandpass_problem(bandpass: str, bandpasses: Sequence[str]) -> str | None:
    """What is wrong with a bandpass, if anything is."""
    if bandpass in bandpasses:
        return None
    near = difflib.get_close_matches(bandpass[:80], bandpasses, n=1)
    hint = f" Did you mean {near[0]}?" if near else ""
    allowed = f"Allowed filters are: {', '.join(bandpasses)}.{hint}"
    return f"Filter {bandpass[:80]} is not allowed. {allowed}"


def refusal(problems: Mapping[str, list[str]]) -> InvalidInput:
    """One error for all problems: each text once, in the order of the fields.

    What is missing is named in one sentence of the message, and beside each field.
    """
    order = {name: place for place, name in enumerate(("data", "metadata", *FIELD_NAMES))}
    ordered = sorted(problems.items(), key=lambda item: order.get(item[0], len(order)))
    texts = dict.fromkeys(text for _, found in ordered for text in found if text != _REQUIRED)
    if missing := [name for name in _NAMED_TOGETHER if _REQUIRED in problems.get(name, ())]:
        texts = {f"The following keys are missing: {missing}": None} | texts
    return InvalidInput(
        " ".join(text if text[-1:] in ".!?" else f"{text}." for text in texts), dict(ordered)
    )
