"""`stackproof schema`: the JSON schema of system.yaml, for editors."""

from __future__ import annotations

import json

from stackproof.system.schema import SystemFile


def schema_text() -> str:
    """Return the schema as JSON text; `schemas/system.schema.json` holds the same."""
    schema = SystemFile.model_json_schema()
    schema["$schema"] = "https://json-schema.org/draft/2020-12/schema"
    schema["title"] = "stackproof system.yaml"
    return json.dumps(schema, indent=2) + "\n"
