"""Goes through every way in which undecided parameters and conditions may turn out.

The evaluation asks when it needs an answer; each way replays it with other answers. So just what matters is
enumerated. One path branches into at most `MAX_WORLDS`; what is asked beyond that stays undecided, which is sound.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

MAX_WORLDS: Final = 64


class _Answer(NamedTuple):
    key: str
    options: tuple[str, ...]
    chosen: int


class Choices:
    """The answers of one world: those of the script first, then the first option of each new question."""

    def __init__(self, script: Sequence[_Answer] = ()) -> None:
        self._script = {answer.key: answer for answer in script}
        self._asked: dict[str, _Answer | None] = {}
        self._product = 1

    def pick(self, key: str, options: Sequence[str]) -> str | None:
        """Answer a question, the same way each time it is asked; None when there are too many worlds already."""
        if key not in self._asked:
            answer = self._script.get(key) or _Answer(key, tuple(options), 0)
            fits = bool(answer.options) and self._product * len(answer.options) <= MAX_WORLDS
            self._asked[key] = answer if fits else None
            self._product *= len(answer.options) if fits else 1
        found = self._asked[key]
        return found.options[found.chosen] if found else None

    @property
    def assumptions(self) -> dict[str, str]:
        """What was assumed, in the order in which it was asked."""
        return {key: answer.options[answer.chosen] for key, answer in self._asked.items() if answer}

    def following(self) -> Choices | None:
        """The next world's answers, or None after the last."""
        asked = [answer for answer in self._asked.values() if answer]
        while asked:
            last = asked.pop()
            if last.chosen + 1 < len(last.options):
                return Choices([*asked, last._replace(chosen=last.chosen + 1)])
        return None


def every_way() -> Iterator[Choices]:
    """Yield the choices of each world; each must be used for an evaluation before the next is taken."""
    choices: Choices | None = Choices()
    while choices is not None:
        yield choices
        choices = choices.following()
