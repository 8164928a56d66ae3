"""AWS IAM: what policies allow."""

from __future__ import annotations

from collections.abc import Callable

from stackproof.model import Claim, Fact, Inventory, Resource, Severity, all_of, control
from stackproof.resources import policies
from stackproof.resources.iam import escalates, granted_documents
from stackproof.resources.policies import IDENTITY_TYPES

# Reading, writing or connecting to data, and changing the passwords and settings of what holds it: actions that all
# take a resource, so * is never needed.
DATA_ACTIONS = (
    "s3:GetObject",
    "s3:PutObject",
    "s3:DeleteObject",
    "s3:ListBucket",
    "secretsmanager:GetSecretValue",
    "secretsmanager:PutSecretValue",
    "ssm:GetParameter",
    "ssm:GetParameters",
    "ssm:GetParametersByPath",
    "rds-db:connect",
    "rds-data:ExecuteStatement",
    "rds-data:BatchExecuteStatement",
    "dynamodb:GetItem",
    "dynamodb:BatchGetItem",
    "dynamodb:Query",
    "dynamodb:Scan",
    "dynamodb:PutItem",
    "dynamodb:UpdateItem",
    "dynamodb:DeleteItem",
    "dynamodb:BatchWriteItem",
    "elasticache:Connect",
    "sqs:SendMessage",
    "sqs:ReceiveMessage",
    "sqs:DeleteMessage",
    "sns:Publish",
    "kinesis:GetRecords",
    "kinesis:PutRecord",
    "kinesis:PutRecords",
    "lambda:InvokeFunction",
    "cognito-idp:AdminGetUser",
    "cognito-idp:AdminCreateUser",
    "cognito-idp:AdminSetUserPassword",
    "cognito-idp:AdminUpdateUserAttributes",
    "logs:GetLogEvents",
    "logs:FilterLogEvents",
    "elasticfilesystem:ClientMount",
    "elasticfilesystem:ClientWrite",
    "execute-api:Invoke",
    "execute-api:ManageConnections",
    "rds:ModifyDBInstance",
    "rds:ModifyDBCluster",
    "rds:ModifyDBProxy",
    "rds:ModifyDBParameterGroup",
    "rds:ModifyDBClusterParameterGroup",
    "rds:ModifyDBSnapshotAttribute",
    "rds:ModifyDBClusterSnapshotAttribute",
    "elasticache:ModifyReplicationGroup",
    "elasticache:ModifyCacheCluster",
    "elasticache:ModifyServerlessCache",
    "elasticache:ModifyCacheParameterGroup",
    "elasticache:ModifyUser",
    "elasticache:ModifyUserGroup",
    "backup:StartRestoreJob",
)
LOG_AND_IMAGE_ACTIONS = (
    "logs:CreateLogStream",
    "logs:PutLogEvents",
    "ecr:BatchGetImage",
    "ecr:GetDownloadUrlForLayer",
    "ecr:PutImage",
)
# Changing who may use a resource: each of these opens the resource to others.
PERMISSION_ACTIONS = (
    "s3:PutBucketPolicy",
    "s3:PutBucketAcl",
    "s3:PutObjectAcl",
    "s3:PutBucketPublicAccessBlock",
    "kms:PutKeyPolicy",
    "kms:CreateGrant",
    "lambda:AddPermission",
    "sqs:SetQueueAttributes",
    "sqs:AddPermission",
    "sns:AddPermission",
    "sns:SetTopicAttributes",
    "secretsmanager:PutResourcePolicy",
    "ecr:SetRepositoryPolicy",
    "dynamodb:PutResourcePolicy",
    "backup:PutBackupVaultAccessPolicy",
    "logs:PutResourcePolicy",
)


@control(
    *IDENTITY_TYPES,
    severity=Severity.CRITICAL,
    remediation="Replace Action * on Resource * by the actions and resources that are used.",
    same_as=("CKV_AWS_62",),
)
def iam_no_admin_policy(identity: Resource) -> Claim:
    """Whoever gets hold of such a principal owns the account."""
    return _no_statement(identity, lambda s: policies.every_action(s) & policies.everything(s))


@control(
    *IDENTITY_TYPES,
    severity=Severity.HIGH,
    remediation="List the actions that are used in place of * and service:*.",
    same_as=("CKV_AWS_63",),
)
def iam_actions_are_named(identity: Resource) -> Claim:
    """A whole service includes deleting it, opening it to others, and whatever AWS adds to it next."""
    return _no_statement(identity, policies.wildcard_actions)


@control(
    *IDENTITY_TYPES,
    severity=Severity.HIGH,
    remediation="Replace Resource * by the ARNs of the buckets, secrets, tables or databases that are used.",
    same_as=("CKV_AWS_108",),
)
def iam_data_actions_scoped(identity: Resource) -> Claim:
    """With * as the resource, one stolen role reads and writes every other application's data in the account."""
    return _no_statement(identity, lambda s: policies.boundless(s) & policies.covers(s, *DATA_ACTIONS))


@control(
    *IDENTITY_TYPES,
    severity=Severity.HIGH,
    remediation="Replace Resource * by the ARNs whose permissions may be changed, or remove the action.",
    same_as=("CKV_AWS_109",),
)
def iam_permission_changes_scoped(identity: Resource) -> Claim:
    """Whoever may rewrite resource policies on * can open any bucket, key, queue or function to anybody."""
    return _no_statement(identity, lambda s: policies.boundless(s) & policies.covers(s, *PERMISSION_ACTIONS))


@control(
    *IDENTITY_TYPES,
    severity=Severity.LOW,
    remediation="Replace Resource * by the ARNs of the application's own log groups and repositories.",
)
def iam_logs_and_images_scoped(identity: Resource) -> Claim:
    """With * one stolen role writes false lines into every log and reads the code in every other application's image.

    Logging in to the registry takes no resource and is not meant.
    """
    return _no_statement(identity, lambda s: policies.boundless(s) & policies.covers(s, *LOG_AND_IMAGE_ACTIONS))


@control(
    *IDENTITY_TYPES,
    severity=Severity.MEDIUM,
    remediation="Replace Resource * by the ARNs of the keys that are used.",
)
def iam_decryption_scoped(identity: Resource) -> Claim:
    """Decrypting with every key of the account undoes the separation that the keys are there for."""
    return _no_statement(
        identity, lambda s: policies.boundless(s) & policies.covers(s, "kms:Decrypt", "kms:ReEncryptFrom")
    )


@control(
    *IDENTITY_TYPES,
    severity=Severity.HIGH,
    remediation="Name the roles in Resource of iam:PassRole, and the service in Condition iam:PassedToService.",
)
def iam_pass_role_scoped(identity: Resource) -> Claim:
    """Who may pass any role to a service can have the service act with the rights of the strongest one."""
    return _no_statement(identity, lambda s: policies.boundless(s) & policies.covers(s, "iam:PassRole"))


@control(
    *IDENTITY_TYPES,
    severity=Severity.HIGH,
    remediation="Replace NotAction by Action, and NotResource by Resource, in statements with Effect Allow.",
)
def iam_allow_lists_what_it_allows(identity: Resource) -> Claim:
    """Allow with NotAction or NotResource grants everything else, including what AWS adds tomorrow."""
    return _no_statement(identity, lambda s: s["NotAction"].present() | s["NotResource"].present())


@control(
    "AWS::IAM::Role",
    "AWS::IAM::User",
    "AWS::IAM::Group",
    severity=Severity.HIGH,
    remediation="Take one of the listed actions away, or name the resources that it may be used on.",
    same_as=("CKV_AWS_110",),
)
def iam_cannot_escalate(identity: Resource, inventory: Inventory) -> Claim:
    """Some rights are enough to get all others: passing a role, rewriting a policy, changing a function's code."""
    return ~escalates(list(granted_documents(identity, inventory)))


@control(
    "AWS::IAM::Policy",
    "AWS::IAM::UserPolicy",
    "AWS::IAM::User",
    severity=Severity.LOW,
    remediation="Attach the policy to a group or, better, to a role.",
    same_as=("CKV_AWS_40",),
)
def iam_no_policies_on_users(identity: Resource) -> Claim:
    """Rights given to single users are forgotten when the person changes jobs."""
    if identity.type == "AWS::IAM::User":
        return identity["Policies"].absent() & identity["ManagedPolicyArns"].absent()
    return identity["Users"].absent() & identity["UserName"].absent()


@control(
    "AWS::IAM::AccessKey",
    severity=Severity.MEDIUM,
    remediation="Use a role in place of a user with a key; until then set Status to Inactive.",
)
def iam_no_active_access_key(key: Resource) -> Claim:
    """An access key never expires, and its secret passes through the stack's outputs or into a secret."""
    return key["Status"].equals("Inactive")


def _no_statement(identity: Resource, wrong: Callable[[Fact], Claim]) -> Claim:
    """No Allow statement of any document written in this resource is wrong; nothing to judge without documents."""
    documents = policies.identity_documents(identity)
    claims = [~policies.any_statement(document).some(lambda s: wrong(s) & policies.allows(s)) for document in documents]
    if claims:
        return all_of(claims)
    return identity["Policies"].absent()
