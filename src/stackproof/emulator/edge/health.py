"""Health checks of target groups: as deployed, 30 times as often."""

from __future__ import annotations

import asyncio
import contextlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from stackproof.emulator.edge.rules import Rules, TargetGroup, Wire

if TYPE_CHECKING:
    import aiohttp

FASTER: Final = 30
SHORTEST: Final = 0.2  # seconds between two checks


@dataclass(slots=True)
class State:
    """What is known of one target. `said` is the last answer."""

    healthy: bool = False
    row: int = 0  # how many answers in a row speak against the state
    said: str = "not asked yet"
    asked: int = 0


class HealthChecks:
    """One task per target of each target group."""

    def __init__(self, session: aiohttp.ClientSession) -> None:
        self._session = session
        self._states: dict[tuple[str, str, str], State] = {}
        self._tasks: dict[tuple[str, str, str], asyncio.Task[None]] = {}
        self._groups: dict[str, TargetGroup] = {}

    def follow(self, rules: Rules) -> None:
        """Check the targets that there are now, and no others."""
        self._groups = dict(rules.groups)
        wanted = {(arn, name, url) for arn, group in rules.groups.items() for name, url in group.targets.items()}
        for key in set(self._tasks) - wanted:
            self._tasks.pop(key).cancel()
            self._states.pop(key, None)
        for key in wanted - set(self._tasks):
            self._states[key] = State()
            self._tasks[key] = asyncio.create_task(self._watch(key))

    async def first(self) -> None:
        """Wait until every target was asked once."""
        while any(not state.asked for state in self._states.values()):
            await asyncio.sleep(0.01)

    def healthy(self, group: TargetGroup) -> list[tuple[str, str]]:
        """The targets of a group that may have traffic: address of the workload, and URL."""
        return [(name, url) for name, url in group.targets.items() if self._good(group.arn, name, url)]

    def states(self) -> dict[tuple[str, str, str], State]:
        """All states by target group, workload and URL."""
        return self._states

    async def close(self) -> None:
        """End all checks."""
        for task in self._tasks.values():
            task.cancel()
        await asyncio.gather(*self._tasks.values(), return_exceptions=True)

    def _good(self, arn: str, name: str, url: str) -> bool:
        state = self._states.get((arn, name, url))
        return state is not None and state.healthy

    async def _watch(self, key: tuple[str, str, str]) -> None:
        arn, _, url = key
        while True:
            settings = self._groups[arn].settings
            good, said = await self._ask(settings, url)
            self._count(self._states[key], settings, said, good=good)
            await asyncio.sleep(max(SHORTEST, float(settings.get("HealthCheckIntervalSeconds", 30)) / FASTER))

    def _count(self, state: State, settings: Wire, said: str, *, good: bool) -> None:
        first = state.asked == 0
        state.asked += 1
        state.said = said
        state.row = 0 if good == state.healthy else state.row + 1
        limit = int(settings.get("HealthyThresholdCount" if good else "UnhealthyThresholdCount", 3))
        if state.row and (state.row >= limit or first):  # one good answer is enough for a new target
            state.healthy, state.row = good, 0

    async def _ask(self, settings: Wire, url: str) -> tuple[bool, str]:
        import aiohttp

        if not settings.get("HealthCheckEnabled", True):
            return False, "health checks are switched off, which the edge does not follow"
        scheme = settings.get("HealthCheckProtocol", "HTTP").lower()
        address = f"{scheme}://{url.partition('://')[2]}{settings.get('HealthCheckPath', '/')}"
        limit = aiohttp.ClientTimeout(total=float(settings.get("HealthCheckTimeoutSeconds", 5)))
        problem: object = ""
        with contextlib.suppress(TimeoutError):
            try:
                async with self._session.get(address, timeout=limit, ssl=False, allow_redirects=False) as answer:
                    return fits(settings.get("Matcher", {}).get("HttpCode", "200"), answer.status), str(answer.status)
            except (aiohttp.ClientError, OSError) as error:
                problem = error
        return False, str(problem) or "no answer in time"


def fits(matcher: str, status: int) -> bool:
    """Whether a status is one of a matcher such as `200,301-302`."""
    for part in matcher.split(","):
        low, _, high = part.strip().partition("-")
        if int(low) <= status <= int(high or low):
            return True
    return False
