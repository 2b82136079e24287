"""Tables, progress and drawings for a terminal, and the same in plain text for a pipe."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    from rich.console import Console

WIDE = 10_000


def console(*, stderr: bool = False) -> Console:
    """rich's console; in a pipe without colours, and wide, so that nothing is cut."""
    from rich.console import Console

    stream = sys.stderr if stderr else sys.stdout
    width = None if stream.isatty() else WIDE
    return Console(stderr=stderr, width=width, highlight=False, soft_wrap=False)


def print_table(names: Sequence[str], rows: Iterable[Sequence[Any]], title: str = "") -> None:
    """Rows under their names, if these are any; numbers to the right, and never broken."""
    from rich import box
    from rich.table import Table
    from rich.text import Text

    shown = [
        [in_words(value, name) for value, name in zip(row, names, strict=True)] for row in rows
    ]
    table = Table(
        title=title or None,
        box=box.SIMPLE_HEAD,
        header_style="bold",
        pad_edge=False,
        padding=(0, 1, 0, 0),
        show_header=any(names),
    )
    for index, name in enumerate(names):
        number = bool(shown) and all(_is_number(row[index]) for row in shown)
        justify: Any = "right" if number else "left"
        table.add_column(name, justify=justify, overflow="fold", no_wrap=number)
    for row in shown:
        table.add_row(*(Text(value) for value in row))
    console().print(table)


#: Digits behind the point that mean something to an observer.
DIGITS = {"mjd": 2, "mag": 3, "rms": 3, "snr": 1}


def in_words(value: Any, name: str = "") -> str:
    """A value as a person reads it: – for none, as many digits as `name` deserves."""
    if value is None:
        return "–"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if not isinstance(value, float):
        return str(value)
    digits = next((DIGITS[word] for word in name.split("_") if word in DIGITS), None)
    return f"{value:.8g}" if digits is None else f"{value:.{digits}f}"


@contextmanager
def progress(total: int, what: str) -> Iterator[Any]:
    """A bar on stderr, if that is a terminal; gives a function to call once for each done."""
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeRemainingColumn,
    )

    out = console(stderr=True)
    columns = (TextColumn(what), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=out, disable=not out.is_terminal, transient=True) as bar:
        task = bar.add_task(what, total=total)
        yield lambda: bar.advance(task)


def draw(mjd: np.ndarray[Any, Any], flux: np.ndarray[Any, Any], title: str) -> str:
    """The points (n,) with MJD to the right and flux (µJy) upwards, in braille dots."""
    import numpy as np
    from uniplot import plot_to_string

    seen = np.isfinite(mjd) & np.isfinite(flux)
    if not seen.any():
        return "No point has both a time and a flux."
    width = min(console().width, 100) - 20
    drawn = plot_to_string(
        xs=mjd[seen],
        ys=flux[seen],
        title=title,
        width=max(width, 20),
        height=15,
        character_set="braille",
        color=False,
        x_unit=" MJD",
        y_unit=" µJy",
    )
    return drawn if isinstance(drawn, str) else "\n".join(drawn)


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return text == "–"
    return True
