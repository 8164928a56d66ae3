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
    index: int


class Choices:
    """The answers of one world: those of the script first, then the first option of each new question."""

    def __init__(self, script: Sequence[_Answer] = ()) -> None:
        self._script = list(script)
        self._asked: list[_Answer] = []
        self._product = 1
        self._undecided: set[str] = set()

    def pick(self, key: str, options: Sequence[str]) -> str | None:
        """Answer a question, the same way each time it is asked; None when there are too many worlds already."""
        for answer in self._asked:
            if answer.key == key:
                return answer.options[answer.index]
        if key in self._undecided:
            return None
        position = len(self._asked)
        if position < len(self._script):
            answer = self._script[position]
        elif options and self._product * len(options) <= MAX_WORLDS:
            answer = _Answer(key, tuple(options), 0)
        else:
            self._undecided.add(key)
            return None
        self._product *= len(answer.options)
        self._asked.append(answer)
        return answer.options[answer.index]

    @property
    def assumptions(self) -> dict[str, str]:
        """What was assumed, in the order in which it was asked."""
        return {answer.key: answer.options[answer.index] for answer in self._asked}

    def following(self) -> Choices | None:
        """The next world's answers, or None after the last."""
        asked = list(self._asked)
        while asked:
            last = asked.pop()
            if last.index + 1 < len(last.options):
                return Choices([*asked, last._replace(index=last.index + 1)])
        return None


def every_way() -> Iterator[Choices]:
    """Yield the choices of each world; each must be used for an evaluation before the next is taken."""
    choices: Choices | None = Choices()
    while choices is not None:
        yield choices
        choices = choices.following()
