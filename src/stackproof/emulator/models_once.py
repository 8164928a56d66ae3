"""Service models are read once for all who need them in the server: moto, its regions, and the handlers' clients.

Left alone, each reads every model for itself, which is most of the time that a deployment takes.
"""

from __future__ import annotations

import functools
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from botocore.loaders import JSONFileLoader, Loader


class _PlainLoader(JSONFileLoader):  # type: ignore[misc]
    """Reads JSON into plain dicts: they keep their order, and are made much faster than botocore's ordered ones."""

    def _load_file(self, full_path: str, open_method: Callable[..., Any]) -> Any:
        if not Path(full_path).is_file():
            return None
        with open_method(full_path, "rb") as file:
            return json.loads(file.read())


@functools.cache
def shared_loader() -> Loader:
    """The one loader, which knows moto's additions to the models as well."""
    from moto.core.loaders import Loader as MotoLoader
    from moto.core.loaders import moto_root

    return MotoLoader(file_loader=_PlainLoader(), extra_search_paths=[moto_root])


def share() -> None:
    """Let moto use the one loader, and build AWS's own policies for one partition only. Called once, at the start."""
    from moto.core import utils as moto_utils
    from moto.core.base_backend import AccountSpecificBackend
    from moto.iam.models import IAMBackend

    utils: Any = moto_utils
    utils.create_loader = shared_loader
    session: Any = AccountSpecificBackend.get_session()
    session._session.register_component("data_loader", shared_loader())
    backend: Any = IAMBackend
    build = backend._init_aws_policies
    backend._init_aws_policies = lambda self: build(self) if self.partition == "aws" else []
