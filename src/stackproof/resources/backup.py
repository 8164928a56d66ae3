"""AWS Backup: which resources a selection takes, and what the service covers at all."""

from __future__ import annotations

import re
from typing import Final

from stackproof.model import Claim, Fact, Inventory, Reference, Resource, Value, all_of
from stackproof.model.matching import Answer, readable
from stackproof.model.values import Unknown
from stackproof.resources.entries import entry
from stackproof.resources.policy_values import hole_in, skeleton

SELECTION: Final = "AWS::Backup::BackupSelection"
PLAN: Final = "AWS::Backup::BackupPlan"
VAULT: Final = "AWS::Backup::BackupVault"

# Resource type -> how its ARN goes on after the partition (AWS Backup developer guide, "Supported resources")
SUPPORTED: Final[dict[str, str]] = {
    "AWS::RDS::DBInstance": "rds:{}:db:",
    "AWS::RDS::DBCluster": "rds:{}:cluster:",
    "AWS::DocDB::DBCluster": "rds:{}:cluster:",
    "AWS::Neptune::DBCluster": "rds:{}:cluster:",
    "AWS::DynamoDB::Table": "dynamodb:{}:table/",
    "AWS::DynamoDB::GlobalTable": "dynamodb:{}:table/",
    "AWS::EFS::FileSystem": "elasticfilesystem:{}:file-system/",
    "AWS::FSx::FileSystem": "fsx:{}:file-system/",
    "AWS::S3::Bucket": "s3:::",
    "AWS::EC2::Instance": "ec2:{}:instance/",
    "AWS::EC2::Volume": "ec2:{}:volume/",
    "AWS::Redshift::Cluster": "redshift:{}:cluster:",
    "AWS::Timestream::Table": "timestream:{}:database/",
    "AWS::CloudFormation::Stack": "cloudformation:{}:stack/",
}
_SERVICES: Final = frozenset(arn.partition(":")[0] for arn in SUPPORTED.values()) | {"backup-gateway", "ssm-sap"}


def is_supported(value: Value, inventory: Inventory, fact: Fact) -> Answer:
    """Say whether an element of a selection's Resources is something that AWS Backup can back up."""
    target = inventory.target(fact)
    if isinstance(target, Resource):
        return target.type in SUPPORTED
    text = skeleton(value)
    if text in ("*", None):
        return text == "*"
    found = re.match(r"arn:[^:]+:([^:]*):", text or "")
    if not found or "\ufffd" in found[1]:
        return hole_in(value)
    return found[1] == "*" or found[1] in _SERVICES


def selects(selection: Resource, resource: Resource, inventory: Inventory) -> Claim:
    """Hold when a selection takes this resource: by ARN or wildcard, or by its tags, and does not leave it out."""
    chosen = selection["BackupSelection"]
    by_arn = chosen["Resources"].some(lambda arn: _means(arn, resource, inventory))
    narrowed = all_of(_tagged(condition, resource) for condition in chosen["Conditions"]["StringEquals"].items())
    by_tag = chosen["ListOfTags"].some(lambda tag: _tagged(tag, resource))
    left_out = chosen["NotResources"].some(lambda arn: _means(arn, resource, inventory))
    return ((by_arn & narrowed) | by_tag) & ~left_out


def _means(arn: Fact, resource: Resource, inventory: Inventory) -> Claim:
    target = inventory.target(arn)
    if isinstance(target, Resource):
        return arn.claim(resource.address, lambda _: target.address == resource.address)
    return arn.claim(resource.address, lambda value: _pattern(value, resource, target))


def _pattern(value: Value, resource: Resource, unread: Unknown) -> Answer:
    text = skeleton(value)
    if text is None:
        return False
    if text == "*":
        return True
    if "*" not in text:
        return unread if "\ufffd" in text else _may_be(text, resource, unread)
    probe = f"arn:aws:{SUPPORTED.get(resource.type, '').format('region:account')}name"
    pattern = "".join(".*" if part in "*\ufffd" else re.escape(part) for part in re.split(r"([*\ufffd])", text) if part)
    named = any(re.fullmatch(pattern, name) for name in resource.names)
    return named or re.fullmatch(pattern, probe) is not None


def _may_be(arn: str, resource: Resource, unread: Unknown) -> Answer:
    """A literal ARN may be that of a resource whose name AWS gives; of another service it is not."""
    service = SUPPORTED.get(resource.type, "-").partition(":")[0]
    return unread if f":{service}:" in arn and not resource.names else False


def _tagged(condition: Fact, resource: Resource) -> Claim:
    key = readable(condition["ConditionKey"].value)
    if not isinstance(key, str):
        return condition["ConditionKey"].claim("a tag key", lambda _: key if isinstance(key, Unknown) else False)
    tag = _tag(resource, key.removeprefix("aws:ResourceTag/"))
    return tag.present() & tag.equals(condition["ConditionValue"].value)


def _tag(resource: Resource, key: str) -> Fact:
    """A tag's value; some types write tags as a mapping."""
    tags = resource["FileSystemTags"] if resource.type == "AWS::EFS::FileSystem" else resource["Tags"]
    return tags[key] if isinstance(tags.value, dict) else entry(tags, key)


def any_selection(resource: Resource, inventory: Inventory) -> Claim:
    """Hold when some selection of the system takes this resource."""
    return inventory.of_type(SELECTION).any(lambda selection: selects(selection, resource, inventory))


def copies(rule: Fact) -> Claim:
    """Hold when a backup rule copies to a vault that is not the one it writes to."""
    home = rule["TargetBackupVault"].value

    def elsewhere(copy: Fact) -> Claim:
        vault = copy["DestinationBackupVaultArn"]
        same = vault.claim("another vault", lambda value: _same_vault(value, home))
        return vault.present() & ~same

    return rule["CopyActions"].some(elsewhere)


def _same_vault(left: Value, right: Value) -> Answer:
    if isinstance(right, Unknown):
        return right
    return _target(left) is not None and _target(left) == _target(right)


def _target(value: Value) -> str | None:
    return value.target if isinstance(value, Reference) else None
