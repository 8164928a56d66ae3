"""Documented defaults of EC2, VPC and EBS resources."""

from __future__ import annotations

from typing import Final

from stackproof.model import Value

DEFAULTS: Final[dict[str, dict[str, Value]]] = {
    # API ModifySubnetAttribute: a subnet outside a default VPC gives no public addresses.
    "AWS::EC2::Subnet": {"MapPublicIpOnLaunch": False, "AssignIpv6AddressOnCreation": False},
    # EC2 User Guide, instance metadata options: version 1 is allowed unless the image or account says otherwise.
    "AWS::EC2::Instance": {"MetadataOptions.HttpTokens": "optional", "MetadataOptions.HttpEndpoint": "enabled"},
    "AWS::EC2::LaunchTemplate": {
        "LaunchTemplateData.MetadataOptions.HttpTokens": "optional",
        "LaunchTemplateData.MetadataOptions.HttpEndpoint": "enabled",
    },
    # Template reference: an entry is for incoming traffic unless Egress is true.
    "AWS::EC2::NetworkAclEntry": {"Egress": False},
}
