"""The command line as tests call it, and what they give it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
from click.testing import CliRunner, Result

from skyportal_series.cli import main

Run = Callable[..., Result]


def bare(*arguments: object, given: str = "") -> Result:
    """The command with what the environment happens to say."""
    return CliRunner().invoke(main, [str(a) for a in arguments], input=given)


def as_options(fields: dict[str, Any]) -> list[str]:
    return [t for k, v in fields.items() for t in (f"--{k.replace('_', '-')}", str(v))]


def light_curve(number: int = 0) -> pd.DataFrame:
    mjd = 58000.0 + np.arange(40) / 10
    return pd.DataFrame({"mjd": mjd, "flux": 100.0 + number + np.sin(mjd), "fluxerr": 1.0})
