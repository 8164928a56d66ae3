"""The edge: who may use the API, as it is deployed."""

from __future__ import annotations

import json

import pytest

from selftest.emulator.edge_asking import API, ORIGIN, said
from selftest.emulator.edge_client import Client
from stackproof import emulator


def test_health_alone_is_open(client: Client) -> None:
    """GET /health needs no token; another method of it does not exist."""
    assert json.loads(client.ask(API, "/health").data) == {"status": "healthy"}
    assert client.ask(API, "/health", "POST").status == 403


def test_an_access_token_opens_the_api(client: Client, tokens: dict[str, str]) -> None:
    """With Cognito's access token the function hears the whole request."""
    headers = {"Authorization": f"Bearer {tokens['access']}", "Content-Type": "application/json"}
    heard = said(client, API, "/api/v1/documents?x=1", method="PUT", headers=headers, body='{"a": "ü"}')
    assert (heard["method"], heard["path"], heard["body"]) == ("PUT", "/api/v1/documents?x=1", '{"a": "ü"}')
    assert heard["environment"]["APP_ORIGIN"] == ORIGIN


@pytest.mark.parametrize("kind", ["none", "nonsense", "id", "tampered", "unsigned"])
def test_nothing_else_opens_the_api(client: Client, tokens: dict[str, str], kind: str) -> None:
    """No token, an id token, one with another content or without a signature: 401, which the page may read."""
    head, body, signature = tokens["access"].split(".")
    given = {
        "none": {},
        "nonsense": {"Authorization": "Bearer nonsense"},
        "id": {"Authorization": f"Bearer {tokens['id']}"},
        "tampered": {"Authorization": f"Bearer {head}.{body[:-6]}AAAAAA.{signature}"},
        "unsigned": {"Authorization": f"Bearer eyJhbGciOiJub25lIn0.{body}."},
    }[kind]
    answer = client.ask(API, "/api/v1/me", headers=given)
    assert (answer.status, json.loads(answer.data)) == (401, {"message": "Unauthorized"})
    assert answer.headers["Access-Control-Allow-Origin"] == ORIGIN


@pytest.mark.parametrize("path", ["/health/../api/v1/me", "//health", "/health%2F..%2Fapi", "/HEALTH", "/health/x"])
def test_no_other_spelling_of_the_open_path_leads_past_the_authorizer(client: Client, path: str) -> None:
    """What is not just /health is behind the authorizer, or no method at all."""
    import http.client
    import ssl

    context = ssl.create_default_context(cafile=str(client.running.certificate))
    at = client.edge.https
    raw = http.client.HTTPSConnection(at.host, at.port, context=context)  # sends the path as it is
    raw.putrequest("GET", path, skip_host=True)
    raw.putheader("Host", API)
    raw.endheaders()
    answer = raw.getresponse()
    answer.read()
    raw.close()
    assert answer.status in {401, 403}


def test_preflights_are_answered_as_deployed(client: Client) -> None:
    """The browser's question before a request is answered without a token, naming the one origin."""
    answer = client.ask(API, "/api/v1/documents", "OPTIONS", headers={"Origin": ORIGIN})
    assert answer.status == 200
    assert answer.headers["Access-Control-Allow-Origin"] == ORIGIN
    assert answer.headers["Access-Control-Allow-Methods"] == "GET,POST,PUT,DELETE,OPTIONS"
    assert answer.headers["Access-Control-Allow-Headers"] == "Content-Type,Authorization"


def test_the_apis_own_name_is_closed(client: Client, edged: emulator.Running) -> None:
    """DisableExecuteApiEndpoint: there is one way in."""
    api = edged.client("apigateway").get_rest_apis()["items"][0]["id"]
    assert client.ask(f"{api}.execute-api.us-east-1.amazonaws.com", "/live/health").status == 403


def test_a_function_that_the_api_may_not_call_is_not_called(client: Client, edged: emulator.Running) -> None:
    """Without the permission of the alias, API Gateway answers 500."""
    lambdas = edged.client("lambda")
    name = next(f["FunctionName"] for f in lambdas.list_functions()["Functions"] if "Backend" in f["FunctionName"])
    policy = json.loads(lambdas.get_policy(FunctionName=name, Qualifier="live")["Policy"])
    statement = next(s for s in policy["Statement"] if "GET/health" in json.dumps(s))
    others = [s for s in policy["Statement"] if s != statement]
    for one in (statement, *others):
        lambdas.remove_permission(FunctionName=name, StatementId=one["Sid"], Qualifier="live")
    try:
        assert client.ask(API, "/health").status == 500
    finally:
        for one in (statement, *others):
            lambdas.add_permission(
                FunctionName=name,
                Qualifier="live",
                StatementId=one["Sid"],
                Action="lambda:InvokeFunction",
                Principal="apigateway.amazonaws.com",
                SourceArn=one["Condition"]["ArnLike"]["AWS:SourceArn"],
            )
    assert client.ask(API, "/health").status == 200


def test_an_outdated_workload_does_not_stand_for_what_is_deployed(client: Client, edged: emulator.Running) -> None:
    """Other variables of the function than those that its workload runs with: 502, and how to put it right."""
    lambdas = edged.client("lambda")
    name = next(f["FunctionName"] for f in lambdas.list_functions()["Functions"] if "Backend" in f["FunctionName"])
    before = lambdas.get_alias(FunctionName=name, Name="live")["FunctionVersion"]
    was = lambdas.get_function_configuration(FunctionName=name)["Environment"]["Variables"]
    lambdas.update_function_configuration(FunctionName=name, Environment={"Variables": {**was, "APP_ORIGIN": "x"}})
    later = lambdas.publish_version(FunctionName=name)["Version"]
    assert client.ask(API, "/health").status == 200  # the alias leads to the version before
    lambdas.update_alias(FunctionName=name, Name="live", FunctionVersion=later)
    try:
        answer = client.ask(API, "/health")
        assert (answer.status, "no longer deployed" in answer.headers["X-Edge-Reason"]) == (502, True)
    finally:
        lambdas.update_alias(FunctionName=name, Name="live", FunctionVersion=before)
        lambdas.update_function_configuration(FunctionName=name, Environment={"Variables": was})
    assert client.ask(API, "/health").status == 200
