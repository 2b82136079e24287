"""The check of rows against files: `check` finds what differs, and mends what can be mended.

May run beside a server. Streams: a million series need no more memory than a thousand.
"""

from .checking import check
from .findings import Finding, Totals

__all__ = ["Finding", "Totals", "check"]
