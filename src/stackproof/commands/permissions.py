"""`stackproof permissions`: the smallest policy with which a role can read all of a system, and nothing else.

It is worked out from the templates alone: no credentials, no call.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, Final

from stackproof.engine.systems import target_of
from stackproof.errors import MisuseError
from stackproof.model import Inventory
from stackproof.probes import actions_for
from stackproof.sources import evaluate
from stackproof.sources.live.needs import Need, joined, needs_of, unreadable
from stackproof.sources.live.policies import LONGEST, Document, documents, length, statements
from stackproof.system.loading import System, find_system, load_system

INCOMPLETE: Final = 6  # as for evidence that is missing


def permissions(options: argparse.Namespace) -> int:
    """Print the policy to stdout; what it leaves out and, when asked, what its actions are for, to stderr.

    Return 6 when a template could not be evaluated, so that more may be needed than the policy says.

    Raises:
        MisuseError: the system, an environment or a part is unknown.

    """
    system = load_system(find_system(options.system, Path.cwd()))
    inventories: list[Inventory] = []
    needed: list[tuple[Need, ...]] = []
    for name in dict.fromkeys(options.environment or _real(system)):
        target = target_of(system, name, Path.cwd())
        worlds = [world.inventory for world in evaluate(target.stacks, target.deployment).worlds]
        needed.append(needs_of(worlds, {stack.component: stack.name for stack in target.stacks}))
        if options.probes:
            needed.append(tuple(Need(action, entries) for action, entries in actions_for(system, name).items()))
        inventories += worlds
    needs = joined(needed)
    made = documents(statements(needs))
    if options.format == "cloudformation":
        print(json.dumps(_template(system.file.name, made), indent=2))
    else:
        print("\n\n".join(json.dumps(one, indent=2) for one in _chosen(made, options.part)))
    if options.explain:
        _explain(needs)
    return _left_out(inventories, made, alone=bool(options.part) or options.format == "cloudformation")


def _real(system: System) -> list[str]:
    """The environments that lie in an account; the embedded one asks for no permission."""
    names = list(system.file.environments)
    return [name for name in names if not system.environment(name).emulated] or names


def _chosen(made: Sequence[Document], part: int) -> Sequence[Document]:
    if not part:
        return made
    if not 1 <= part <= len(made):
        raise MisuseError("--part", str(part), f"a number from 1 to {len(made)}: so many documents it takes")
    return [made[part - 1]]


def _template(name: str, made: Sequence[Document]) -> Document:
    policies: dict[str, Any] = {}
    outputs: dict[str, Any] = {}
    for number, document in enumerate(made, 1):
        logical = f"ReadPolicy{number}"
        what = f"Read what stackproof judges of {name}, {number} of {len(made)}"
        policies[logical] = {
            "Type": "AWS::IAM::ManagedPolicy",
            "Properties": {"Description": what, "PolicyDocument": document},
        }
        outputs[logical] = {"Description": what, "Value": {"Ref": logical}}
    return {
        "AWSTemplateFormatVersion": "2010-09-09",
        "Description": f"What a role needs to read {name}; attach every policy to it.",
        "Resources": policies,
        "Outputs": outputs,
    }


def _explain(needs: Iterable[Need]) -> None:
    for need in needs:
        where = "" if need.resources == ("*",) else f"  on {', '.join(need.resources)}"
        print(f"{need.action:<50} {', '.join(sorted(need.types))}{where}", file=sys.stderr)


def _left_out(inventories: Sequence[Inventory], made: Sequence[Document], *, alone: bool) -> int:
    """Say what the policy does not cover, and how it is to be used where it is more than one."""
    if len(made) > 1 and not alone:
        sizes = ", ".join(str(length(document)) for document in made)
        note = f"{len(made)} documents ({sizes} characters): AWS takes {LONGEST:,} in one; --part N prints one alone"
        print(f"stackproof: {note}", file=sys.stderr)
    unread = unreadable(r.type for inventory in inventories for r in inventory.resources)
    if unread:
        print(f"stackproof: nothing reads {', '.join(unread)}, whatever is permitted", file=sys.stderr)
    gaps = dict.fromkeys(str(gap.unknown) for inventory in inventories for gap in inventory.gaps if not gap.types)
    for gap in gaps:
        print(f"stackproof: more may be needed: {gap}", file=sys.stderr)
    return INCOMPLETE if gaps else 0
