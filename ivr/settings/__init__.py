"""A site's settings: `hotline.toml` → frozen dataclasses.

`model` says what there is, `read` fills it by its types, `checks` judges the whole, `load` puts them together.
"""

from ivr.settings.load import SettingsError, load, read
from ivr.settings.model import (
    Address,
    Department,
    Desk,
    Dialplans,
    Hotline,
    Keys,
    Listen,
    Menu,
    Operator,
    Partner,
    PauseReason,
    Privacy,
    Queue,
    Retention,
    Screening,
    Site,
    Target,
    Text,
    Tls,
    Trunk,
)

__all__ = [
    "Address",
    "Department",
    "Desk",
    "Dialplans",
    "Hotline",
    "Keys",
    "Listen",
    "Menu",
    "Operator",
    "Partner",
    "PauseReason",
    "Privacy",
    "Queue",
    "Retention",
    "Screening",
    "SettingsError",
    "Site",
    "Target",
    "Text",
    "Tls",
    "Trunk",
    "load",
    "read",
]
