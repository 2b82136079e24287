"""The formats that there are: one table, one row per format."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.util import find_spec

from ..errors import InvalidInput, NotAcceptable

INSTALL = "pip install 'skyportal_series[formats]'"


@dataclass(frozen=True)
class Format:
    """A format: what `?format=` calls it, its media type, its suffix, the package it needs."""

    name: str
    media_type: str
    suffix: str
    needs: str | None = None
    #: Whether it holds what is known of the series as well.
    describes: bool = True
    #: What else a client may call it in Accept.
    aliases: tuple[str, ...] = ()

    @property
    def installed(self) -> bool:
        return self.needs is None or find_spec(self.needs) is not None


_ALL = (
    Format("hdf5", "application/x-hdf5", "h5", aliases=("application/x-hdf",)),
    Format("json", "application/json", "json", describes=False),
    Format("csv", "text/csv; charset=utf-8", "csv", describes=False),
    Format(
        "arrow",
        "application/vnd.apache.arrow.file",
        "arrow",
        "pyarrow",
        aliases=("application/vnd.apache.arrow",),
    ),
    Format("parquet", "application/vnd.apache.parquet", "parquet", "pyarrow"),
    Format("votable", "application/x-votable+xml", "vot", aliases=("text/xml",)),
    Format("ecsv", "text/x-ecsv; charset=utf-8", "ecsv"),
    Format("fits", "application/fits", "fits", "astropy", aliases=("image/fits",)),
)
#: Name → format; the first is what those get who say nothing.
FORMATS: dict[str, Format] = {form.name: form for form in _ALL}


def available() -> list[str]:
    """The formats that can be made here, in the order of the table."""
    return [form.name for form in _ALL if form.installed]


def known(name: str) -> Format:
    """The format of this name. Raises NotAcceptable where there is none, or it cannot be made."""
    form = FORMATS.get(name)
    if form is not None and form.installed:
        return form
    if form is None:
        problem = f"There is no format {name[:40]!r}; this server makes {', '.join(available())}."
    else:
        problem = (
            f"The format {name} needs {form.needs}, which this server does not have; its operator "
            f"can add it: {INSTALL}. It makes {', '.join(available())}."
        )
    raise NotAcceptable(problem, {"format": [problem]})


def choose(accept: str | None) -> Format:
    """What an Accept header likes best, of equals the first in the table.

    Raises NotAcceptable where it likes none of them, InvalidInput where it cannot be understood.
    """
    import mimeparse

    if accept is None or not accept.strip():
        return _ALL[0]
    types = {name: form for form in _ALL for name in (form.media_type, *form.aliases)}
    bare = {name.partition(";")[0]: form for name, form in types.items()}
    # Of equals, mimeparse takes the last.
    wanted = [name for name, form in bare.items() if form.installed][::-1]
    try:
        best = mimeparse.best_match(wanted, accept) or mimeparse.best_match(list(bare), accept)
    except mimeparse.MimeTypeParseException as error:
        raise InvalidInput(
            f"The header Accept cannot be understood: {accept[:80]!r}; write, for example, "
            "Accept: application/json."
        ) from error
    if not best:
        listed = ", ".join(f"{name} ({FORMATS[name].media_type})" for name in available())
        raise NotAcceptable(f"Nothing here is {accept[:80]!r}. This server makes {listed}.")
    return known(bare[best].name)
