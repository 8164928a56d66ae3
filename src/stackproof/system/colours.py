"""Colours of an environment: the addresses that one of them has of its own, before it gets the traffic or after."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from stackproof.errors import MisuseError
from stackproof.system.schema import Environment, SystemFile


def wrong_colours(
    file: SystemFile, environment: Callable[[str], Environment], where: Callable[..., str]
) -> Iterator[MisuseError]:
    """List addresses of colours that replace none of their environment's. `where` says `file:line` of a place."""
    for name in file.environments:
        settings = environment(name)
        known = [*(("app", "api") if settings.base_url else ()), *settings.addresses]
        for colour, addresses in file.environments[name].colours.items():
            for address in addresses:
                if address not in known:
                    place = where("environments", name, "colours", colour, address)
                    listed = ", ".join(dict.fromkeys(known)) or "none is there"
                    yield MisuseError(place, f"address {address!r}", f"one that the environment has: {listed}")


def check_colour(colour: str, name: str, environment: Environment) -> None:
    """Hold an environment to have a colour.

    Raises:
        MisuseError: it has not.

    """
    if colour and colour not in environment.colours:
        known = ", ".join(environment.colours) or f"none: environment {name!r} has no `colours` in system.yaml"
        raise MisuseError("--colour", repr(colour), known if not environment.colours else f"one of {known}")
