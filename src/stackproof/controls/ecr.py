"""ECR: repositories of container images."""

from __future__ import annotations

from stackproof.model import Claim, Fact, Resource, Severity, control

REPOSITORY = "AWS::ECR::Repository"


@control(
    REPOSITORY,
    severity=Severity.HIGH,
    remediation="Set ImageScanningConfiguration.ScanOnPush: true.",
    same_as=("CKV_AWS_163",),
)
def ecr_scans_on_push(repository: Resource) -> Claim:
    """Known holes in an image show before it runs only if it is scanned when it comes in."""
    return repository["ImageScanningConfiguration"]["ScanOnPush"].equals(expected=True)


@control(
    REPOSITORY,
    severity=Severity.MEDIUM,
    remediation="Set ImageTagMutability: IMMUTABLE.",
    same_as=("CKV_AWS_51",),
)
def ecr_tags_immutable(repository: Resource) -> Claim:
    """A tag that can be overwritten does not say which image was tested, or who replaced it."""
    return repository["ImageTagMutability"].equals("IMMUTABLE")


@control(
    REPOSITORY,
    severity=Severity.LOW,
    remediation="Set LifecyclePolicy.LifecyclePolicyText with a rule that expires old and untagged images.",
)
def ecr_expires_images(repository: Resource) -> Claim:
    """Old images cost money, and someone may still start the one with the hole."""
    return repository["LifecyclePolicy"]["LifecyclePolicyText"].present()


@control(
    REPOSITORY,
    severity=Severity.LOW,
    remediation="Set EncryptionConfiguration: {EncryptionType: KMS, KmsKey: ...}.",
    same_as=("CKV_AWS_136",),
)
def ecr_own_key(repository: Resource) -> Claim:
    """With a key of its own, access to the images can be refused and audited apart from the registry."""
    return repository["EncryptionConfiguration"]["EncryptionType"].one_of("KMS", "KMS_DSSE")


@control(
    REPOSITORY,
    severity=Severity.CRITICAL,
    remediation="Name accounts or roles as Principal in RepositoryPolicyText, or limit '*' by a Condition.",
    same_as=("CKV_AWS_32",),
)
def ecr_not_public(repository: Resource) -> Claim:
    """A policy for everyone lets strangers pull the application, or push their own."""
    statements = repository["RepositoryPolicyText"]["Statement"]
    return statements.each(lambda statement: ~_for_everyone(statement))


def _for_everyone(statement: Fact) -> Claim:
    principal = statement["Principal"]
    anyone = principal.equals("*") | (
        principal.claim("a mapping", lambda value: isinstance(value, dict)) & principal["AWS"].contains("*")
    )
    return statement["Effect"].equals("Allow") & anyone & statement["Condition"].absent()
