"""What is wrong with a visited page, in sentences, and how pages are judged by their budget."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Final

_NODES: Final = 3  # elements that a sentence names
_SENTENCES: Final = 20  # problems that a message tells


@dataclass(frozen=True, slots=True)
class Budget:
    """What a page may take: lcp and load in milliseconds, cls without a unit.

    lcp and cls are Google's "good" (https://web.dev/articles/vitals); load is ours.
    """

    lcp: float = 2500
    cls: float = 0.1
    load: float = 3000


@dataclass(frozen=True, slots=True)
class Problem:
    """One failed check: its kind, the page's path, and a sentence that says what and where."""

    check: str  # console, request, accessibility, metrics, unmeasured or expected
    page: str
    says: str

    def __str__(self) -> str:
        return f"{self.page}: {self.says}" if self.page else self.says


class PageProblems(AssertionError):  # noqa: N818 - it is the assertion that fails, and reads so in a report
    """The checks that every page must pass, and did not. `problems` has each of them."""

    def __init__(self, person: str, problems: Sequence[Problem]) -> None:
        self.person = person
        self.problems = tuple(problems)
        told = [str(problem) for problem in self.problems[:_SENTENCES]]
        more = len(self.problems) - len(told)
        super().__init__("\n".join([f"{person} met: {told[0]}", *told[1:], *([f"and {more} more"] if more else [])]))


@dataclass(frozen=True, slots=True)
class Vitals:
    """How one document loaded: milliseconds from the start of its navigation, None where nothing was reported.

    `element` is the largest one that was painted, `shifted` those that moved.
    """

    page: str
    lcp: float | None = None
    cls: float = 0.0
    load: float | None = None
    element: str = ""
    shifted: str = ""
    url: str = field(default="", repr=False)  # may hold a token

    def shown(self) -> dict[str, object]:
        """As plain data for the evidence."""
        return {name: value for name, value in asdict(self).items() if name not in ("page", "url")}


@dataclass(slots=True)
class Measured:
    """All loads of one page. Those that were left before the browser had reported them count only where no other is."""

    loads: list[Vitals] = field(default_factory=list)

    @property
    def judged(self) -> list[Vitals]:
        """The loads that are judged."""
        return [load for load in self.loads if None not in (load.lcp, load.load)] or self.loads

    def median(self, name: str) -> float | None:
        """The middle one of an odd number of loads, the worse one of two; None when it was not reported."""
        values = [getattr(load, name) for load in self.judged]
        known = sorted(value for value in values if value is not None)
        return known[len(known) // 2] if known else None


def over_budget(page: str, measured: Measured, budget: Budget) -> list[Problem]:
    """Judge the loads of a page by their median. What was not reported is a problem of its own."""
    last = measured.judged[-1]
    times = f" (median of {len(measured.judged)} loads)" if len(measured.judged) > 1 else ""
    found = []
    for name, says, limit in (("lcp", "largest contentful paint", budget.lcp), ("load", "load", budget.load)):
        value = measured.median(name)
        if value is None:
            found.append(Problem("unmeasured", page, f"{says} was not measured: the browser did not report it"))
        elif value > limit:
            what = f" of {last.element}" if name == "lcp" and last.element else ""
            found.append(
                Problem("metrics", page, f"{says}{what} took {value:.0f} ms, the budget is {limit:.0f} ms{times}")
            )
    shift = measured.median("cls")
    if shift is not None and shift > budget.cls:
        where = f" by {last.shifted}" if last.shifted else ""
        found.append(Problem("metrics", page, f"layout shift{where} is {shift:.3f}, the budget is {budget.cls}{times}"))
    return found


def inaccessible(page: str, examined: Mapping[str, Any]) -> list[Problem]:
    """Say what axe found: a sentence for each rule that is broken, with the elements that break it."""
    if not examined.get("rules") and not examined["violations"]:
        return [Problem("unmeasured", page, "accessibility was not judged: axe had no rule that applied")]
    return [
        Problem(
            "accessibility",
            page,
            f"accessibility ({broken['impact']}): {broken['help']}: {_some(broken['nodes'])} [{broken['rule']}]",
        )
        for broken in examined["violations"]
    ]


def distinct(problems: Iterable[Problem]) -> list[Problem]:
    """Each problem once, in the order in which they were found."""
    return list(dict.fromkeys(problems))


def _some(nodes: Sequence[str]) -> str:
    more = len(nodes) - _NODES
    return ", ".join(nodes[:_NODES]) + (f" and {more} more" if more > 0 else "")
