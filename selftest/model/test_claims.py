"""Claims combine by Kleene's logic and never turn an unknown into a pass."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stackproof.model import Claim, Evidence, Where, all_of, any_of, not_applicable

THREE = st.sampled_from([True, False, None])
# Kleene's strong tables, written out: False < unknown < True; AND is the lower, OR the higher.
LOWER = {False: 0, None: 1, True: 2}


def claim(holds: bool | None, name: str = "fact") -> Claim:
    return Claim(holds, (Evidence(name, "x", "y", Where("a.yml", 1)),))


@given(THREE, THREE)
def test_and_is_the_lower_and_or_the_higher(left: bool | None, right: bool | None) -> None:
    """`&` and `|` follow Kleene's tables for every pair."""
    assert LOWER[(claim(left) & claim(right)).holds] == min(LOWER[left], LOWER[right])
    assert LOWER[(claim(left) | claim(right)).holds] == max(LOWER[left], LOWER[right])


@given(st.lists(THREE, max_size=6))
def test_many_claims_combine_like_pairs(values: list[bool | None]) -> None:
    """`all_of` and `any_of` are the pairwise operations over any number, and de Morgan's law ties them."""
    claims = [claim(value) for value in values]
    assert LOWER[all_of(claims).holds] == min((LOWER[v] for v in values), default=2)
    assert LOWER[any_of(claims).holds] == max((LOWER[v] for v in values), default=0)
    assert (~all_of(claims)).holds == any_of(~c for c in claims).holds


@given(THREE)
def test_a_claim_has_no_truth_value(value: bool | None) -> None:
    """Branching on a claim is an error, whatever it says."""
    with pytest.raises(TypeError, match="do not branch"):
        bool(claim(value))


@given(THREE, THREE)
def test_only_if_never_makes_a_pass_of_an_unknown(requirement: bool | None, condition: bool | None) -> None:
    """A restricted claim holds only where it held anyway, or where it is known not to apply."""
    restricted = claim(requirement).only_if(claim(condition))
    if restricted.holds and restricted.applies:
        assert requirement is True
    if not restricted.applies:
        assert condition is False
    if requirement is False and condition is None:
        assert restricted.holds is None


def test_the_deciding_facts_are_the_evidence() -> None:
    """A failure of several claims quotes just those that failed."""
    joined = claim(True, "good") & claim(False, "bad") & claim(None, "open")
    assert [e.subject for e in joined.because] == ["bad"]


def test_a_part_without_anything_to_judge_does_not_count_as_held() -> None:
    """`any_of` with an inapplicable part rests on the other parts; with nothing else it is inapplicable itself."""
    aside = not_applicable("no listener", Where("a.yml"))
    assert any_of([aside, claim(False)]).holds is False
    assert not any_of([aside, aside]).applies
    assert not all_of([aside]).applies
    assert all_of([aside, claim(None)]).holds is None
