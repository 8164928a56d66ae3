"""TLS in front of a PostgreSQL that was built without it (the wheel's): the same port, the same refusals.

The server itself listens on its Unix socket only. Clients ask for TLS as the PostgreSQL protocol has it, then their
bytes are passed through; who does not ask is refused in the server's words.
"""

from __future__ import annotations

import contextlib
import socket
import ssl
import struct
import threading
from socketserver import BaseRequestHandler, ThreadingTCPServer
from typing import Any, Final

from stackproof.emulator.certificates import Certificate

_TLS, _GSS = 80877103, 80877104  # the protocol's codes for "may I encrypt?"
_REFUSED: Final = b"SFATAL\0VFATAL\0C28000\0Mno pg_hba.conf entry for host, no encryption\0\0"


class DatabaseFront(ThreadingTCPServer):
    """Listens with TLS and passes on to the server's Unix socket."""

    allow_reuse_address = True
    daemon_threads = True

    def __init__(self, host: str, port: int, certificate: Certificate, behind: str) -> None:
        self.behind = behind
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.minimum_version = ssl.TLSVersion.TLSv1_2
        self.context.load_cert_chain(certificate.file, certificate.key)
        super().__init__((host, port), _Client)

    def start(self) -> None:
        """Serve in a thread of its own."""
        threading.Thread(target=self.serve_forever, name="database front", daemon=True).start()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that goes away is not our error."""


class _Client(BaseRequestHandler):
    server: DatabaseFront

    def handle(self) -> None:
        length, code = self._asked()
        if code == _GSS:
            self.request.sendall(b"N")
            length, code = self._asked()
        if code != _TLS:
            self.request.settimeout(5)
            self.request.recv(
                max(min(length, 10_000) - 8, 0), socket.MSG_WAITALL
            )  # unread, it would cut our answer off
            self.request.sendall(b"E" + struct.pack("!I", len(_REFUSED) + 4) + _REFUSED)
            return
        self.request.sendall(b"S")
        inside = self.server.context.wrap_socket(self.request, server_side=True)
        with socket.socket(socket.AF_UNIX) as behind:
            behind.connect(self.server.behind)
            back = threading.Thread(target=_pass, args=(behind, inside), daemon=True)
            back.start()
            _pass(inside, behind)
            back.join(5)  # what the server says last

    def _asked(self) -> tuple[int, int]:
        """Length and code of the first message, in which a client asks for encryption or begins without."""
        message = self.request.recv(8, socket.MSG_WAITALL)
        length, code = struct.unpack("!II", message) if len(message) == 8 else (0, 0)
        return length, code


def _pass(source: socket.socket, target: socket.socket) -> None:
    """Pass on what comes until the source ends; then say so to the target, which may still have something to say."""
    with contextlib.suppress(OSError):
        while data := source.recv(65536):
            target.sendall(data)
    with contextlib.suppress(OSError):
        socket.socket.shutdown(target, socket.SHUT_WR)  # the TLS socket's own would end reading, too
