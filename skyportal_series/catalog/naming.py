"""The name of a series' file, made so that it can neither leave its folder nor meet another's."""

from __future__ import annotations

import re
import secrets
from collections.abc import Mapping
from typing import Any

from ..errors import InvalidInput

#: What file systems hold of one step of a path, in bytes.
MAX_STEP = 255
#: Longer paths than this trouble backups and the tools of SkyPortal's hosts.
MAX_KEY = 1024


def file_key(fields: Mapping[str, Any], digest: str) -> str:
    """`<series_name>/series_<series_obj_id>_inst_<id>[_channel][_origin]_<digest>_<nonce>.h5`.

    SkyPortal's name, the beginning of the file's MD5 `digest`, so that two versions never share a
    name, and a nonce, so that no attempt ever touches another's file.

    Raises
    ------
    InvalidInput
        For a name that no file system holds.
    """
    words = ["series", fields["series_obj_id"], "inst", str(fields["instrument_id"])]
    words += [_safe(fields[name]) for name in ("channel", "origin") if fields[name]]
    words += [digest[:12], secrets.token_hex(4)]
    # Backslashes separate folders on some systems; here they are part of a name.
    folder = fields["series_name"].replace("\\", "_")
    key = f"{folder}/{'_'.join(words)}.h5"
    if len(key) > MAX_KEY or any(len(step) > MAX_STEP for step in key.split("/")):
        raise InvalidInput(
            "The file system cannot hold a file of this name: series_name, series_obj_id, channel "
            f"and origin make a path of {len(key):,} characters; {MAX_STEP} in one step and "
            f"{MAX_KEY:,} in all is the most."
        )
    return key


def _safe(text: str) -> str:
    """`text` with everything but ASCII letters, digits and - + _ replaced by underscores."""
    return re.sub(r"[^A-Za-z0-9_+-]", "_", text)
