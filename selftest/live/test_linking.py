"""Physical ids and ARNs of resources become references, as they are in templates."""

from __future__ import annotations

from stackproof.model import Inventory, Reference, Resource, Text, Value, Where
from stackproof.sources.live.linking import linked

ARN = "arn:aws:lambda:us-east-1:123456789012:function:back-end"


def resource(address: str, properties: Value, *names: str) -> Resource:
    return Resource(address, "AWS::Lambda::Function", properties, {"": Where("test")}, names=frozenset(names))


def test_names_of_others_are_references_and_own_names_are_not() -> None:
    """The text stays known, so a claim about it holds as before."""
    function = resource("a.Function", {"FunctionName": "back-end"}, "back-end", ARN)
    uri = f"arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/{ARN}/invocations"
    other = resource("b.Api", {"Target": ARN, "Stage": "live", "Uri": uri, "List": ["back-end"]}, "live")
    found = linked([function, other], {"a.Function": {ARN: "Arn"}})
    assert found[0].properties == {"FunctionName": "back-end"}
    pointer = Reference("a.Function", "Arn", ARN)
    invoked = Text(("arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/", pointer, "/invocations"))
    wanted = {"Target": pointer, "Stage": "live", "Uri": invoked, "List": [Reference("a.Function", "", "back-end")]}
    assert found[1].properties == wanted
    assert found[1]["Target"].equals(ARN).holds
    assert found[1]["Uri"].equals(uri).holds
    inventory = Inventory(tuple(found))
    assert inventory.target(found[1]["Target"]) is found[0]
    assert inventory.pointing_to(found[0], at="Target").exists().holds


def test_a_name_of_two_points_at_none() -> None:
    """Which one is meant cannot be told."""
    first, second = resource("a.A", {}, "same-name"), resource("a.B", {}, "same-name")
    user = resource("a.C", {"Target": "same-name"})
    assert linked([first, second, user], {})[2].properties == {"Target": "same-name"}
