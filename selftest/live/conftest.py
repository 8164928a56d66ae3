"""One moto server for all tests here, and a connection to it."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from selftest.live.seeding import Lab
from stackproof.sources.live import Aws, Credentials


@pytest.fixture(scope="session")
def lab() -> Iterator[Lab]:
    """A server on a free port of the loopback interface, empty at first."""
    os.environ.setdefault("MOTO_ACM_VALIDATION_WAIT", "0")
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    _, port = server.get_host_and_port()
    yield Lab(f"http://127.0.0.1:{port}")
    server.stop()


@pytest.fixture
def aws(lab: Lab) -> Aws:
    """A connection with the read-only guard on, as towards real AWS."""
    return Aws("us-east-1", endpoint=lab.endpoint, credentials=Credentials("testing", "testing"), attempts=1)
