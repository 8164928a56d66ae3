"""ECR: repositories."""

from __future__ import annotations

import json
from typing import ClassVar

from stackproof.emulator.handlers.base import At, Handler, Made, Properties, changed, named, only, tag_pairs


class Repository(Handler):
    """AWS::ECR::Repository."""

    type: ClassVar[str] = "AWS::ECR::Repository"
    texts: ClassVar[tuple[str, ...]] = ("LifecyclePolicy", "RepositoryPolicyText")

    def create(self, at: At, new: Properties) -> Made:
        parameters = named(new, "RepositoryName", at, lower=True)
        repository = at.send("ecr", "create_repository", parameters, beside=self.texts)["repository"]
        attributes = {"Arn": repository["repositoryArn"], "RepositoryUri": repository["repositoryUri"]}
        made = Made(repository["repositoryName"], attributes)
        self._texts(at, made, new, {})
        return made

    def update(self, at: At, made: Made, new: Properties, old: Properties) -> Made:
        only(changed(new, old), *self.texts, "ImageScanningConfiguration", "ImageTagMutability", "Tags")
        ecr = at.client("ecr")
        scan = str((new.get("ImageScanningConfiguration") or {}).get("ScanOnPush", False)).lower() == "true"
        ecr.put_image_scanning_configuration(repositoryName=made.id, imageScanningConfiguration={"scanOnPush": scan})
        mutability = new.get("ImageTagMutability", "MUTABLE")
        ecr.put_image_tag_mutability(repositoryName=made.id, imageTagMutability=mutability)
        self._texts(at, made, new, old)
        stale = {tag["Key"] for tag in tag_pairs(old)} - {tag["Key"] for tag in tag_pairs(new)}
        if stale:
            ecr.untag_resource(resourceArn=made.attributes["Arn"], tagKeys=sorted(stale))
        if new.get("Tags"):
            ecr.tag_resource(resourceArn=made.attributes["Arn"], tags=tag_pairs(new))
        return made

    def delete(self, at: At, made: Made, old: Properties) -> None:
        at.client("ecr").delete_repository(repositoryName=made.id)

    def _texts(self, at: At, made: Made, new: Properties, old: Properties) -> None:
        ecr = at.client("ecr")
        lifecycle = (new.get("LifecyclePolicy") or {}).get("LifecyclePolicyText")
        if lifecycle:
            ecr.put_lifecycle_policy(repositoryName=made.id, lifecyclePolicyText=lifecycle)
        elif old.get("LifecyclePolicy"):
            ecr.delete_lifecycle_policy(repositoryName=made.id)
        if new.get("RepositoryPolicyText"):
            ecr.set_repository_policy(repositoryName=made.id, policyText=json.dumps(new["RepositoryPolicyText"]))
        elif old.get("RepositoryPolicyText"):
            ecr.delete_repository_policy(repositoryName=made.id)


HANDLERS = (Repository(),)
