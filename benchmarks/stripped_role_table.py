"""From runs to tables: what each tool said when it could read, when it could not, and what that rests on."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from stripped_role_aws import Role
from stripped_role_questions import Question
from stripped_role_tools import Answer, Ran

SAID_SO: Final = "said so"
NEEDLESS: Final = "needless"
# What an answer is where nothing could be read that would answer the question
KINDS: Final = {
    Answer.PASS: "pass",
    Answer.FAIL: "fail",
    Answer.NOTHING: "vanished",
    Answer.UNKNOWN: SAID_SO,
    Answer.STOPPED: SAID_SO,
}
UNFOUNDED: Final = ("pass", "fail", "vanished")
LEGEND: Final = """\
left of >: with the role that may read all; right: with the stripped role, where the call behind the question is denied.
pass, fail: the tool says so of this resource. Cloud Custodian passes what its policy does not match.
unknown: it says that it could not tell. error: it says that this policy failed. nothing: it does not mention it.
!: pass, fail or nothing although nothing could be read that would answer. -: cannot be asked of this tool here.
?: unknown or error although something else that may be read answers (a bucket's public access block stands)."""


@dataclass(frozen=True, slots=True)
class Asked:
    """Everything that was measured. The first role may read all; `readable` is by role, question and logical id."""

    questions: Sequence[Question]
    roles: Sequence[Role]
    tools: Sequence[str]
    runs: Mapping[tuple[str, str], Ran]
    readable: Mapping[tuple[str, Question, str], bool]

    def rows(self, role: Role) -> Iterator[tuple[Question, str]]:
        """What this role may not read, though a question needs it: the question and the logical id."""
        for question in self.questions:
            for logical in question.pair():
                if role.lacks(question) and not self.readable[role.name, question, logical]:
                    yield question, logical

    def unenforced(self) -> list[str]:
        """Where the embedded AWS does not do what a role says; nothing follows from such answers."""
        odd = []
        for (name, question, logical), readable in self.readable.items():
            role = next(one for one in self.roles if one.name == name)
            if readable and role.lacks(question):
                odd.append(f"{question.text}, {logical}: may be read as {name!r} all the same")
            if not readable and role is self.roles[0]:
                odd.append(f"{question.text}, {logical}: may not be read as {name!r}")
        return odd

    def answer(self, tool: str, role: Role, row: tuple[Question, str]) -> Answer:
        """What a tool says with a role."""
        return self.runs[tool, role.name].answers.get(row, Answer.UNASKED)

    def kind(self, tool: str, role: Role, row: tuple[Question, str]) -> str:
        """Say what an answer is; empty where the tool has no answer even if it may read all.

        Where something else that may be read gives the answer, only not to know it is noted.
        """
        if self.answer(tool, self.roles[0], row) not in (Answer.PASS, Answer.FAIL):
            return ""
        kind = KINDS.get(self.answer(tool, role, row), "")
        if role.in_the_dark(*row):
            return kind
        return NEEDLESS if kind == SAID_SO else ""

    def counts(self, tool: str, role: Role) -> Counter[str]:
        """How many answers there are of each kind."""
        return Counter(kind for row in self.rows(role) if (kind := self.kind(tool, role, row)))


def print_tables(asked: Asked) -> None:
    """Print the answers by role, then the counts."""
    for role in asked.roles[1:]:
        print(f"\n{role.says}")
        _print(["question", "resource", *asked.tools], list(_cells(asked, role)))
    print(f"\n{LEGEND}\n")
    _print(
        ["tool", "role", "exit code", "seconds", "pass!", "fail!", "vanished!", "said so", "needless?", "unfounded"],
        [_figures(asked, tool, role) for tool in asked.tools for role in asked.roles],
    )
    for (tool, name), ran in asked.runs.items():
        if ran.broken:
            print(f"{tool}, {name}: no result: {ran.broken}")
    for line in asked.unenforced():
        print(f"not counted: {line}")


def _cells(asked: Asked, role: Role) -> Iterator[list[str]]:
    last = ""
    for row in asked.rows(role):
        question, logical = row
        cells = [_cell(asked, tool, role, row) for tool in asked.tools]
        yield [question.text if question.text != last else "", logical.removesuffix(question.resource).lower(), *cells]
        last = question.text
    yield ["exit code", "", *(_code(asked.runs[tool, role.name]) for tool in asked.tools)]


def _cell(asked: Asked, tool: str, role: Role, row: tuple[Question, str]) -> str:
    if asked.runs[tool, asked.roles[0].name].broken or asked.runs[tool, role.name].broken:
        return "no result"
    before, after = asked.answer(tool, asked.roles[0], row), asked.answer(tool, role, row)
    if before is after is Answer.UNASKED:
        return "-"
    kind = asked.kind(tool, role, row)
    return f"{before} > {after}{' !' if kind in UNFOUNDED else ' ?' if kind == NEEDLESS else ''}"


def _figures(asked: Asked, tool: str, role: Role) -> list[str]:
    ran, counts = asked.runs[tool, role.name], asked.counts(tool, role)
    dark = sum(counts[kind] for kind in (*UNFOUNDED, SAID_SO))
    figures = [str(counts[kind]) if dark else "" for kind in (*UNFOUNDED, SAID_SO, NEEDLESS)]
    share = f"{sum(counts[kind] for kind in UNFOUNDED)} of {dark}" if dark else ""
    return [tool, role.name, _code(ran), f"{ran.seconds:.0f}", *figures, share]


def _code(ran: Ran) -> str:
    return "none" if ran.code is None else str(ran.code)


def _print(head: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    widths = [max(len(row[n]) for row in (head, *rows)) for n in range(len(head))]
    for row in (head, ["-" * width for width in widths], *rows):
        print("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())
