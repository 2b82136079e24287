"""Where the server is and who asks: what was said, the environment, or the file of `login`."""

from __future__ import annotations

import json
import os
import tempfile
from dataclasses import dataclass
from pathlib import Path

from skyportal_series.client.errors import NotConfigured
from skyportal_series.client.transport import checked_url

URL_VARIABLE = "SKYPORTAL_SERIES_URL"
TOKEN_VARIABLE = "SKYPORTAL_SERIES_TOKEN"  # noqa: S105


@dataclass(frozen=True)
class Credentials:
    url: str
    token: str

    def __repr__(self) -> str:
        return f"Credentials({self.url!r}, '…')"


def login_file() -> Path:
    """`$XDG_CONFIG_HOME/skyportal-series/login.json`, by default below `~/.config`."""
    base = os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config"
    return Path(base) / "skyportal-series" / "login.json"


def find(url: str | None = None, token: str | None = None) -> Credentials:
    """What is given, else the environment's, else the login file's.

    The file's token goes to the file's URL alone. Raises NotConfigured if either is missing.
    """
    url = url or os.environ.get(URL_VARIABLE)
    token = token or os.environ.get(TOKEN_VARIABLE)
    if not (url and token) and (stored := read_login()) is not None:
        url = url or stored.url
        if checked_url(url) == checked_url(stored.url):
            token = token or stored.token
    if not url:
        raise NotConfigured(f"No server is known: give its URL, set {URL_VARIABLE}, or log in.")
    if not token:
        raise NotConfigured(
            f"No token for {url} is known: give it, set {TOKEN_VARIABLE}, or log in."
        )
    return Credentials(url, token)


def read_login() -> Credentials | None:
    """What `write_login` stored, or None. Raises NotConfigured if others can read it."""
    path = login_file()
    try:
        with path.open("rb") as file:
            mode = os.fstat(file.fileno()).st_mode
            if mode & 0o077:
                raise NotConfigured(
                    f"{path} can be read by others (mode {mode & 0o777:o}); run: chmod 600 {path}"
                )
            stored = json.load(file)
        return Credentials(str(stored["url"]), str(stored["token"]))
    except FileNotFoundError:
        return None
    except OSError as problem:
        raise NotConfigured(f"{path} cannot be read: {problem.strerror}") from problem
    except (ValueError, KeyError, TypeError) as problem:
        raise NotConfigured(f"{path} is damaged; log in again to replace it.") from problem


def write_login(credentials: Credentials) -> Path:
    """Store them in a file that the user alone can read, from its first byte on."""
    path = login_file()
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent)  # made with mode 0600
    with os.fdopen(handle, "w") as file:
        json.dump({"url": credentials.url, "token": credentials.token}, file)
    Path(name).replace(path)
    return path
