"""The embedded AWS, a process of its own: `python -m stackproof.emulator.server --ready FILE`.

moto's server over HTTP on loopback, with our CloudFormation. It binds a free port and then writes it to the file.
"""

from __future__ import annotations

import argparse
import json
import logging
import os
from pathlib import Path


def main() -> None:
    """Serve until the process is ended."""
    parser = argparse.ArgumentParser(prog="stackproof.emulator.server")
    parser.add_argument("--ready", type=Path, required=True, help="written when requests are answered")
    parser.add_argument("--services", default="{}", help="the data services that run beside, as JSON")
    options = parser.parse_args()
    os.environ.setdefault("MOTO_ACM_VALIDATION_WAIT", "0")  # DNS validation succeeds at once
    os.environ.setdefault("MOTO_ECS_SERVICE_RUNNING", "2")
    os.environ["AWS_EC2_METADATA_DISABLED"] = "true"
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    _serve(options.ready, json.loads(options.services))


def _serve(ready: Path, services: dict[str, object]) -> None:
    from moto.core import DEFAULT_ACCOUNT_ID
    from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
    from werkzeug.serving import make_server

    from stackproof.emulator import additions
    from stackproof.emulator.cloudformation.actions import install
    from stackproof.emulator.cloudformation.stacks import Stacks
    from stackproof.emulator.clients import InProcessClients
    from stackproof.emulator.handlers import all_handlers
    from stackproof.emulator.handlers.services import Services

    beside = Services.from_json(services)
    added = additions.install(beside, DEFAULT_ACCOUNT_ID)
    handlers = all_handlers(beside)
    install(lambda account, region: Stacks(account, region, handlers, InProcessClients(account, added)))
    app = additions.wsgi(added, DomainDispatcherApplication(create_backend_app))
    server = make_server("127.0.0.1", 0, app, threaded=True)
    part = ready.with_suffix(".part")
    part.write_text(json.dumps({"port": server.server_port}))
    part.replace(ready)
    server.serve_forever()


if __name__ == "__main__":
    main()
