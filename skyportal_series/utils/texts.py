"""What texts cannot be held. May touch: nothing."""

from __future__ import annotations

import re

#: What is in no text of UTF-8, though in Python's.
SURROGATES = re.compile("[\ud800-\udfff]")
#: What is in no text of PostgreSQL.
UNHOLDABLE = re.compile("[\0\ud800-\udfff]")
