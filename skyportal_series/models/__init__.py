"""SkyPortal's tables as far as a photometric series touches them, and the plugin's own.

The same mappings serve a database of one's own and an existing SkyPortal's. `access` says who may
see and change which rows.
"""

from .accounts import ACL, Role, RoleACL, Token, TokenACL, User, UserACL, UserRole
from .base import Base, PostgresEnum, as_text, utcnow
from .cone import within
from .series import (
    GroupPhotometricSeries,
    PhotometricSeries,
    PhotometricSeriesDamage,
    StreamPhotometricSeries,
)
from .sharing import Group, GroupStream, GroupUser, Stream, StreamUser
from .sky import (
    Allocation,
    ClassicalAssignment,
    FollowupRequest,
    Instrument,
    Obj,
    ObservingRun,
    Telescope,
)

__all__ = [
    "ACL",
    "Allocation",
    "Base",
    "ClassicalAssignment",
    "FollowupRequest",
    "Group",
    "GroupPhotometricSeries",
    "GroupStream",
    "GroupUser",
    "Instrument",
    "Obj",
    "ObservingRun",
    "PhotometricSeries",
    "PhotometricSeriesDamage",
    "PostgresEnum",
    "Role",
    "RoleACL",
    "Stream",
    "StreamPhotometricSeries",
    "StreamUser",
    "Telescope",
    "Token",
    "TokenACL",
    "User",
    "UserACL",
    "UserRole",
    "as_text",
    "utcnow",
    "within",
]
