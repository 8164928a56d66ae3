"""The edge: what is deployed decides what a user meets. Real processes, real sockets, MDReader's own stacks."""

from __future__ import annotations

import asyncio
import json
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import aiohttp
import pytest
import urllib3
from aiohttp.abc import AbstractResolver, ResolveResult

from selftest.emulator.edge_client import Client
from stackproof import emulator
from stackproof.system.loading import System

API, WEB, EDITING = "api.mdreader.com", "app.mdreader.com", "websocket.mdreader.com"
ORIGIN = "https://app.mdreader.com"
Json = dict[str, Any]


def said(client: Client, name: str, path: str = "/x", **more: Any) -> Json:
    answer = client.ask(name, path, **more)
    assert answer.status == 200, answer.data
    found: Json = json.loads(answer.data)
    return found


def colours(client: Client, requests: int, name: str = EDITING) -> Counter[str]:
    return Counter(said(client, name)["environment"]["COLOUR"] for _ in range(requests))


def until(condition: Callable[[], bool], seconds: float = 10.0) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not come about"
        time.sleep(0.05)


@contextmanager
def shifted(edged: emulator.Running, system: System, **parameters: str) -> Iterator[None]:
    """The routing stack, deployed with other parameters."""
    stack = next(s for s in emulator.make_plan(system, "embedded", edged.account).stacks if s.component == "routing")
    emulator.deploy_stack(edged, replace(stack, parameters={**stack.parameters, **parameters}))
    try:
        yield
    finally:
        emulator.deploy_stack(edged, stack)


def turn(edged: emulator.Running, resource: str, how: str) -> None:
    """Make a workload ill or well, by a request to itself."""
    url = next(served.url for served in edged.workloads if served.resource == resource)
    with urllib3.PoolManager(ca_certs=str(edged.certificate)) as pool:
        assert pool.request("POST", f"{url}/turn/{how}", timeout=5).status == 200


@contextmanager
def ill(edged: emulator.Running, client: Client, *resources: str) -> Iterator[None]:
    """Workloads whose health check fails, from when the edge has noticed until it has noticed that they are well."""

    def states() -> set[bool]:
        return {state["healthy"] for state in client.status()["health"] if state["target"] in resources}

    for resource in resources:
        turn(edged, resource, "ill")
    try:
        until(lambda: states() == {False})
        yield
    finally:
        for resource in resources:
            turn(edged, resource, "well")
        until(lambda: states() == {True})


# --- names, weights and health ------------------------------------------------------------------------------


def test_outside_a_shift_one_colour_has_all_the_traffic(client: Client) -> None:
    """Weights 100 and 0: not one of many requests goes to the idle colour."""
    assert colours(client, 100) == {"blue": 100}


def test_the_deployed_weights_move_the_traffic(client: Client, edged: emulator.Running, edged_system: System) -> None:
    """With ShiftPercent 10 about a tenth goes to green: 400 requests, five standard deviations around 40."""
    with shifted(edged, edged_system, ShiftPercent="10"):
        green = colours(client, 400)["green"]
    assert 10 <= green <= 70
    assert colours(client, 20) == {"blue": 20}


def test_finishing_a_shift_moves_everybody(client: Client, edged: emulator.Running, edged_system: System) -> None:
    """With green as the active colour no request goes to blue."""
    with shifted(edged, edged_system, ActiveColour="green"):
        assert colours(client, 40) == {"green": 40}


def test_an_unhealthy_target_gets_no_traffic(client: Client, edged: emulator.Running, edged_system: System) -> None:
    """In a shift half and half, an ill green gets none; it gets its half back when it is well again."""
    with shifted(edged, edged_system, ShiftPercent="50"):
        with ill(edged, client, "websocket.GreenService"):
            assert colours(client, 60) == {"blue": 60}
        assert set(colours(client, 60)) == {"blue", "green"}


def test_the_idle_colour_takes_over_when_the_active_one_is_ill(client: Client, edged: emulator.Running) -> None:
    """Route 53 answers with a record of weight 0 when no other is healthy."""
    with ill(edged, client, "websocket.BlueService"):
        assert colours(client, 20) == {"green": 20}


def test_without_a_healthy_target_nothing_is_passed_on(client: Client, edged: emulator.Running) -> None:
    """Both ill: 503, and the answer says which target group has nobody."""
    with ill(edged, client, "websocket.BlueService", "websocket.GreenService"):
        answer = client.ask(EDITING, "/x")
        assert (answer.status, "no healthy target" in answer.headers["X-Edge-Reason"]) == (503, True)


def test_each_colour_has_its_own_name(client: Client) -> None:
    """The smoke test reaches the idle colour under its own name."""
    assert colours(client, 5, "websocket-green.mdreader.com") == {"green": 5}
    assert colours(client, 5, "websocket-blue.mdreader.com") == {"blue": 5}


def test_unknown_names_are_refused(client: Client) -> None:
    """A name that no record has is answered 421 with the reason, over plain HTTP; its certificate names it not."""
    answer = client.ask("shop.mdreader.com", "/", plain=True)
    assert answer.status == 421
    assert "shop.mdreader.com is no name of this environment" in json.loads(answer.data)["edge"]


def test_what_is_not_followed_is_refused(client: Client, edged: emulator.Running) -> None:
    """A record by latency is one that the edge does not follow: 502 with the reason, and listed as a gap."""
    route53 = edged.client("route53")
    zone = route53.list_hosted_zones()["HostedZones"][0]["Id"]
    record = {
        "Name": "near.mdreader.com",
        "Type": "CNAME",
        "SetIdentifier": "here",
        "Region": "us-east-1",
        "TTL": 60,
        "ResourceRecords": [{"Value": EDITING}],
    }
    change = {"Changes": [{"Action": "CREATE", "ResourceRecordSet": record}]}
    route53.change_resource_record_sets(HostedZoneId=zone, ChangeBatch=change)
    try:
        assert "near.mdreader.com" in client.status()["names"]  # and has its certificate
        answer = client.ask("near.mdreader.com", "/x")
        assert (answer.status, "Region" in answer.headers["X-Edge-Reason"]) == (502, True)
        assert {"near.mdreader.com"} == {g["where"] for g in client.status()["gaps"] if "Region" in g["reason"]}
    finally:
        change["Changes"][0]["Action"] = "DELETE"
        route53.change_resource_record_sets(HostedZoneId=zone, ChangeBatch=change)


def test_a_redirect_is_answered_as_deployed(client: Client, edged: emulator.Running) -> None:
    """A listener for HTTP that redirects leads to the same address with TLS, once the security group lets HTTP in."""
    elb, ec2 = edged.client("elbv2"), edged.client("ec2")
    balancer = next(b for b in elb.describe_load_balancers()["LoadBalancers"] if "Blue" in b["LoadBalancerName"])
    action = {"Type": "redirect", "RedirectConfig": {"Protocol": "HTTPS", "Port": "443", "StatusCode": "HTTP_301"}}
    assert client.ask(EDITING, "/a?b=1", plain=True).status == 421
    listener = elb.create_listener(
        LoadBalancerArn=balancer["LoadBalancerArn"], Protocol="HTTP", Port=80, DefaultActions=[action]
    )["Listeners"][0]["ListenerArn"]
    world = {"IpProtocol": "tcp", "FromPort": 80, "ToPort": 80, "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}
    let_in = {"GroupId": balancer["SecurityGroups"][0], "IpPermissions": [world]}
    try:
        assert client.ask(EDITING, "/a?b=1", plain=True).status == 421
        ec2.authorize_security_group_ingress(**let_in)
        answer = client.ask(EDITING, "/a?b=1", plain=True)
        assert (answer.status, answer.headers["Location"]) == (301, "https://websocket.mdreader.com:443/a?b=1")
    finally:
        elb.delete_listener(ListenerArn=listener)
        ec2.revoke_security_group_ingress(**let_in)
    assert client.ask(EDITING, "/a", plain=True).status == 421


def test_closed_security_groups_close_the_way(client: Client, edged: emulator.Running) -> None:
    """Nobody passes a load balancer that the internet may not reach; it reaches no service that does not let it in."""
    ec2 = edged.client("ec2")
    groups = ec2.describe_security_groups()["SecurityGroups"]

    def closed(port: int, groups: Sequence[Json]) -> tuple[int, str]:
        group = next(g for g in groups if any(p.get("FromPort") == port for p in g["IpPermissions"]))
        rules = [p for p in group["IpPermissions"] if p.get("FromPort") == port]
        ec2.revoke_security_group_ingress(GroupId=group["GroupId"], IpPermissions=rules)
        try:
            answer = client.ask(EDITING, "/x")
            return answer.status, answer.headers["X-Edge-Reason"]
        finally:
            ec2.authorize_security_group_ingress(GroupId=group["GroupId"], IpPermissions=rules)

    balancer = edged.client("elbv2").describe_load_balancers()["LoadBalancers"][0]
    status, reason = closed(443, [g for g in groups if g["GroupId"] in balancer["SecurityGroups"]])
    assert (status, "lets the internet in on port 443" in reason) == (421, True)
    status, reason = closed(8443, groups)
    assert (status, "do not let its load balancer in" in reason) == (503, True)
    until(lambda: client.ask(EDITING, "/x").status == 200)  # its first health check is over


def test_without_a_certificate_there_is_no_tls(client: Client, edged: emulator.Running) -> None:
    """A name that no deployed certificate covers is refused when TLS begins, and is a gap."""
    elb = edged.client("elbv2")
    name = elb.describe_load_balancers()["LoadBalancers"][0]["DNSName"].lower()
    assert name in client.edge.names
    with pytest.raises(urllib3.exceptions.SSLError):
        client.ask(name)
    assert name in {gap["where"] for gap in client.status()["gaps"] if "no certificate" in gap["reason"]}


def test_targets_hear_who_asked(client: Client) -> None:
    """Host, address and scheme of the client reach the target; what a client claims of it is not believed alone."""
    heard = said(client, EDITING, "/deep/er?a=%2F&b", source="127.0.0.7", headers={"X-Forwarded-For": "9.9.9.9"})
    headers = {key.lower(): value for key, value in heard["headers"].items()}
    assert heard["path"] == "/deep/er?a=%2F&b"
    assert headers["host"] == EDITING
    assert headers["x-forwarded-for"] == "9.9.9.9, 127.0.0.7"
    assert (headers["x-forwarded-proto"], headers["x-forwarded-port"]) == ("https", "443")


# --- the API ------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def tokens(edged: emulator.Running) -> dict[str, str]:
    """What Cognito gives to somebody who signs in."""
    cognito = edged.client("cognito-idp")
    pool = cognito.list_user_pools(MaxResults=10)["UserPools"][0]["Id"]
    app = cognito.list_user_pool_clients(UserPoolId=pool)["UserPoolClients"][0]["ClientId"]
    who, password = "edge@example.com", "Long-enough-1"
    cognito.admin_create_user(UserPoolId=pool, Username=who, MessageAction="SUPPRESS")
    cognito.admin_set_user_password(UserPoolId=pool, Username=who, Password=password, Permanent=True)
    given = cognito.admin_initiate_auth(
        UserPoolId=pool,
        ClientId=app,
        AuthFlow="ADMIN_USER_PASSWORD_AUTH",
        AuthParameters={"USERNAME": who, "PASSWORD": password},
    )["AuthenticationResult"]
    return {"access": given["AccessToken"], "id": given["IdToken"]}


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


# --- the web ACL --------------------------------------------------------------------------------------------


@contextmanager
def rules_of_acl(edged: emulator.Running, change: Callable[[list[Json]], list[Json]]) -> Iterator[None]:
    """The regional web ACL with other rules."""
    waf = edged.client("wafv2")
    found = next(acl for acl in waf.list_web_acls(Scope="REGIONAL")["WebACLs"])
    which = {"Name": found["Name"], "Id": found["Id"], "Scope": "REGIONAL"}

    def put(rules: Sequence[Json]) -> None:
        got = waf.get_web_acl(**which)
        kept = {key: got["WebACL"][key] for key in ("DefaultAction", "VisibilityConfig", "Description")}
        waf.update_web_acl(**which, **kept, Rules=list(rules), LockToken=got["LockToken"])

    before = waf.get_web_acl(**which)["WebACL"]["Rules"]
    put(change(json.loads(json.dumps(before, default=bytes.decode))))
    try:
        yield
    finally:
        put(before)


def rule(name: str, statement: Json) -> Json:
    seen = {"SampledRequestsEnabled": False, "CloudWatchMetricsEnabled": False, "MetricName": name}
    return {"Name": name, "Priority": 0, "Statement": statement, "Action": {"Block": {}}, "VisibilityConfig": seen}


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ('{"name": "x\' OR 1=1 --"}', 403),
        ("q=%27%20UNION%20SELECT%20password%20FROM%20users", 403),
        ('{"text": "<script>steal()</script>"}', 403),
        ("<img src=x onerror=alert(1)>", 403),
        ('{"text": "# Union of two sets\\n\\nSelect a or b, and 1 < 2. It\'s -- well -- fine; drop me a line."}', 200),
        ('{"text": "Use `select` and `on` with care: foo(); delete bar.x"}', 200),
    ],
)
def test_bodies_with_attacks_are_blocked(client: Client, body: str, status: int) -> None:
    """What looks like SQL injection or a script gets a 403 from the web ACL; prose about it passes."""
    assert client.ask(EDITING, "/x", "POST", body=body.encode()).status == status


def test_blocked_answers_carry_the_apis_headers(client: Client) -> None:
    """Before the API, the refusal is the gateway response that is deployed."""
    answer = client.ask(API, "/health", "POST", body=b"x' or 'a'='a")
    assert (answer.status, answer.headers["Access-Control-Allow-Origin"]) == (403, ORIGIN)
    assert json.loads(answer.data) == {"message": "Forbidden"}


def test_too_many_requests_of_one_client_are_blocked(client: Client, edged: emulator.Running) -> None:
    """With a limit of 10 the eleventh request is refused, for this client, and on the counted paths only."""

    def lower(rules: list[Json]) -> list[Json]:
        rules[0]["Statement"]["RateBasedStatement"]["Limit"] = 10
        return rules

    with rules_of_acl(edged, lower):
        path = "/%61PI/x"  # counted as /api/, by the rule's transformations
        answers = [client.ask(EDITING, path, source="127.0.0.41").status for _ in range(12)]
        assert answers == [200] * 10 + [403] * 2
        assert client.ask(EDITING, path, source="127.0.0.42").status == 200
        assert client.ask(EDITING, "/other", source="127.0.0.41").status == 200


def test_requests_over_a_size_are_blocked(client: Client, edged: emulator.Running) -> None:
    """A size constraint of the web ACL refuses a longer body and lets the longest allowed pass."""
    statement = {
        "SizeConstraintStatement": {
            "FieldToMatch": {"Body": {"OversizeHandling": "MATCH"}},
            "ComparisonOperator": "GT",
            "Size": 1000,
            "TextTransformations": [{"Priority": 0, "Type": "NONE"}],
        }
    }
    with rules_of_acl(edged, lambda rules: [rule("Size", statement), *rules]):
        assert client.ask(EDITING, "/x", "POST", body=b"a" * 1000).status == 200
        assert client.ask(EDITING, "/x", "POST", body=b"a" * 1001).status == 403
        assert client.ask(EDITING, "/x", "POST", body=b"a" * 100_000).status == 403


def test_a_rule_that_cannot_be_judged_lets_nothing_through(client: Client, edged: emulator.Running) -> None:
    """A rule by country is not evaluated, so whoever would need it is refused."""
    statement = {"GeoMatchStatement": {"CountryCodes": ["XX"]}}
    with rules_of_acl(edged, lambda rules: [rule("Country", statement), *rules]):
        answer = client.ask(EDITING, "/x")
        assert (answer.status, "GeoMatchStatement" in answer.headers["X-Edge-Reason"]) == (502, True)
    assert client.ask(EDITING, "/x").status == 200


# --- the web application ------------------------------------------------------------------------------------


def test_the_page_comes_with_its_headers(client: Client) -> None:
    """Files are served with the headers that the application is deployed with."""
    page = client.ask(WEB, "/")
    assert (page.status, page.headers["Content-Type"]) == (200, "text/html; charset=utf-8")
    assert page.headers["Strict-Transport-Security"] == "max-age=63072000; includeSubDomains"
    assert "frame-ancestors 'none'" in page.headers["Content-Security-Policy"]
    assert client.ask(WEB, "/page.js").headers["Content-Type"].startswith("text/javascript")


def test_addresses_of_the_page_itself_are_the_page(client: Client) -> None:
    """A path without a file ending is the application's own; a missing file is 404, and none outside is served."""
    assert b"<title>Edge</title>" in client.ask(WEB, "/workspaces/7").data
    assert client.ask(WEB, "/missing.js").status == 404
    assert client.ask(WEB, "/%2e%2e/%2e%2e/system.json").status == 404


def test_the_page_finds_the_deployed_addresses(client: Client, edged: emulator.Running) -> None:
    """/config.json holds the variables that the application is deployed with."""
    config = json.loads(client.ask(WEB, "/config.json").data)
    pool = edged.client("cognito-idp").list_user_pools(MaxResults=10)["UserPools"][0]["Id"]
    assert (config["VITE_API_URL"], config["VITE_COGNITO_USER_POOL_ID"]) == ("https://api.mdreader.com", pool)


def test_a_rewrite_stands_under_the_other_names_rules(client: Client, tokens: dict[str, str]) -> None:
    """/api/ of the page is the API: refused without a token, and heard with one."""
    assert client.ask(WEB, "/api/v1/me").status == 401
    heard = said(client, WEB, "/api/v1/me?a=1", headers={"Authorization": tokens["access"]})
    assert (heard["path"], heard["headers"]["Host"]) == ("/api/v1/me?a=1", API)


def test_plain_http_leads_to_tls(client: Client) -> None:
    """Amplify serves no page without TLS."""
    answer = client.ask(WEB, "/a?b=1", plain=True)
    assert (answer.status, answer.headers["Location"]) == (301, "https://app.mdreader.com/a?b=1")


# --- WebSockets ---------------------------------------------------------------------------------------------


class _Led(AbstractResolver):
    """Leads every name to the edge."""

    def __init__(self, client: Client) -> None:
        self._at = client.edge.https

    async def resolve(self, host: str, port: int = 0, family: Any = 0) -> list[ResolveResult]:  # noqa: ARG002
        base = {"hostname": host, "host": self._at.host, "port": self._at.port}
        return [ResolveResult(**base, family=family or 2, proto=0, flags=0)]  # type: ignore[typeddict-item]

    async def close(self) -> None:
        return


def test_web_sockets_go_both_ways(client: Client) -> None:
    """Text, bytes and the reason of the closing pass; so does the protocol that both agree on."""
    import ssl

    async def talk() -> list[Any]:
        context = ssl.create_default_context(cafile=str(client.running.certificate))
        connector = aiohttp.TCPConnector(resolver=_Led(client), ssl=context)
        async with (
            aiohttp.ClientSession(connector=connector) as session,
            session.ws_connect(f"wss://{EDITING}/ws/1", protocols=("notes", "other")) as socket,
        ):
            await socket.send_str("hello")
            heard: list[Any] = [socket.protocol, await socket.receive_str(timeout=5)]
            await socket.send_bytes(b"\x00\xff" * 50_000)
            heard.append(await socket.receive_bytes(timeout=5) == b"\x00\xff" * 50_000)
            await socket.send_str("bye")
            closing = await socket.receive(timeout=5)
            return [*heard, closing.data, closing.extra]

    assert asyncio.run(talk()) == ["notes", "blue: hello", True, 4401, "who are you"]


# --- the status ---------------------------------------------------------------------------------------------


def test_the_status_tells_where_requests_went(client: Client) -> None:
    """Counts by name, workload and decision; what is not evaluated is listed."""

    def count() -> int:
        wanted = ("websocket-green.mdreader.com", "websocket.GreenService", "forwarded")
        rows = client.status()["requests"]
        return sum(row["requests"] for row in rows if (row["name"], row["target"], row["decision"]) == wanted)

    before = count()
    colours(client, 3, "websocket-green.mdreader.com")
    assert count() == before + 3
    reasons = " ".join(gap["reason"] for gap in client.status()["gaps"])
    assert "AWSManagedRulesCommonRuleSet is not evaluated" in reasons
    assert "one process stands for 2 tasks" in reasons


def test_rules_are_read_only_when_something_changed(client: Client) -> None:
    """Requests alone make the edge read nothing again."""
    before = client.status()["reads"]
    for _ in range(5):
        client.ask(EDITING, "/x")
    assert client.status()["reads"] == before
