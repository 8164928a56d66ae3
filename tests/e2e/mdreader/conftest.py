"""People for MDReader's flows."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

from .people import Person, first_name, sign_up

if TYPE_CHECKING:
    from stackproof.browser.api import Api
    from stackproof.browser.sites import Site
    from stackproof.browser.visits import Visitor
    from stackproof.plugin.fixtures import NewVisitor

NewPerson = Callable[[str], Person]
Arrive = Callable[..., "Visitor"]


@pytest.fixture
def new_person(api: Api) -> NewPerson:
    """Let somebody sign up on the API: `new_person("Anna Berg")`."""
    return lambda name: sign_up(api, name)


@pytest.fixture
def anna(new_person: NewPerson) -> Person:
    """Somebody who has signed up."""
    return new_person("Anna Berg")


@pytest.fixture
def ben(new_person: NewPerson) -> Person:
    """Somebody else."""
    return new_person("Ben Okafor")


@pytest.fixture
def arrive(new_visitor: NewVisitor, site: Site) -> Arrive:
    """Let a person come in the browser, signed in: `arrive(anna)`; options are those of `new_visitor`."""
    return lambda person, **options: new_visitor(first_name(person.name), state=person.signed_in(site), **options)
