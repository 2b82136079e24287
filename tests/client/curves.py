"""The light curve that most of these tests send."""

from __future__ import annotations

import numpy as np
import pandas as pd

FRAME = pd.DataFrame(
    {
        "mjd": 58000.0 + np.arange(200) / 100,
        "flux": 100.0 + np.sin(np.arange(200) / 9),
        "fluxerr": 1.0,
        "name": [f"point {n}" for n in range(200)],
    }
)
