"""Jobs without worker processes, for tests that would start hundreds of them."""

from __future__ import annotations

from typing import Any

from skyportal_series import jobs, workers


class JobsHere(workers.Workers):
    """Runs jobs in this process, as JSON in and out would."""

    def start(self) -> None:
        """There are no processes."""

    async def run(self, job: str, lane: str = "output", **arguments: Any) -> Any:
        return jobs.JOBS[job](**arguments)
