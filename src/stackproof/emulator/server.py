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
    parser.add_argument("--certificate", type=Path, help="serve the cache too, with this certificate")
    parser.add_argument("--owner", type=int, default=0, help="the process with which the environment ends")
    parser.add_argument("--state", type=Path, help="the environment's state file")
    options = parser.parse_args()
    os.environ.setdefault("MOTO_ACM_VALIDATION_WAIT", "0")  # DNS validation succeeds at once
    os.environ.setdefault("MOTO_ECS_SERVICE_RUNNING", "2")
    os.environ.setdefault("MOTO_IAM_LOAD_MANAGED_POLICIES", "true")
    os.environ["AWS_EC2_METADATA_DISABLED"] = "true"
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    if options.owner:
        from stackproof.emulator.owner import end_with

        end_with(options.owner, options.state)
    _serve(options)


def _serve(options: argparse.Namespace) -> None:
    from moto.core.config import default_user_config
    from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
    from werkzeug.serving import make_server

    from stackproof.emulator import additions
    from stackproof.emulator.additions.changes import Changes
    from stackproof.emulator.cache import CacheServer
    from stackproof.emulator.certificates import Certificate
    from stackproof.emulator.clients import InProcessClients
    from stackproof.emulator.cloudformation.actions import install
    from stackproof.emulator.cloudformation.stacks import Stacks
    from stackproof.emulator.handlers import all_handlers
    from stackproof.emulator.models_once import share
    from stackproof.emulator.services import ACCOUNT, CHANGES, Services
    from stackproof.emulator.tls_front import DatabaseFront

    default_user_config["lambda"] = {"use_docker": False}  # invocations answer, and run nothing
    beside = Services.from_json(json.loads(options.services))
    share()
    added = additions.install(beside, ACCOUNT)
    handlers, changes = all_handlers(beside), Changes(options.ready.with_name(CHANGES))
    install(lambda account, region: Stacks(account, region, handlers, InProcessClients(account, added, changes)))
    if options.certificate:
        certificate = Certificate(options.certificate, options.certificate.with_name("key.pem"))
        CacheServer(beside.cache_host, beside.cache_port, certificate, Path(beside.cache_token_file)).start()
        if beside.database_front:
            behind = beside.database_socket
            DatabaseFront(beside.database_host, beside.database_port, certificate, behind).start()
    app = changes.counted(additions.wsgi(added, DomainDispatcherApplication(create_backend_app)))
    server = make_server("127.0.0.1", 0, app, threaded=True)
    ready: Path = options.ready
    part = ready.with_suffix(".part")
    part.write_text(json.dumps({"port": server.server_port}))
    part.replace(ready)
    server.serve_forever()


if __name__ == "__main__":
    main()
