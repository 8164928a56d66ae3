"""Relations between resources, and what gaps do to them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from stackproof.model import Cause, Gap, Inventory, Origin, Reference, Resource, Unknown, Where

HOLE = Unknown(Cause.UNRESOLVED_PARAMETER, "app.Bucket")
DENIED = Unknown(Cause.ACCESS_DENIED, "wafv2:GetWebACL")
GAP = Gap(Unknown(Cause.PARSE_ERROR, "broken.yml"))


def resource(address: str, type_: str, properties: Any, names: tuple[str, ...] = ()) -> Resource:
    return Resource(address, type_, properties, {"": Where("a.yml", 1)}, names=frozenset(names))


BUCKET = resource("data.Uploads", "AWS::S3::Bucket", {}, ("uploads-prod",))


def policy(bucket: Any) -> Resource:
    return resource("edge.Policy", "AWS::S3::BucketPolicy", {"Bucket": bucket})


@pytest.mark.parametrize(
    ("pointer", "answer"),
    [(Reference("data.Uploads"), True), ("uploads-prod", True), ("other", False), (HOLE, None)],
)
def test_pointing_to_by_reference_by_name_or_perhaps(pointer: Any, answer: bool | None) -> None:
    """A reference and a name both point; an unknown pointer may be meant, so the answer stays open."""
    inventory = Inventory((BUCKET, policy(pointer)))
    assert inventory.pointing_to(BUCKET, "AWS::S3::BucketPolicy", at="Bucket").exists().holds is answer


def test_what_was_not_read_is_not_absent() -> None:
    """With a gap, `there is none` is unknown, and so is `all of them`; without it both are known."""
    open_, closed = Inventory((BUCKET,), (GAP,)), Inventory((BUCKET,))
    for inventory, none, all_ in ((open_, None, None), (closed, False, True)):
        alarms = inventory.of_type("AWS::CloudWatch::Alarm")
        assert alarms.exists().holds is none
        assert alarms.any(lambda r: r["X"].present()).holds is none
        assert alarms.each(lambda r: r["X"].present()).holds is all_
        assert alarms.count(lambda n: n == 0, "none").holds is all_


def test_a_gap_of_other_types_does_not_matter() -> None:
    """A reader that could not list alarms says nothing about buckets."""
    gap = Gap(Unknown(Cause.ACCESS_DENIED, "cloudwatch:DescribeAlarms"), frozenset({"AWS::CloudWatch::Alarm"}))
    inventory = Inventory((BUCKET,), (gap,))
    assert inventory.of_type("AWS::S3::BucketPolicy").exists().holds is False
    assert inventory.of_type("AWS::CloudWatch::Alarm").exists().holds is None


def test_following_a_pointer_out_of_the_inventory_is_unknown() -> None:
    """A role of another account cannot be judged; it is unknown with the name that was followed."""
    inventory = Inventory((BUCKET, policy("elsewhere")))
    claim = inventory.follow(inventory.resources[1]["Bucket"], lambda bucket: bucket["X"].present())
    assert claim.holds is None
    assert "elsewhere" in str(claim.because[0])


def test_narrowing_keeps_the_doubt() -> None:
    """A resource that may or may not be meant leaves `there is none` open."""
    alarm = resource("m.Alarm", "AWS::CloudWatch::Alarm", {"MetricName": HOLE})
    errors = Inventory((alarm,)).of_type("AWS::CloudWatch::Alarm").that(lambda r: r["MetricName"].equals("Errors"))
    assert errors.resources == ()
    assert errors.exists().holds is None


def test_a_resource_whose_names_are_not_all_known_may_be_meant() -> None:
    """Nobody points at it by the names that are known; by another, somebody may."""
    acl = replace(resource("edge.Acl", "AWS::WAFv2::WebACL", {}, ("an-id",)), unnamed=DENIED)
    inventory = Inventory((acl, policy("arn:of:something")))
    assert inventory.pointing_to(acl, "AWS::S3::BucketPolicy", at="Bucket").exists().holds is None
    assert inventory.pointing_to(BUCKET, "AWS::S3::BucketPolicy", at="Bucket").exists().holds is False


def test_only_an_observed_text_may_be_a_name_that_was_not_read() -> None:
    """What a template writes is what it writes; what AWS answers may name a resource that could not be read."""
    unread = replace(resource("edge.Acl", "AWS::WAFv2::WebACL", {}), unnamed=DENIED)
    declared, observed = policy("text"), replace(policy("text"), origin=Origin.OBSERVED)
    for others, doubt in (((unread,), DENIED), ((), None)):
        inventory = Inventory((BUCKET, *others))
        assert inventory.may_name(observed["Bucket"]) == doubt
        assert inventory.may_name(declared["Bucket"]) is None


def test_what_only_its_stack_shows_is_not_counted_as_there() -> None:
    """It may have been deleted by hand since; one that a call has seen is enough for there to be one."""
    unseen = replace(BUCKET, unseen=DENIED)
    buckets = Inventory((unseen,)).of_type("AWS::S3::Bucket")
    assert buckets.exists().holds is None
    assert buckets.count(lambda n: n == 1, "exactly 1").holds is None
    both = Inventory((unseen, policy("x"))).of_type("AWS::S3::Bucket", "AWS::S3::BucketPolicy")
    assert both.exists().holds is True
    assert both.count(lambda n: n == 2, "exactly 2").holds is None
