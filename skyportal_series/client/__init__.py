"""The client for astronomers and pipelines.

`Client` speaks to a server: upload, search, get, download. What it raises stands in one tree, in
`client.errors`. It needs requests; pandas with h5py or tables when data are touched; astropy and
pyarrow only for their own files and tables.
"""

from skyportal_series.client.client import Client
from skyportal_series.client.errors import (
    AlreadyExists,
    BadSource,
    Changed,
    NotConfigured,
    NotFound,
    Refused,
    SeriesClientError,
    ServerFault,
    ServerUnavailable,
    Unauthorized,
    UnknownName,
)
from skyportal_series.client.search import SearchResults
from skyportal_series.client.series import Series

__all__ = [
    "AlreadyExists",
    "BadSource",
    "Changed",
    "Client",
    "NotConfigured",
    "NotFound",
    "Refused",
    "SearchResults",
    "Series",
    "SeriesClientError",
    "ServerFault",
    "ServerUnavailable",
    "Unauthorized",
    "UnknownName",
]
