"""Photometric series for SkyPortal-like Tornado applications.

`mount` adds the routes to an application; `Client` talks to them. Both load what they need when
they are first used: importing this package is light.
"""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .app_server import mount
    from .client import Client

__all__ = ["Client", "__version__", "mount"]

try:
    __version__ = version("skyportal_series")
except PackageNotFoundError:  # run from a folder that was never installed
    __version__ = "0.0.0"

_HOMES = {"mount": "app_server", "Client": "client"}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    return __all__
