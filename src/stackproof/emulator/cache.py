"""A Redis server for the embedded cache: TLS on loopback, and nothing answers before AUTH with the generated token.

The protocol, TLS and authentication are done here; fakeredis keeps the data and runs the commands.
"""

from __future__ import annotations

import secrets
import ssl
import threading
from collections.abc import Iterator
from pathlib import Path
from socketserver import StreamRequestHandler, ThreadingTCPServer
from typing import Any

from stackproof.emulator.certificates import Certificate

_NO_AUTH = b"-NOAUTH Authentication required.\r\n"
_WRONG = b"-WRONGPASS invalid username-password pair or user is disabled.\r\n"
_NO_PROTOCOL = b"-NOPROTO unsupported protocol version\r\n"


class CacheServer(ThreadingTCPServer):
    """Listens until it is shut down. The token is read from its file whenever somebody signs in."""

    allow_reuse_address = True
    daemon_threads = True

    def __init__(self, host: str, port: int, certificate: Certificate, token_file: Path) -> None:
        from fakeredis import FakeServer

        self.data = FakeServer(server_type="redis", version=(7, 0))
        self.token_file = token_file
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.minimum_version = ssl.TLSVersion.TLSv1_2
        self.context.load_cert_chain(certificate.file, certificate.key)
        super().__init__((host, port), _Client)

    def start(self) -> None:
        """Serve in a thread of its own."""
        threading.Thread(target=self.serve_forever, name="cache", daemon=True).start()

    def admits(self, token: bytes) -> bool:
        """Whether this is the token; before there is one, nobody comes in."""
        try:
            expected = self.token_file.read_bytes()
        except OSError:
            return False
        return bool(expected) and secrets.compare_digest(token, expected)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that goes away, or speaks without TLS, is not our error."""


class _Client(StreamRequestHandler):
    server: CacheServer

    def setup(self) -> None:
        self.request.settimeout(600)
        self.request = self.server.context.wrap_socket(self.request, server_side=True)
        super().setup()
        self.inside = False

    def finish(self) -> None:
        super().finish()
        self.request.close()  # the server closes the socket below, which the wrapping has emptied

    def handle(self) -> None:
        from fakeredis._clients._sync import FakeRedisConnection
        from fakeredis._clients._tcp_server import encode_reply

        connection: Any = FakeRedisConnection(server=self.server.data, protocol=2)
        try:
            for words in _commands(self.rfile):
                self.wfile.write(self._answer(connection, words, encode_reply))
                self.wfile.flush()
                if words[0].upper() == b"QUIT":
                    return
        finally:
            connection.disconnect()

    def _answer(self, connection: Any, words: list[bytes], encode: Any) -> bytes:
        command = words[0].upper()
        if command == b"AUTH":
            self.inside = self._admitted(words[1:])
            return b"+OK\r\n" if self.inside else _WRONG
        if command == b"HELLO":
            return self._hello(connection, words, encode)
        if command == b"QUIT":
            return b"+OK\r\n"
        if not self.inside:
            return _NO_AUTH
        return self._run(connection, words, encode)

    def _hello(self, connection: Any, words: list[bytes], encode: Any) -> bytes:
        upper = [word.upper() for word in words]
        if b"AUTH" in upper:
            at = upper.index(b"AUTH")
            if not self._admitted(words[at + 1 : at + 3]):
                return _WRONG
            self.inside = True
            words = words[:at] + words[at + 3 :]
        if not self.inside:
            return _NO_AUTH
        return self._run(connection, words, encode) if words[1:2] != [b"4"] else _NO_PROTOCOL

    def _admitted(self, given: list[bytes]) -> bool:
        user, token = (b"default", given[0]) if len(given) == 1 else (given[0], given[-1]) if given else (b"", b"")
        return user == b"default" and self.server.admits(token)

    def _run(self, connection: Any, words: list[bytes], encode: Any) -> bytes:
        from redis.exceptions import RedisError

        try:
            connection.send_command(*words)
            answer: Any = connection.read_response()
        except RedisError as error:
            answer = error
        protocol = connection.get_socket()._client_info.protocol_version
        reply: bytes = encode(answer, protocol)
        return reply


def _commands(stream: Any) -> Iterator[list[bytes]]:
    """Read commands of the Redis protocol, also those written as plain words."""
    while line := stream.readline():
        if not line.startswith(b"*"):
            if line.split():
                yield line.split()
            continue
        words = []
        for _ in range(int(line[1:])):
            length = int(stream.readline()[1:])
            words.append(stream.read(length))
            stream.read(2)
        if words:
            yield words
