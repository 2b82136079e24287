"""What a check says.

| kind | is | repair |
| --- | --- | --- |
| missing | a series without its file | marks the series |
| altered | a file whose MD5 is not the series' hash | marks the series |
| unreadable | a file that cannot be read, or is no series | marks the series |
| statistics | a row whose figures are not those of its data | computes them anew |
| orphan | a file that no row names | removes it |
| leftover | what a crash left in the spool | removes it |
| kept | an orphan where photometric_series_autodelete is false: no problem | leaves it |
| mended | a series that was marked and is whole again: no problem | takes the mark away |
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

NO_PROBLEM = ("kept", "mended")


@dataclass(frozen=True)
class Finding:
    """One thing that was found. `repaired` says whether it is well now."""

    kind: str
    path: str
    reason: str
    series_id: int | None = None
    repaired: bool = False

    @property
    def remains(self) -> bool:
        """Whether it is a problem still."""
        return not self.repaired and self.kind not in NO_PROBLEM


@dataclass
class Totals:
    """What a check went through, and what it found, by kind."""

    series: int = 0
    files: int = 0
    found: dict[str, int] = field(default_factory=dict)
    repaired: int = 0
    problems: int = 0

    def add(self, finding: Finding) -> None:
        """Count a finding."""
        self.found[finding.kind] = self.found.get(finding.kind, 0) + 1
        self.repaired += finding.repaired
        self.problems += finding.remains


#: Gets each finding as it is made.
Report = Callable[[Finding], None]
#: Gets how many series have been checked, and how many there are.
Progress = Callable[[int, int], None]
