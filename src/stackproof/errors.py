"""Misuse of the harness: a wrong file, name or option. Ends the run with exit code 4 and no traceback.

What is wrong with the system under test is never an exception; it is a finding.
"""

from __future__ import annotations


class MisuseError(Exception):
    """Say where the mistake is, what was got, what was expected, and what to do about it."""

    def __init__(self, where: str, got: str, expected: str, advice: str = "") -> None:
        self.where = where
        self.got = got
        self.expected = expected
        self.advice = advice
        super().__init__(f"{where}: got {got}, expected {expected}" + (f". {advice}" if advice else ""))
