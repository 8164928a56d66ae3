"""Plain YAML scalars as CloudFormation reads them: YAML 1.1, with dates left as text.

Account ids that start with 0 and have only octal digits become other numbers there too; `yes` and `on` are true.
(AWS: "supports the YAML Version 1.1 specification" without timestamp, binary, omap, pairs and set tags.)
"""

from __future__ import annotations

import math
import re
from typing import Final

_WORDS: Final = {
    word: value
    for value, words in ((True, ("yes", "true", "on")), (False, ("no", "false", "off")), (None, ("null",)))
    for text in words
    for word in (text, text.capitalize(), text.upper())
} | {"~": None, "": None}
_INTEGER: Final = re.compile(
    r"([-+]?)(?:0b([01_]+)|0x([0-9a-fA-F_]+)|0([0-7_]+)|([1-9][0-9_]*(?::[0-5]?[0-9])+)|(0|[1-9][0-9_]*))"
)
_FLOAT: Final = re.compile(
    r"[-+]?(?:[0-9][0-9_]*\.[0-9_]*(?:[eE][-+][0-9]+)?|\.[0-9][0-9_]*(?:[eE][-+][0-9]+)?|\.(?:inf|Inf|INF))|\.(?:nan|NaN|NAN)"
)
_MAX_DIGITS: Final = 400  # longer ones are text: Python refuses to convert some, and no AWS number is that long


def plain(text: str) -> str | int | float | bool | None:
    """Read an unquoted scalar."""
    if text in _WORDS:
        return _WORDS[text]
    if text[0] not in "+-.0123456789" or len(text) > _MAX_DIGITS:
        return text
    if whole := _INTEGER.fullmatch(text):
        return _integer(whole)
    if _FLOAT.fullmatch(text):
        number = _decimal(text)
        return number if math.isfinite(number) else text
    return text


def _integer(match: re.Match[str]) -> int | str:
    sign = -1 if match[1] == "-" else 1
    for group, base in ((2, 2), (3, 16), (4, 8), (6, 10)):
        if match[group] is not None:
            digits = match[group].replace("_", "")
            return sign * int(digits, base) if digits else match[0]
    value = 0
    for part in match[5].replace("_", "").split(":"):
        value = value * 60 + int(part)
    return sign * value


def _decimal(text: str) -> float:
    digits = text.replace("_", "").lower()
    return math.inf if "inf" in digits or "nan" in digits else float(digits) if digits not in ("+.", "-.") else math.inf
