"""The catalog of controls is complete: every control explains itself, maps to a framework and is proven."""

from __future__ import annotations

import pkgutil
import re
from collections.abc import Iterator
from importlib import import_module
from types import ModuleType

import pytest

import stackproof.controls
import stackproof.resources
from selftest.controls.proof_files import all_proofs
from stackproof.controls import all_controls, collect
from stackproof.controls.frameworks import frameworks
from stackproof.model import Claim, Control, Outcome, Resource, Severity, control, not_applicable

FRAMEWORKS = {"fsbp", "nist-800-53", "pci-dss-4", "cis-aws-3"}
OF_OTHERS = re.compile(r"CKV2?_AWS_\d+|[EWI]\d{4}")


@pytest.mark.parametrize("subject", all_controls(), ids=lambda subject: subject.id)
def test_control_is_complete(subject: Control) -> None:
    """A control has a proper id, real types, a reason, a remedy, a framework and a proof of both kinds."""
    assert re.fullmatch(r"[a-z][a-z0-9]*(-[a-z0-9]+)+", subject.id)
    assert all(re.fullmatch(r"AWS::[A-Za-z0-9]+::[A-Za-z0-9]+", kind) for kind in subject.types)
    assert len(set(subject.types)) == len(subject.types)
    assert len(subject.rationale.split()) >= 6
    assert subject.rationale.endswith(".")
    assert len(subject.remediation.split()) >= 3
    assert all(OF_OTHERS.fullmatch(other) for other in subject.same_as)
    mapped = frameworks().get(subject.id, {})
    assert any(mapped.values()), "no framework names it"
    assert set(mapped) <= FRAMEWORKS
    outcomes = {snippet.outcome for snippet in all_proofs().get(subject.id, [])}
    assert {Outcome.PASS, Outcome.FAIL} <= outcomes, "not proven both ways"


def test_no_proof_or_framework_entry_is_about_a_control_that_is_not_there() -> None:
    """A renamed control takes its proofs and mappings along."""
    known = {subject.id for subject in all_controls()}
    assert not set(all_proofs()) - known
    assert not set(frameworks()) - known


def test_every_type_and_default_exists_in_the_schemas() -> None:
    """A control of a misspelt type would judge nothing, and a default at a misspelt path would never be read."""
    from cfnlint.schema.manager import PROVIDER_SCHEMA_MANAGER as SCHEMAS

    kinds = set(SCHEMAS.get_resource_types("us-east-1")) | {"AWS::CloudFormation::Stack"}
    assert not {kind for subject in all_controls() for kind in subject.types} - kinds
    missing = []
    for kind, defaults in _all_defaults():
        schema = SCHEMAS.get_resource_schema("us-east-1", kind).schema
        missing += [f"{kind} {path}" for path in defaults if not _has(schema, schema, path.split("."))]
    assert not missing


def test_two_controls_of_one_id_are_refused() -> None:
    """Findings, waivers and reports name a control by its id alone."""
    first, second = ModuleType("first"), ModuleType("second")
    first.same, second.same = _some_control(), _some_control()  # type: ignore[attr-defined]
    assert collect([first, first]) == (first.same,)
    with pytest.raises(ValueError, match="some-control is defined in first and in second"):
        collect([first, second])


def _some_control() -> Control:
    @control("AWS::S3::Bucket", severity=Severity.INFO, remediation="Nothing.")
    def some_control(bucket: Resource) -> Claim:
        """Only an example."""
        return not_applicable("an example", bucket.where(""))

    return some_control


def _all_defaults() -> Iterator[tuple[str, dict[str, object]]]:
    for found in pkgutil.iter_modules(stackproof.resources.__path__):
        module = import_module(f"stackproof.resources.{found.name}")
        yield from getattr(module, "DEFAULTS", {}).items()


def _has(schema: object, node: object, path: list[str]) -> bool:
    """Say whether a property path exists in a resource schema; objects without declared properties hold any."""
    assert isinstance(schema, dict)
    if not isinstance(node, dict):
        return False
    if "$ref" in node:
        return _has(schema, schema["definitions"][node["$ref"].rpartition("/")[2]], path)
    if "items" in node:
        return _has(schema, node["items"], path)
    branches = [*node.get("oneOf", []), *node.get("anyOf", [])]
    if not path or (not branches and not node.get("properties") and node.get("type") == "object"):
        return True
    inside = node.get("properties", {}).get(path[0])
    return (inside is not None and _has(schema, inside, path[1:])) or any(_has(schema, b, path) for b in branches)
