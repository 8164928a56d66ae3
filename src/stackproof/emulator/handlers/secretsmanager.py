"""Secrets Manager: secrets, their attachment to a database, their rotation."""

from __future__ import annotations

import json
from typing import Any, ClassVar

from stackproof.emulator.handlers.base import At, Handler, Made, Properties, changed, named, only, tag_pairs, without


class Secret(Handler):
    """AWS::SecretsManager::Secret."""

    type: ClassVar[str] = "AWS::SecretsManager::Secret"

    def create(self, at: At, new: Properties) -> Made:
        parameters = named(new, "Name", at)
        add = {}
        if new.get("GenerateSecretString") is not None:
            add["SecretString"] = _generated(at, new["GenerateSecretString"])
        secret = at.send("secretsmanager", "create_secret", parameters, beside=("GenerateSecretString",), add=add)
        return Made(secret["ARN"], {"Id": secret["ARN"]})

    def update(self, at: At, made: Made, new: Properties, old: Properties) -> Made:
        changes = changed(new, old)
        only(changes, "Description", "KmsKeyId", "SecretString", "GenerateSecretString", "Tags")
        client = at.client("secretsmanager")
        wanted = {key: new[key] for key in ("Description", "KmsKeyId") if key in new}
        if "SecretString" in changes and "SecretString" in new:
            wanted["SecretString"] = new["SecretString"]
        if "GenerateSecretString" in changes and new.get("GenerateSecretString") is not None:
            wanted["SecretString"] = _generated(at, new["GenerateSecretString"])
        client.update_secret(SecretId=made.id, **wanted)
        stale = {tag["Key"] for tag in tag_pairs(old)} - {tag["Key"] for tag in tag_pairs(new)}
        if stale:
            client.untag_resource(SecretId=made.id, TagKeys=sorted(stale))
        if new.get("Tags"):
            client.tag_resource(SecretId=made.id, Tags=tag_pairs(new))
        return made

    def delete(self, at: At, made: Made, old: Properties) -> None:
        at.client("secretsmanager").delete_secret(SecretId=made.id, ForceDeleteWithoutRecovery=True)


def _generated(at: At, how: Properties) -> str:
    password = at.send(
        "secretsmanager", "get_random_password", without(how, "SecretStringTemplate", "GenerateStringKey")
    )["RandomPassword"]
    if "GenerateStringKey" not in how:
        return str(password)
    return json.dumps({**json.loads(how.get("SecretStringTemplate", "{}")), how["GenerateStringKey"]: password})


class Attachment(Handler):
    """AWS::SecretsManager::SecretTargetAttachment: the database's address is added to the secret."""

    type: ClassVar[str] = "AWS::SecretsManager::SecretTargetAttachment"

    def create(self, at: At, new: Properties) -> Made:
        secrets = at.client("secretsmanager")
        content = json.loads(secrets.get_secret_value(SecretId=new["SecretId"])["SecretString"])
        content.update(self._address(at, new))
        secrets.put_secret_value(SecretId=new["SecretId"], SecretString=json.dumps(content))
        return Made(new["SecretId"])

    def delete(self, at: At, made: Made, old: Properties) -> None:
        """Nothing: as on AWS, the address stays in the secret until it is overwritten."""

    def _address(self, at: At, new: Properties) -> dict[str, Any]:
        if new["TargetType"] != "AWS::RDS::DBInstance":
            raise ValueError(f"secrets are attached to AWS::RDS::DBInstance only, not to {new['TargetType']}")
        found = at.client("rds").describe_db_instances(DBInstanceIdentifier=new["TargetId"])["DBInstances"][0]
        return {
            "engine": found["Engine"],
            "host": found["Endpoint"]["Address"],
            "port": found["Endpoint"]["Port"],
            "dbInstanceIdentifier": found["DBInstanceIdentifier"],
            **({"dbname": found["DBName"]} if found.get("DBName") else {}),
        }


class RotationSchedule(Handler):
    """AWS::SecretsManager::RotationSchedule."""

    type: ClassVar[str] = "AWS::SecretsManager::RotationSchedule"

    def create(self, at: At, new: Properties) -> Made:
        rename = {"RotateImmediatelyOnUpdate": "RotateImmediately"}
        at.send("secretsmanager", "rotate_secret", new, rename=rename)
        return Made(new["SecretId"])

    def update(self, at: At, made: Made, new: Properties, old: Properties) -> Made:
        only(changed(new, old), "RotationLambdaARN", "RotationRules", "RotateImmediatelyOnUpdate")
        return self.create(at, new)

    def delete(self, at: At, made: Made, old: Properties) -> None:
        at.client("secretsmanager").cancel_rotate_secret(SecretId=made.id)


HANDLERS = (Secret(), Attachment(), RotationSchedule())
