"""The catalogue: where rows and files meet. `Catalog` is all that the handlers see of it."""

from .catalog import Catalog, Upload
from .files import StoredFile

__all__ = ["Catalog", "StoredFile", "Upload"]
