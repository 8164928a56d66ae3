"""Addresses that nobody is deployed at."""

from __future__ import annotations

import pytest

from stackproof.browser.sites import unresolved
from stackproof.model import Cause


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("https_proxy", "HTTPS_PROXY"):
        monkeypatch.delenv(name, raising=False)


def test_a_name_that_does_not_exist_is_not_deployed() -> None:
    """The host is named; a run without name service cannot tell, and says so much."""
    nowhere = unresolved({"app": "https://localhost/", "api": "https://shop.invalid/v1"})
    assert nowhere is not None
    assert nowhere.cause in {Cause.NOT_DEPLOYED, Cause.ENDPOINT_OFF}
    assert nowhere.detail.startswith("shop.invalid: ")


def test_a_name_that_exists_is_met_even_if_nothing_answers() -> None:
    """Users of a site that is down get no answer, so its flows fail."""
    assert unresolved({"app": "https://localhost:1/"}) is None


def test_behind_a_proxy_names_are_the_proxys_matter(monkeypatch: pytest.MonkeyPatch) -> None:
    """What does not resolve here may be reached all the same."""
    monkeypatch.setenv("https_proxy", "http://proxy.invalid:3128")
    assert unresolved({"app": "https://shop.invalid/"}) is None
