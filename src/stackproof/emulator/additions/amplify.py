"""Amplify, which moto does not have: applications, branches and domain associations."""

from __future__ import annotations

import secrets
import time
from typing import Any

from stackproof.emulator.additions.routing import Call, RefusedError, Route, Wire

_LETTERS = "abcdefghijklmnopqrstuvwxyz0123456789"
_SECRET = ("accessToken", "oauthToken", "basicAuthCredentials")  # never given back


def _found(call: Call, kind: str, *key: str) -> Wire:
    thing: Wire | None = call.kept(kind).get("/".join(key))
    if thing is None:
        raise RefusedError("NotFoundException", f"{kind} {'/'.join(key)} not found.", 404)
    return thing


def _stamped(call: Call, thing: Wire) -> Wire:
    """Add what AWS adds to everything here."""
    now = time.time()
    tags = call.given.get("tags", {})
    return {"createTime": now, "updateTime": now, "tags": dict(tags), "environmentVariables": {}, **thing}


def _given(call: Call, *left_out: str) -> Wire:
    return {key: value for key, value in call.given.items() if key not in {*_SECRET, *left_out}}


def _create_app(call: Call) -> Wire:
    id_ = "d" + "".join(secrets.choice(_LETTERS) for _ in range(13))
    arn = call.arn("amplify", f"apps/{id_}")
    host = call.given.get("repository", "")
    defaults: Wire = {
        "appId": id_,
        "appArn": arn,
        "description": "",
        "repository": "",
        "platform": "WEB",
        "defaultDomain": f"{id_}.amplifyapp.com",
        "enableBranchAutoBuild": False,
        "enableBranchAutoDeletion": False,
        "enableBasicAuth": False,
        "customRules": [],
        "repositoryCloneMethod": "TOKEN" if "github.com" in host else "SSH",
    }
    call.kept("app")[id_] = _stamped(call, {**defaults, **_given(call, "tags")})
    return {"app": call.kept("app")[id_]}


def _get_app(call: Call) -> Wire:
    return {"app": _found(call, "app", call.given["appId"])}


def _update_app(call: Call) -> Wire:
    app = _found(call, "app", call.given["appId"])
    app.update({**_given(call, "appId"), "updateTime": time.time()})
    return {"app": app}


def _delete_app(call: Call) -> Wire:
    app = _found(call, "app", call.given["appId"])
    del call.kept("app")[app["appId"]]
    for kind in ("branch", "domain"):
        for key in [key for key in call.kept(kind) if key.startswith(app["appId"] + "/")]:
            del call.kept(kind)[key]
    return {"app": app}


def _list_apps(call: Call) -> Wire:
    return {"apps": list(call.kept("app").values())}


def _create_branch(call: Call) -> Wire:
    app, name = call.given["appId"], call.given["branchName"]
    _found(call, "app", app)
    arn = call.arn("amplify", f"apps/{app}/branches/{name}")
    defaults: Wire = {
        "branchArn": arn,
        "description": "",
        "stage": "NONE",
        "displayName": name,
        "enableNotification": False,
        "enableAutoBuild": True,
        "enableBasicAuth": False,
        "enablePullRequestPreview": False,
        "customDomains": [],
        "framework": "",
        "activeJobId": "",
        "totalNumberOfJobs": "0",
        "ttl": "5",
    }
    call.kept("branch")[f"{app}/{name}"] = _stamped(call, {**defaults, **_given(call, "appId", "tags")})
    return {"branch": call.kept("branch")[f"{app}/{name}"]}


def _get_branch(call: Call) -> Wire:
    return {"branch": _found(call, "branch", call.given["appId"], call.given["branchName"])}


def _update_branch(call: Call) -> Wire:
    branch = _found(call, "branch", call.given["appId"], call.given["branchName"])
    branch.update({**_given(call, "appId", "branchName"), "updateTime": time.time()})
    return {"branch": branch}


def _delete_branch(call: Call) -> Wire:
    branch = _found(call, "branch", call.given["appId"], call.given["branchName"])
    del call.kept("branch")[f"{call.given['appId']}/{call.given['branchName']}"]
    return {"branch": branch}


def _of_app(call: Call, kind: str) -> list[Any]:
    _found(call, "app", call.given["appId"])
    return [value for key, value in call.kept(kind).items() if key.startswith(call.given["appId"] + "/")]


def _list_branches(call: Call) -> Wire:
    return {"branches": _of_app(call, "branch")}


def _create_domain(call: Call) -> Wire:
    app, name = call.given["appId"], call.given["domainName"]
    _found(call, "app", app)
    arn = call.arn("amplify", f"apps/{app}/domains/{name}")
    domain = {
        "domainAssociationArn": arn,
        "domainName": name,
        "enableAutoSubDomain": bool(call.given.get("enableAutoSubDomain", False)),
        "domainStatus": "AVAILABLE",
        "statusReason": "",
        "subDomains": _sub_domains(call.given["subDomainSettings"]),
    }
    call.kept("domain")[f"{app}/{name}"] = domain
    return {"domainAssociation": domain}


def _sub_domains(settings: list[Wire]) -> list[Wire]:
    return [{"subDomainSetting": setting, "verified": True, "dnsRecord": ""} for setting in settings]


def _get_domain(call: Call) -> Wire:
    return {"domainAssociation": _found(call, "domain", call.given["appId"], call.given["domainName"])}


def _update_domain(call: Call) -> Wire:
    domain = _found(call, "domain", call.given["appId"], call.given["domainName"])
    if "subDomainSettings" in call.given:
        domain["subDomains"] = _sub_domains(call.given["subDomainSettings"])
    if "enableAutoSubDomain" in call.given:
        domain["enableAutoSubDomain"] = call.given["enableAutoSubDomain"]
    return {"domainAssociation": domain}


def _delete_domain(call: Call) -> Wire:
    domain = _found(call, "domain", call.given["appId"], call.given["domainName"])
    del call.kept("domain")[f"{call.given['appId']}/{call.given['domainName']}"]
    return {"domainAssociation": domain}


def _list_domains(call: Call) -> Wire:
    return {"domainAssociations": _of_app(call, "domain")}


# --- tags ---------------------------------------------------------------------------------------------------


def _tagged(call: Call) -> Wire:
    for kind in ("app", "branch"):
        for thing in call.kept(kind).values():
            if call.given["resourceArn"] in {thing.get("appArn"), thing.get("branchArn")}:
                tags: Wire = thing["tags"]
                return tags
    raise RefusedError("ResourceNotFoundException", f"{call.given['resourceArn']} not found.", 404)


def _list_tags(call: Call) -> Wire:
    return {"tags": _tagged(call)}


def _tag(call: Call) -> Wire:
    _tagged(call).update(call.given["tags"])
    return {}


def _untag(call: Call) -> Wire:
    tags, keys = _tagged(call), call.given["tagKeys"]
    for key in [keys] if isinstance(keys, str) else keys:
        tags.pop(key, None)
    return {}


_APP, _BRANCH, _DOMAIN = "/apps/{appId}", "/apps/{appId}/branches", "/apps/{appId}/domains"
ROUTES = (
    Route("amplify", _list_tags, "GET", "/tags/{resourceArn+}"),
    Route("amplify", _tag, "POST", "/tags/{resourceArn+}"),
    Route("amplify", _untag, "DELETE", "/tags/{resourceArn+}"),
    Route("amplify", _create_app, "POST", "/apps"),
    Route("amplify", _list_apps, "GET", "/apps"),
    Route("amplify", _get_app, "GET", _APP),
    Route("amplify", _update_app, "POST", _APP),
    Route("amplify", _delete_app, "DELETE", _APP),
    Route("amplify", _create_branch, "POST", _BRANCH),
    Route("amplify", _list_branches, "GET", _BRANCH),
    Route("amplify", _get_branch, "GET", _BRANCH + "/{branchName}"),
    Route("amplify", _update_branch, "POST", _BRANCH + "/{branchName}"),
    Route("amplify", _delete_branch, "DELETE", _BRANCH + "/{branchName}"),
    Route("amplify", _create_domain, "POST", _DOMAIN),
    Route("amplify", _list_domains, "GET", _DOMAIN),
    Route("amplify", _get_domain, "GET", _DOMAIN + "/{domainName}"),
    Route("amplify", _update_domain, "POST", _DOMAIN + "/{domainName}"),
    Route("amplify", _delete_domain, "DELETE", _DOMAIN + "/{domainName}"),
)
