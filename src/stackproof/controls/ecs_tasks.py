"""ECS task definitions: images, privileges, secrets and logs of containers."""

from __future__ import annotations

from stackproof.model import Claim, Fact, Inventory, Resource, Severity, control
from stackproof.resources.ecs import in_own_registry, is_pinned
from stackproof.resources.entries import same_pointer
from stackproof.resources.secret_values import no_secret_pair, no_secret_text

TASK = "AWS::ECS::TaskDefinition"


def _containers(task: Resource) -> Fact:
    return task["ContainerDefinitions"]


def _runs_linux(task: Resource) -> Claim:
    family = task["RuntimePlatform"]["OperatingSystemFamily"]
    return family.absent() | family.equals("LINUX")


@control(
    TASK,
    severity=Severity.HIGH,
    remediation="Set Image to a digest (name@sha256:...) or to a full version or commit tag; never latest or none.",
)
def ecs_image_pinned(task: Resource) -> Claim:
    """A tag that moves runs other code after a restart than the one that was tested."""
    pinned = _containers(task).each(lambda c: c["Image"].claim("an image pinned to a version or digest", is_pinned))
    return _containers(task).present() & pinned


@control(
    TASK,
    severity=Severity.HIGH,
    remediation="Push the image to an AWS::ECR::Repository of the account and set Image to its RepositoryUri.",
)
def ecs_image_from_own_registry(task: Resource) -> Claim:
    """An image of a public registry is someone else's program: it can change, vanish or hold malware.

    A bare base image such as node:18-alpine does not even hold an application.
    """
    return _containers(task).each(lambda c: c["Image"].claim("an image from the account's registry", in_own_registry))


@control(
    TASK,
    severity=Severity.HIGH,
    remediation="Remove Privileged or set it to false.",
)
def ecs_container_not_privileged(task: Resource) -> Claim:
    """A privileged container is root on its host and on every other task there."""
    return _containers(task).each(lambda c: ~c["Privileged"].equals(expected=True))


@control(
    TASK,
    severity=Severity.MEDIUM,
    remediation="Set ReadonlyRootFilesystem: true and mount a volume where the program must write.",
)
def ecs_container_root_readonly(task: Resource) -> Claim:
    """Who breaks into a container with a writable file system can leave tools and changed programs there."""
    readonly = _containers(task).each(lambda c: c["ReadonlyRootFilesystem"].equals(expected=True))
    return readonly.only_if(_runs_linux(task))


@control(
    TASK,
    severity=Severity.MEDIUM,
    remediation="Set User to a name or number that is not root, such as '1000:1000'.",
)
def ecs_container_not_root(task: Resource) -> Claim:
    """A hole in a program that runs as root gives everything in the container at once."""

    def other_than_root(container: Fact) -> Claim:
        user = container["User"]
        return user.present() & ~user.matches(r"(root|0)(:.*)?")

    return _containers(task).each(other_than_root).only_if(_runs_linux(task))


@control(
    TASK,
    severity=Severity.HIGH,
    remediation="Remove PidMode and IpcMode, or set them to task.",
)
def ecs_task_not_in_host_namespaces(task: Resource) -> Claim:
    """In the host's process or memory namespace a container sees and can end everything else on it."""
    return ~task["PidMode"].equals("host") & ~task["IpcMode"].equals("host")


@control(
    TASK,
    severity=Severity.MEDIUM,
    remediation="Set NetworkMode: awsvpc.",
)
def ecs_task_has_own_network(task: Resource) -> Claim:
    """Only with awsvpc has a task its own address and security group; in host mode it shares all ports."""
    return task["NetworkMode"].equals("awsvpc")


@control(
    TASK,
    severity=Severity.MEDIUM,
    remediation="Set LogConfiguration with LogDriver: awslogs and awslogs-group in every container.",
)
def ecs_container_logs(task: Resource) -> Claim:
    """What a container says is gone with it unless it is sent somewhere."""

    def logs(container: Fact) -> Claim:
        configuration = container["LogConfiguration"]
        options = configuration["Options"]
        complete = options["awslogs-group"].present() & options["awslogs-region"].present()
        return configuration["LogDriver"].present() & (~configuration["LogDriver"].equals("awslogs") | complete)

    return _containers(task).each(logs)


@control(
    TASK,
    severity=Severity.CRITICAL,
    remediation="Move the value to Secrets Manager and name it under Secrets (ValueFrom), not under Environment.",
)
def ecs_environment_holds_no_secret(task: Resource, inventory: Inventory) -> Claim:
    """Everyone who may describe the task definition reads its environment, in every revision ever registered.

    A dynamic reference is no way out: AWS puts the secret's value there at deployment.
    """

    def plain(container: Fact) -> Claim:
        environment = container["Environment"].each(lambda pair: no_secret_pair(pair["Name"], pair["Value"], inventory))
        command = container["Command"].each(lambda word: no_secret_text(word, inventory))
        return environment & command

    return _containers(task).each(plain)


@control(
    TASK,
    severity=Severity.MEDIUM,
    remediation="Set TaskRoleArn and ExecutionRoleArn to two different roles.",
)
def ecs_task_roles_separate(task: Resource) -> Claim:
    """The execution role pulls images and reads secrets for the start; the running program needs neither."""
    running, starting = task["TaskRoleArn"], task["ExecutionRoleArn"]
    same = running.claim("the execution role", lambda role: same_pointer(role, starting.value))
    return (~same).only_if(running.present() & starting.present())


@control(
    TASK,
    severity=Severity.HIGH,
    remediation="Set EFSVolumeConfiguration.TransitEncryption: ENABLED.",
    same_as=("CKV_AWS_97",),
)
def ecs_efs_encrypted_in_transit(task: Resource) -> Claim:
    """Files on a shared file system go over the network in the clear unless told otherwise."""
    volumes = task["Volumes"]
    shared = volumes.some(lambda volume: volume["EFSVolumeConfiguration"].present())
    encrypted = volumes.each(
        lambda volume: (
            volume["EFSVolumeConfiguration"]["TransitEncryption"]
            .equals("ENABLED")
            .only_if(volume["EFSVolumeConfiguration"].present())
        )
    )
    return encrypted.only_if(shared)
