"""What the routes that answer with files share: tags, names, the headers that go with them."""

from __future__ import annotations

import hashlib
import re

from ..catalog.rows import Answer
from .base import BaseHandler

#: Part of every tag but the stored file's: raise it when what is made changes.
VERSION = 1


class MadeHandler(BaseHandler):
    """A handler whose answer is a file."""

    finds = True

    def describe(self, tag: str, media_type: str, name: str, disposition: str) -> None:
        """The headers of a file, which a 304 has as well."""
        self.set_header("Etag", f'"{tag}"')
        self.set_header("Vary", "Accept, Authorization")
        self.set_header("Content-Type", media_type)
        self.set_header("Content-Disposition", f'{disposition}; filename="{name}"')


def made_tag(digest: str, *made: object) -> str:
    """The version of what was made of a stored file, whose MD5 is `digest`."""
    text = repr((VERSION, *made)).encode()
    return f"{digest}.{hashlib.md5(text, usedforsecurity=False).hexdigest()[:12]}"


def file_name(answer: Answer, suffix: str) -> str:
    """A name for the client's disk: ASCII letters, digits and _ . + - alone."""
    words = [answer["obj_id"], answer["series_name"], answer["filter"], str(answer["id"])]
    safe = [re.sub(r"[^A-Za-z0-9.+-]+", "_", word)[:60].strip("._") for word in words]
    return f"{'_'.join(word for word in safe if word)}.{suffix}"
