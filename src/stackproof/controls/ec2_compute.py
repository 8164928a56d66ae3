"""Instances, launch templates and volumes."""

from __future__ import annotations

from stackproof.model import Claim, Fact, Inventory, Resource, Severity, control
from stackproof.resources.networks import is_public
from stackproof.resources.secret_values import no_secret_text

INSTANCE, TEMPLATE, CONFIGURATION = (
    "AWS::EC2::Instance",
    "AWS::EC2::LaunchTemplate",
    "AWS::AutoScaling::LaunchConfiguration",
)


def _data(resource: Resource) -> Fact:
    """The launch data: an instance's own properties, or those inside a launch template."""
    return resource["LaunchTemplateData"] if resource.type == TEMPLATE else resource.fact


@control(
    INSTANCE,
    TEMPLATE,
    CONFIGURATION,
    severity=Severity.HIGH,
    remediation="Set MetadataOptions.HttpTokens: required (or HttpEndpoint: disabled).",
    same_as=("CKV_AWS_79",),
)
def ec2_metadata_needs_token(resource: Resource, inventory: Inventory) -> Claim:
    """Version 1 of the metadata service gives the role's credentials to whoever makes the instance send a request."""
    options = _data(resource)["MetadataOptions"]
    safe = options["HttpTokens"].equals("required") | options["HttpEndpoint"].equals("disabled")
    launched_by = resource["LaunchTemplate"]["LaunchTemplateId"]
    if resource.type != INSTANCE:
        return safe
    by_template = launched_by.present() & inventory.follow(
        launched_by, lambda t: t.at("LaunchTemplateData.MetadataOptions.HttpTokens").equals("required")
    )
    return safe | by_template


@control(
    INSTANCE,
    TEMPLATE,
    CONFIGURATION,
    severity=Severity.HIGH,
    remediation="Set AssociatePublicIpAddress: false and use a load balancer or Session Manager.",
    same_as=("CKV_AWS_88",),
)
def ec2_instance_has_no_public_address(resource: Resource, inventory: Inventory) -> Claim:
    """An instance with a public address is one open port away from being attacked directly."""
    data = _data(resource)
    own = data["AssociatePublicIpAddress"].equals(expected=True) | data["NetworkInterfaces"].some(
        lambda card: card["AssociatePublicIpAddress"].equals(expected=True)
    )
    by_subnet = data["SubnetId"].present() & inventory.follow(
        data["SubnetId"],
        lambda subnet: subnet["MapPublicIpOnLaunch"].equals(expected=True) & is_public(subnet, inventory),
    )
    return ~(own | by_subnet)


@control(
    "AWS::EC2::Volume",
    severity=Severity.HIGH,
    remediation="Set Encrypted: true (and KmsKeyId for a key of your own).",
    same_as=("CKV_AWS_3",),
)
def ec2_volume_encrypted(volume: Resource) -> Claim:
    """Whoever gets hold of a copy or snapshot of an unencrypted volume reads it."""
    return volume["Encrypted"].equals(expected=True)


@control(
    INSTANCE,
    TEMPLATE,
    CONFIGURATION,
    severity=Severity.HIGH,
    remediation="Set Ebs.Encrypted: true in every block device mapping.",
    same_as=("CKV_AWS_8",),
)
def ec2_instance_volumes_encrypted(resource: Resource) -> Claim:
    """The disks of an instance hold its data, logs and keys; unencrypted, a snapshot gives them away."""
    devices = _data(resource)["BlockDeviceMappings"]
    return devices.each(
        lambda device: device["Ebs"]["Encrypted"].equals(expected=True).only_if(device["Ebs"].present())
    ).only_if(devices.present())


@control(
    INSTANCE,
    TEMPLATE,
    CONFIGURATION,
    severity=Severity.HIGH,
    remediation="Read the secret from Secrets Manager at start, with the instance's role, not from UserData.",
    same_as=("CKV_AWS_46",),
)
def ec2_user_data_holds_no_secret(resource: Resource, inventory: Inventory) -> Claim:
    """User data is readable for everyone on the instance and everyone who may describe it."""
    return no_secret_text(_data(resource)["UserData"], inventory)


@control(
    INSTANCE,
    severity=Severity.LOW,
    remediation="Set IamInstanceProfile to a profile with the least that the instance needs.",
)
def ec2_instance_has_role(instance: Resource) -> Claim:
    """Without a role, programs on the instance end up with access keys in files."""
    return instance["IamInstanceProfile"].present() | instance["LaunchTemplate"].present()
