"""The setup document as text: YAML 1.2, in which `on`, `no` and `12:30` are text and not something else.

Many tools still read YAML 1.1, to which they are true, false and 750. What is written says the same to both: text that
either would take for something else stands in quotes.
"""

from __future__ import annotations

import io
import re
from typing import Any

from django.utils.translation import gettext as _
from ruamel.yaml import YAML
from ruamel.yaml.constructor import DuplicateKeyError, SafeConstructor
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.nodes import ScalarNode
from ruamel.yaml.reader import ReaderError
from ruamel.yaml.representer import RoundTripRepresenter

from loyalty.setup.document import SetupRefused

AMBIGUOUS = re.compile(
    r"""
    | ~ | null | y | n | yes | no | on | off | true | false   # yaml.org/type/null.html, bool.html
    | [-+]? \.? (?: inf | nan )                               # float.html
    | << | =                                                  # merge.html, value.html
    | [-+.]* [0-9] [0-9a-fox_:.,+\-tz\ \t]*                   # numbers to any base, also 60; dates and times
    """,
    re.ASCII | re.IGNORECASE | re.VERBOSE,
)
"""Whatever some YAML takes for no text, and a little more."""


class Constructor(SafeConstructor):
    """Dates stay text, so that 2026-02-30 is refused by its path and not by a crash of the parser."""


Constructor.add_constructor("tag:yaml.org,2002:timestamp", SafeConstructor.construct_yaml_str)


class Representer(RoundTripRepresenter):
    """Text is text in any YAML, keys too."""

    def represent_str(self, data: str) -> ScalarNode:
        style = "'" if AMBIGUOUS.fullmatch(data) else None
        node: ScalarNode = self.represent_scalar("tag:yaml.org,2002:str", data, style=style)
        return node


Representer.add_representer(str, Representer.represent_str)


def read_yaml(text: str) -> dict[str, Any]:
    """The document in the text. Raises `SetupRefused` with the line of what is not YAML, or is given twice."""
    yaml = YAML(typ="safe", pure=True)
    yaml.Constructor = Constructor
    try:
        document = yaml.load(text)
    except (YAMLError, ValueError, RecursionError) as error:
        raise SetupRefused([_where_and_what(error, text)]) from error
    if document is None:
        return {}
    if not isinstance(document, dict):
        raise SetupRefused([("", _("the document must be a mapping of sections"))])
    return document


def _where_and_what(error: Exception, text: str) -> tuple[str, str]:
    """("line 4", what is wrong there), from an error of the parser."""
    if isinstance(error, ReaderError):
        return _line(text.count("\n", 0, error.position)), _("a character that cannot be in a document")
    if not isinstance(error, MarkedYAMLError):
        return "", _("the document cannot be read: it is nested too deeply, or has a number with too many digits")
    mark = error.problem_mark or error.context_mark
    where = _line(mark.line) if mark else ""
    if isinstance(error, DuplicateKeyError):
        key = re.search(r'duplicate key "(.*?)"', str(error.problem))
        return where, _('the key "%(key)s" is given twice') % {"key": key[1] if key else ""}
    return where, " ".join(str(error.problem or error.context).split())


def _line(index: int) -> str:
    return _("line %(number)d") % {"number": index + 1}


def write_yaml(document: dict[str, Any]) -> str:
    """The document as text, in the order of the sections, amounts in quotes."""
    yaml = YAML()
    yaml.Representer = Representer
    yaml.default_flow_style = False
    yaml.width = 120
    yaml.indent(mapping=2, sequence=4, offset=2)
    out = io.StringIO()
    yaml.dump(document, out)
    return out.getvalue()
