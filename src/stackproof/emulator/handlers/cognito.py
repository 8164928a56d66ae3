"""Cognito: user pools, their clients and domains, identity pools."""

from __future__ import annotations

from typing import Any, ClassVar

from stackproof.emulator.handlers.base import At, Handler, Made, Properties, changed, named, only, tag_map, without

_MFA = ("EnabledMfas", "MfaConfiguration")


class UserPool(Handler):
    """AWS::Cognito::UserPool."""

    type: ClassVar[str] = "AWS::Cognito::UserPool"

    def create(self, at: At, new: Properties) -> Made:
        parameters = named(new, "UserPoolName", at, 128)
        rename = {"UserPoolName": "PoolName"}
        pool = at.send("cognito-idp", "create_user_pool", parameters, rename=rename, beside=_MFA)["UserPool"]
        self._mfa(at, pool["Id"], new)
        name = f"cognito-idp.{at.region}.amazonaws.com/{pool['Id']}"
        attributes = {"Arn": pool["Arn"], "UserPoolId": pool["Id"], "ProviderName": name}
        return Made(pool["Id"], {**attributes, "ProviderURL": f"https://{name}"})

    def update(self, at: At, made: Made, new: Properties, old: Properties) -> Made:
        if changed(new, old) & {"UsernameAttributes", "AliasAttributes", "UsernameConfiguration"}:
            only(changed(new, old))
        fixed = ("UserPoolName", "Schema", "UsernameAttributes", "AliasAttributes", "UsernameConfiguration")
        at.send("cognito-idp", "update_user_pool", without(new, *fixed), beside=_MFA, add={"UserPoolId": made.id})
        self._mfa(at, made.id, new)
        return made

    def delete(self, at: At, made: Made, old: Properties) -> None:
        at.client("cognito-idp").delete_user_pool(UserPoolId=made.id)

    def _mfa(self, at: At, pool: str, new: Properties) -> None:
        parameters: dict[str, Any] = {"MfaConfiguration": new.get("MfaConfiguration", "OFF")}
        if "SOFTWARE_TOKEN_MFA" in (new.get("EnabledMfas") or []):
            parameters["SoftwareTokenMfaConfiguration"] = {"Enabled": True}
        at.client("cognito-idp").set_user_pool_mfa_config(UserPoolId=pool, **parameters)


class UserPoolDomain(Handler):
    """AWS::Cognito::UserPoolDomain."""

    type: ClassVar[str] = "AWS::Cognito::UserPoolDomain"

    def create(self, at: At, new: Properties) -> Made:
        at.send("cognito-idp", "create_user_pool_domain", new)
        return Made(new["Domain"])

    def delete(self, at: At, made: Made, old: Properties) -> None:
        at.client("cognito-idp").delete_user_pool_domain(Domain=made.id, UserPoolId=old["UserPoolId"])


class UserPoolClient(Handler):
    """AWS::Cognito::UserPoolClient."""

    type: ClassVar[str] = "AWS::Cognito::UserPoolClient"

    def create(self, at: At, new: Properties) -> Made:
        parameters = named(new, "ClientName", at, 128)
        client = at.send("cognito-idp", "create_user_pool_client", parameters)["UserPoolClient"]
        attributes = {"ClientId": client["ClientId"], "Name": client["ClientName"]}
        return Made(client["ClientId"], {**attributes, "ClientSecret": client.get("ClientSecret", "")})

    def update(self, at: At, made: Made, new: Properties, old: Properties) -> Made:
        if changed(new, old) & {"UserPoolId", "GenerateSecret"}:
            only(changed(new, old))
        wanted = without(new, "GenerateSecret")
        at.send("cognito-idp", "update_user_pool_client", wanted, add={"ClientId": made.id})
        return made

    def delete(self, at: At, made: Made, old: Properties) -> None:
        at.client("cognito-idp").delete_user_pool_client(UserPoolId=old["UserPoolId"], ClientId=made.id)


class IdentityPool(Handler):
    """AWS::Cognito::IdentityPool."""

    type: ClassVar[str] = "AWS::Cognito::IdentityPool"

    def create(self, at: At, new: Properties) -> Made:
        parameters = named(new, "IdentityPoolName", at, 128)
        add = {"IdentityPoolTags": tag_map(new, "IdentityPoolTags")}
        pool = at.send("cognito-identity", "create_identity_pool", parameters, beside=("IdentityPoolTags",), add=add)
        return Made(pool["IdentityPoolId"], {"Name": pool["IdentityPoolName"], "Id": pool["IdentityPoolId"]})

    def update(self, at: At, made: Made, new: Properties, old: Properties) -> Made:
        wanted = {"IdentityPoolName": made.attributes["Name"], **without(new, "IdentityPoolTags")}
        tags = {"IdentityPoolTags": tag_map(new, "IdentityPoolTags")}
        at.send("cognito-identity", "update_identity_pool", wanted, add={"IdentityPoolId": made.id, **tags})
        return made

    def delete(self, at: At, made: Made, old: Properties) -> None:
        at.client("cognito-identity").delete_identity_pool(IdentityPoolId=made.id)


class IdentityPoolRoles(Handler):
    """AWS::Cognito::IdentityPoolRoleAttachment."""

    type: ClassVar[str] = "AWS::Cognito::IdentityPoolRoleAttachment"

    def create(self, at: At, new: Properties) -> Made:
        at.send("cognito-identity", "set_identity_pool_roles", new)
        return Made(new["IdentityPoolId"])

    def update(self, at: At, made: Made, new: Properties, old: Properties) -> Made:
        only(changed(new, old), "Roles", "RoleMappings")
        return self.create(at, new)

    def delete(self, at: At, made: Made, old: Properties) -> None:
        at.client("cognito-identity").set_identity_pool_roles(IdentityPoolId=made.id, Roles={})


HANDLERS = (UserPool(), UserPoolDomain(), UserPoolClient(), IdentityPool(), IdentityPoolRoles())
