"""One figure of the table: what was measured, what it is held against."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Figure:
    """`value` in `unit`, beside a floor where there is one; `target` in words, and whether met."""

    group: str
    name: str
    value: float
    unit: str
    floor: float | None = None
    target: str = ""
    met: bool | None = None

    @property
    def ratio(self) -> float | None:
        return self.value / self.floor if self.floor else None


def medians(rounds: int, *works: Callable[[], Any]) -> list[float]:
    """Medians of the seconds that each of `works` takes, done in turns: so all see one machine."""
    taken: list[list[float]] = [[] for _ in works]
    for work in works:  # once for nothing: caches, connections, first uses
        work()
    for _ in range(rounds):
        for work, seconds in zip(works, taken, strict=True):
            start = time.perf_counter()
            work()
            seconds.append(time.perf_counter() - start)
    return [statistics.median(seconds) for seconds in taken]


def at_most(
    group: str, name: str, seconds: float, floor: float, times: float = 1.0, plus: float = 0.0
) -> Figure:
    """A duration that is to stay below `times` the floor and `plus` seconds."""
    limit = times * floor + plus
    words = f"≤ {times:g} × floor" if not plus else f"≤ floor + {plus * 1000:g} ms"
    return Figure(group, name, seconds * 1000, "ms", floor * 1000, words, seconds <= limit)


def below(group: str, name: str, value: float, unit: str, limit: float) -> Figure:
    """A value that is to stay below `limit`, of the same unit."""
    return Figure(group, name, value, unit, None, f"< {limit:g} {unit}", value < limit)


def table(figures: list[Figure]) -> str:
    """The figures as a Markdown table."""
    lines = [
        "| what | measured | floor | ratio | target | met |",
        "| --- | --: | --: | --: | --- | --- |",
    ]
    group = ""
    for figure in figures:
        if figure.group != group:
            group = figure.group
            lines.append(f"| **{group}** | | | | | |")
        lines.append(line(figure))
    return "\n".join(lines)


def line(figure: Figure) -> str:
    """One row of it."""
    floor = "" if figure.floor is None else f"{_short(figure.floor)} {figure.unit}"
    ratio = "" if figure.ratio is None else f"{figure.ratio:.2f}"
    met = {True: "yes", False: "**no**", None: ""}[figure.met]
    value = f"{_short(figure.value)} {figure.unit}"
    return f"| {figure.name} | {value} | {floor} | {ratio} | {figure.target} | {met} |"


def _short(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}"
