"""The edge: the web application, WebSockets, and the edge's own status."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult

from selftest.emulator.edge_asking import API, EDITING, WEB, colours, said
from selftest.emulator.edge_client import Client
from stackproof import emulator


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
        await asyncio.sleep(0.25)  # aiohttp closes TLS in the background
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
