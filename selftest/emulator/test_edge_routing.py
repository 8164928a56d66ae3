"""The edge: names, weights and health decide where a request goes. Real processes, MDReader's own stacks."""

from __future__ import annotations

import json
from collections.abc import Sequence

import pytest
import urllib3

from selftest.emulator.edge_asking import EDITING, Json, colours, ill, said, shifted, until
from selftest.emulator.edge_client import Client
from stackproof import emulator
from stackproof.system.loading import System


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
