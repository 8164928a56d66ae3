"""AWS IAM: what a role, user or group may do in all, the known ways to escalate, and who uses a role."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from stackproof.model import Claim, Fact, Inventory, Resource, Value, all_of, any_of
from stackproof.resources import policies
from stackproof.resources.policy_values import skeleton

DEFAULTS: Final[dict[str, dict[str, Value]]] = {
    "AWS::IAM::AccessKey": {"Status": "Active"},  # IAM API reference, CreateAccessKey: a new key is active
}

# Ways in which a principal reaches rights that it was not given: each set of actions, on any resource, is enough.
# After Rhino Security Labs' published list of AWS privilege escalation methods, one line per method.
ESCALATIONS: Final[tuple[tuple[str, ...], ...]] = (
    ("iam:CreatePolicyVersion",),
    ("iam:SetDefaultPolicyVersion",),
    ("iam:CreateAccessKey",),
    ("iam:CreateLoginProfile",),
    ("iam:UpdateLoginProfile",),
    ("iam:AttachUserPolicy",),
    ("iam:AttachGroupPolicy",),
    ("iam:AttachRolePolicy",),
    ("iam:PutUserPolicy",),
    ("iam:PutGroupPolicy",),
    ("iam:PutRolePolicy",),
    ("iam:AddUserToGroup",),
    ("iam:UpdateAssumeRolePolicy",),
    ("iam:DeleteRolePermissionsBoundary",),
    ("iam:DeleteUserPermissionsBoundary",),
    ("sts:AssumeRole",),
    ("lambda:UpdateFunctionCode",),
    ("lambda:UpdateFunctionConfiguration",),
    ("glue:UpdateDevEndpoint",),
    ("ssm:SendCommand",),
    ("ssm:StartSession",),
    ("cloudformation:UpdateStack",),
    ("codebuild:UpdateProject", "codebuild:StartBuild"),
    ("iam:PassRole", "lambda:CreateFunction", "lambda:InvokeFunction"),
    ("iam:PassRole", "lambda:CreateFunction", "lambda:AddPermission"),
    ("iam:PassRole", "lambda:CreateFunction", "lambda:CreateEventSourceMapping"),
    ("iam:PassRole", "lambda:CreateFunction", "lambda:CreateFunctionUrlConfig"),
    ("iam:PassRole", "ec2:RunInstances"),
    ("iam:PassRole", "ec2:AssociateIamInstanceProfile"),
    ("iam:PassRole", "ecs:RegisterTaskDefinition", "ecs:RunTask"),
    ("iam:PassRole", "ecs:RegisterTaskDefinition", "ecs:CreateService"),
    ("iam:PassRole", "ecs:RegisterTaskDefinition", "ecs:UpdateService"),
    ("iam:PassRole", "cloudformation:CreateStack"),
    ("iam:PassRole", "glue:CreateDevEndpoint"),
    ("iam:PassRole", "glue:CreateJob", "glue:StartJobRun"),
    ("iam:PassRole", "datapipeline:CreatePipeline", "datapipeline:PutPipelineDefinition"),
    ("iam:PassRole", "codebuild:CreateProject", "codebuild:StartBuild"),
    ("iam:PassRole", "sagemaker:CreateNotebookInstance"),
    ("iam:PassRole", "sagemaker:CreateTrainingJob"),
    ("iam:PassRole", "states:CreateStateMachine", "states:StartExecution"),
    ("iam:PassRole", "batch:RegisterJobDefinition", "batch:SubmitJob"),
    ("iam:PassRole", "scheduler:CreateSchedule"),
    ("iam:PassRole", "autoscaling:CreateLaunchConfiguration", "autoscaling:CreateAutoScalingGroup"),
)

# Service principal prefix -> where a resource names the role that the service assumes: type and property path
USERS_OF_ROLES: Final[dict[str, tuple[tuple[str, str], ...]]] = {
    "lambda": (("AWS::Lambda::Function", "Role"),),
    "ecs-tasks": (
        ("AWS::ECS::TaskDefinition", "TaskRoleArn"),
        ("AWS::ECS::TaskDefinition", "ExecutionRoleArn"),
    ),
    "ecs": (("AWS::ECS::Service", "Role"), ("AWS::ECS::Service", "VolumeConfigurations.ManagedEBSVolume.RoleArn")),
    "ec2": (("AWS::IAM::InstanceProfile", "Roles"),),
    "states": (("AWS::StepFunctions::StateMachine", "RoleArn"),),
    "events": (("AWS::Events::Rule", "RoleArn"), ("AWS::Events::Rule", "Targets.RoleArn")),
    "scheduler": (("AWS::Scheduler::Schedule", "Target.RoleArn"),),
    "pipes": (("AWS::Pipes::Pipe", "RoleArn"),),
    "apigateway": (
        ("AWS::ApiGateway::Account", "CloudWatchRoleArn"),
        ("AWS::ApiGateway::Method", "Integration.Credentials"),
        ("AWS::ApiGateway::Authorizer", "AuthorizerCredentials"),
        ("AWS::ApiGatewayV2::Integration", "CredentialsArn"),
        ("AWS::ApiGatewayV2::Authorizer", "AuthorizerCredentialsArn"),
    ),
    "monitoring.rds": (("AWS::RDS::DBInstance", "MonitoringRoleArn"), ("AWS::RDS::DBCluster", "MonitoringRoleArn")),
    "backup": (("AWS::Backup::BackupSelection", "BackupSelection.IamRoleArn"),),
    "vpc-flow-logs": (("AWS::EC2::FlowLog", "DeliverLogsPermissionArn"),),
    "cloudtrail": (("AWS::CloudTrail::Trail", "CloudWatchLogsRoleArn"),),
    "cognito-idp": (("AWS::Cognito::UserPool", "SmsConfiguration.SnsCallerArn"),),
    "amplify": (("AWS::Amplify::App", "IAMServiceRole"), ("AWS::Amplify::App", "ComputeRoleArn")),
    "codebuild": (("AWS::CodeBuild::Project", "ServiceRole"),),
    "codepipeline": (("AWS::CodePipeline::Pipeline", "RoleArn"),),
    "application-autoscaling": (("AWS::ApplicationAutoScaling::ScalableTarget", "RoleARN"),),
}


def granted_documents(identity: Resource, inventory: Inventory) -> Iterator[Fact]:
    """Every policy document that a role, user or group gets from the system: its own, attached and managed ones.

    A policy that may be attached, or cannot be followed, comes as an unknown document. AWS's own managed policies
    do not come.
    """
    yield from policies.identity_documents(identity)
    found = [
        pointing
        for kind in ("Role", "User", "Group")
        for pointing in (
            inventory.pointing_to(identity, "AWS::IAM::Policy", "AWS::IAM::ManagedPolicy", at=f"{kind}s"),
            inventory.pointing_to(identity, f"AWS::IAM::{kind}Policy", at=f"{kind}Name"),
        )
    ]
    yield from (policy["PolicyDocument"] for pointing in found for policy in pointing)
    doubts = dict.fromkeys(doubt for pointing in found for doubt in pointing.doubts)  # six questions share one doubt
    yield from (Fact("PolicyDocument", doubt, identity.where("")) for doubt in doubts)
    for arn in identity["ManagedPolicyArns"].items():
        managed = inventory.target(arn)
        if isinstance(managed, Resource):
            yield managed["PolicyDocument"]
        elif ":iam::aws:policy/" not in (skeleton(arn.value) or ""):
            yield replace(arn, value=managed)


def escalates(documents: list[Fact]) -> Claim:
    """Hold when the documents grant every action of at least one way to escalate, on any resource."""
    statements = [statement for document in documents for statement in policies.statements(document)]
    grants = [(s, g) for s in statements if (g := _grants_anywhere(s)).holds is not False]
    denials = [(s, d) for s in statements if (d := _denies_everywhere(s)).holds is not False]
    if not grants:
        return any_of(_grants_anywhere(s) for s in statements)

    def may(action: str) -> Claim:
        allowed = any_of(policies.covers(s, action) & granted for s, granted in grants)
        return allowed & ~any_of(policies.covers(s, action) & denied for s, denied in denials)

    known = {action: may(action) for action in sorted({a for way in ESCALATIONS for a in way})}
    return any_of(all_of(known[action] for action in way) for way in ESCALATIONS)


def _grants_anywhere(statement: Fact) -> Claim:
    return policies.boundless(statement) & policies.allows(statement) & statement["Condition"].absent()


def _denies_everywhere(statement: Fact) -> Claim:
    return policies.everything(statement) & policies.denies(statement) & statement["Condition"].absent()
