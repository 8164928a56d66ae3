"""A folder of realistic templates to measure with: the same seed gives the same bytes."""

from __future__ import annotations

import random
import re
import sys
from pathlib import Path

_SECTIONS = ("Parameters", "Mappings", "Conditions", "Resources", "Outputs")
_COMMON = {
    "Parameters": "  Environment: {Type: String, Default: dev, AllowedValues: [dev, staging, prod]}\n",
    "Conditions": "  IsProd: !Equals [!Ref Environment, prod]\n",
}


def write_corpus(folder: Path, templates: int = 100, seed: int = 1) -> list[Path]:
    """Write YAML templates into the folder and return their paths.

    A template joins 1 to 4 parts of components.yml: about 7 resources and 6 kB on average, with parameters
    that have defaults, conditions, mappings and references between resources.
    """
    parts = _parts()
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for number in range(templates):
        draw = random.Random(f"{seed}/{number}")  # noqa: S311 - repeatable on purpose, nothing secret
        path = folder / f"template-{number:03}.yml"
        path.write_text(_template(parts, number, draw), encoding="utf-8")
        paths.append(path)
    return paths


def _parts() -> list[dict[str, str]]:
    """The parts of components.yml as text by section; text, because tags and comments must stay as written."""
    text = Path(__file__).with_name("components.yml").read_text(encoding="utf-8")
    parts = []
    for part in text.split("\n---\n"):
        pieces = re.split(r"^([A-Z]\w+):\n", part, flags=re.MULTILINE)
        parts.append(dict(zip(pieces[1::2], (piece.rstrip("\n") + "\n" for piece in pieces[2::2]), strict=True)))
    return parts


def _template(parts: list[dict[str, str]], number: int, draw: random.Random) -> str:
    size = draw.choices((1, 2, 3, 4), (3, 4, 3, 2))[0]
    chosen = draw.choices(parts, [len(part["Resources"]) for part in parts], k=size)
    lines = ['AWSTemplateFormatVersion: "2010-09-09"', f"Description: Stack {number} of the measured folder", ""]
    for section in _SECTIONS:
        body = _COMMON.get(section, "")
        for index, part in enumerate(chosen, start=1):
            body += re.sub(r"(?<=[\w /-])@|(?<=\")@(?=\")", str(index), part.get(section, ""))
        if body:
            lines += [f"{section}:", _drawn(body, draw)]
    return "\n".join(lines)


def _drawn(text: str, draw: random.Random) -> str:
    return re.sub(r"\[\[(.+?)\]\]", lambda found: draw.choice(found[1].split("|")), text)


if __name__ == "__main__":
    for written in write_corpus(Path(sys.argv[1])):
        print(written)
