"""Jobs without worker processes, for tests that would start hundreds of them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from skyportal_series import jobs, workers


class JobsHere(workers.Workers):
    """Runs jobs in a thread of this process, as JSON in and out would."""

    def start(self) -> None:
        """There are no processes."""

    async def run(
        self,
        job: str,
        lane: str = "output",
        reply: workers.Reply | None = None,
        **arguments: Any,
    ) -> Any:
        loop = asyncio.get_running_loop()

        def ask(question: Any) -> Callable[[], Any]:
            assert reply is not None
            return asyncio.run_coroutine_threadsafe(reply(question), loop).result

        if job in jobs.ASKING:
            arguments["ask"] = ask
        return await asyncio.to_thread(jobs.JOBS[job], **arguments)
