"""The whole check."""

from __future__ import annotations

from sqlalchemy import Engine

from ..config import Config
from ..errors import InvalidInput
from ..sql import Sql
from ..store import LEFT_AFTER, LocalStore
from ..workers import Workers
from .findings import Finding, Progress, Report, Totals
from .series import SeriesCheck
from .strays import StrayCheck


async def check(
    config: Config,
    engine: Engine,
    repair: bool = False,
    age: float = LEFT_AFTER,
    report: Report = lambda _: None,
    progress: Progress = lambda _done, _all: None,
) -> Totals:
    """Hold rows against files and files against rows; what was found, and how much of it remains.

    Parameters
    ----------
    repair
        Mend what can be mended (see `findings`).
    age
        Files without a row, and files in the spool, count from this age on (seconds).
    report, progress
        Get every finding, and how far the check is.

    Raises
    ------
    InvalidInput
        Where there is no series folder: a check of the wrong place would find everything missing.
    Unavailable
        Where the database does not answer.
    """
    store = LocalStore(config.photometric_series_folder)
    if not store.root.is_dir():
        raise InvalidInput(f"There is no folder {store.root} (photometric_series_folder).")
    totals = Totals()

    def note(finding: Finding) -> None:
        totals.add(finding)
        report(finding)

    sql, workers = Sql(engine, config.database.pool_size), Workers(config.limits)
    nsigma = config.misc.photometry_detection_threshold_nsigma
    try:
        await SeriesCheck(sql, store, workers, nsigma, repair).run(totals, note, progress)
        autodelete = config.photometric_series_autodelete
        await StrayCheck(sql, store, age, autodelete, repair).run(totals, note)
    finally:
        workers.close()
        sql.close()
    return totals
