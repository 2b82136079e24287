"""The catalogue: where rows and files meet. `Catalog` is all that the handlers see of it."""

from .catalog import Catalog
from .files import StoredFile
from .intake import Upload

__all__ = ["Catalog", "StoredFile", "Upload"]
