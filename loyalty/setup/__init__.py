"""The setup document (`contract.md`): all that the owner configures, as one text that can be kept and repeated."""

from loyalty.setup.document import SetupRefused, dump, load
from loyalty.setup.presets import Preset, presets
from loyalty.setup.section import Change
from loyalty.setup.text import read_yaml, write_yaml

__all__ = ["Change", "Preset", "SetupRefused", "dump", "load", "presets", "read_yaml", "write_yaml"]
