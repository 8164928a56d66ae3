"""Controls: what is demanded of a resource, and why."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

from stackproof.model.claims import Claim, Where
from stackproof.model.findings import Severity
from stackproof.model.inventory import Inventory, Resource

Judge: TypeAlias = Callable[[Resource, Inventory], Claim]
Rule: TypeAlias = Judge | Callable[[Resource], Claim]


@dataclass(frozen=True, slots=True)
class Demand:
    """How many resources there must be: a test of their number, and the test in words."""

    holds: Callable[[int], bool]
    words: str


@dataclass(frozen=True, slots=True)
class Control:
    """One demand on every resource of some types.

    `judge` states it as a claim about facts. `same_as` names the checks of other engines that look for the same
    defect (`CKV_AWS_16`, `E3012`): found by both, it is one finding.

    A control made from an expectation also says which resources it means (`selects`), how many there must be
    (`demands`, on the number of resources, with its words), which requirements it proves, and where it is stated.
    """

    id: str
    types: tuple[str, ...]
    severity: Severity
    rationale: str
    remediation: str
    judge: Judge
    same_as: tuple[str, ...] = ()
    selects: Callable[[Resource], Claim] | None = None
    demands: Demand | None = None
    proves: tuple[str, ...] = ()
    stated: Where | None = None


def control(
    *types: str, severity: Severity, remediation: str, same_as: tuple[str, ...] = ()
) -> Callable[[Rule], Control]:
    """Turn a function into a control: its name is the id, its docstring the rationale.

    The function takes the resource, and the inventory too if it looks at other resources, and returns a claim.
    The type `*` alone means every type; the control then has no types.

    Raises:
        TypeError: a control without types or docstring, which would judge nothing or explain nothing.

    """

    def build(rule: Rule) -> Control:
        name = rule.__name__
        if not types or not rule.__doc__:
            raise TypeError(f"control {name}: got no resource types or no docstring, expected both")
        alone = len(inspect.signature(rule).parameters) == 1
        judge: Judge = (lambda resource, _: rule(resource)) if alone else rule  # type: ignore[call-arg, assignment]
        rationale = inspect.cleandoc(rule.__doc__)
        kinds = () if types == ("*",) else types
        return Control(name.replace("_", "-"), kinds, severity, rationale, remediation, judge, same_as)

    return build
