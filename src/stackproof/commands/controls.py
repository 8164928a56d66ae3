"""`stackproof controls`: the catalogue, or all about one control."""

from __future__ import annotations

from stackproof.controls import all_controls
from stackproof.controls.frameworks import frameworks_of
from stackproof.errors import MisuseError


def show_controls(wanted: str | None) -> int:
    """Print every control in a line, or one with its reason, remedy and framework ids.

    Raises:
        MisuseError: there is no such control.

    """
    controls = {control.id: control for control in all_controls()}
    if wanted is None:
        for control in controls.values():
            print(f"{control.severity.label:<9} {control.id:<50} {', '.join(control.types)}")
        print(f"{len(controls)} controls")
        return 0
    if wanted not in controls:
        raise MisuseError(
            "stackproof controls", repr(wanted), "the id of a control", "Run it without one for the list."
        )
    control = controls[wanted]
    print(f"{control.id}  ({control.severity.label})\n  on    {', '.join(control.types)}")
    print(f"  why   {' '.join(control.rationale.split())}\n  fix   {' '.join(control.remediation.split())}")
    for framework, ids in frameworks_of(control.id).items():
        print(f"  {framework}: {', '.join(ids)}")
    if control.same_as:
        print(f"  same defect as {', '.join(control.same_as)}")
    return 0
