"""Transactions that wait for the disk: they end after it, and leave connections to others."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from concurrent.futures import Future
from typing import Any

import pytest
from sqlalchemy import Connection, Engine, text

from skyportal_series.errors import StorageFull
from skyportal_series.sql import Sql

THREADS = 4


def with_sql(engine: Engine, work: Callable[[Sql], Awaitable[Any]]) -> Any:
    async def run() -> Any:
        sql = Sql(engine, THREADS)
        try:
            async with asyncio.timeout(30):
                return await work(sql)
        finally:
            sql.close()

    return asyncio.run(run())


def add(connection: Connection) -> None:
    connection.execute(
        text("INSERT INTO roles (id, created_at, modified) VALUES ('x', now(), now())")
    )


def count(connection: Connection) -> int:
    return connection.execute(text("SELECT count(*) FROM roles WHERE id = 'x'")).scalar_one()


def nothing(connection: Connection) -> None:
    connection.execute(text("SELECT 1"))


def test_a_commit_waits_for_the_disk(engine: Engine) -> None:
    async def work(sql: Sql) -> list[int]:
        disk: Future[None] = Future()
        added = asyncio.Event()
        loop = asyncio.get_running_loop()

        def adding(connection: Connection) -> None:
            add(connection)
            loop.call_soon_threadsafe(added.set)

        writing = asyncio.create_task(sql.write(adding, after=disk))
        await added.wait()
        before = await sql.read(count)
        disk.set_result(None)
        await writing
        return [before, await sql.read(count)]

    assert with_sql(engine, work) == [0, 1]


def test_what_the_disk_refuses_is_not_committed(engine: Engine) -> None:
    async def work(sql: Sql) -> int:
        disk: Future[None] = Future()
        disk.set_exception(StorageFull("full"))
        with pytest.raises(StorageFull, match="full"):
            await sql.write(add, after=disk)
        return await sql.read(count)

    assert with_sql(engine, work) == 0


def test_many_that_wait_for_the_disk_leave_threads_to_others(engine: Engine) -> None:
    async def work(sql: Sql) -> None:
        disks: list[Future[None]] = [Future() for _ in range(2 * THREADS)]
        writing = [asyncio.create_task(sql.write(nothing, after=disk)) for disk in disks]
        await asyncio.sleep(0)
        await sql.read(nothing)
        assert not any(task.done() for task in writing)
        for disk in disks:
            disk.set_result(None)
        await asyncio.gather(*writing)

    with_sql(engine, work)
