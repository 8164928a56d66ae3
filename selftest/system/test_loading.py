"""system.yaml: each mistake gets one message with its line, what was got and what is expected."""

from __future__ import annotations

from pathlib import Path

import pytest

from stackproof.errors import MisuseError
from stackproof.system.loading import find_system, load_system

GOOD = """\
name: shop
naming: "shop-{environment}-{component}-{region}"
layers: [base, data]
requirements: requirements.yaml
stacks:
  - {component: net, template: net.yml, layer: base}
  - {component: data, template: data.yml, layer: data}
environments:
  prod: {region: eu-west-1, account: "${SHOP_ACCOUNT}", parameters: prod.json}
  embedded: {like: prod, emulated: true}
expectations:
  - id: database-encrypted
    proves: SHOP-1
    resource: {type: AWS::RDS::DBInstance}
    expect: {StorageEncrypted: true}
waivers:
  - {control: rds-multi-az, resource: data.Db, owner: data team, reason: "back within minutes", until: 2027-01-31}
gates:
  unit: {budget: 5m, allow: {unknown: 2}}
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, text in {
        "system.yaml": GOOD,
        "net.yml": "Resources: {}",
        "data.yml": "Resources: {}",
        "prod.json": "[]",
        "requirements.yaml": "- {id: SHOP-1, says: databases are encrypted, proof: [template]}",
    }.items():
        (tmp_path / name).write_text(text)
    return tmp_path


def test_a_good_file_is_read_whole(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Names, inheritance, variables and times come out as written."""
    monkeypatch.setenv("SHOP_ACCOUNT", "111122223333")
    system = load_system(folder / "system.yaml")
    assert system.stack_name("data", "embedded") == "shop-embedded-data-eu-west-1"
    assert system.environment("embedded").parameters == ["prod.json"]
    assert system.environment("embedded").emulated
    assert system.account("embedded") == "111122223333"
    assert system.file.gates["unit"].budget == 300
    assert system.requirements[0].says == "databases are encrypted"


@pytest.mark.parametrize(
    ("old", "new", "line", "words"),
    [
        ("naming:", "nameing:", 2, ["unknown field 'nameing'", "Did you mean 'naming'?"]),
        ("layer: base}", "layr: base}", 6, ["'stacks.0.layr'", "Did you mean 'layer'?"]),
        ("name: shop", "name: Shop Floor", 1, ["'Shop Floor'", "lower-case words"]),
        ("layer: data}", "layer: date}", 7, ["layer 'date'", "base, data", "Did you mean 'data'?"]),
        ("data.yml,", "dada.yml,", 7, ["'dada.yml', which is no file"]),
        ("component: net", "component: data", 7, ["'data' again"]),
        ("region: eu-west-1, ", "", 9, ["expected a region"]),
        ("prod.json", "prd.json", 9, ["'prd.json', which is no file"]),
        ("like: prod", "like: prd", 10, ["environment 'prd'", "Did you mean 'prod'?"]),
        ("like: prod", "like: embedded", 10, ["embedded -> embedded"]),
        ("emulated: true", "emulated: maybe", 10, ["'maybe'", "boolean"]),
        ("proves: SHOP-1", "proves: SHOP-2", 13, ["requirement 'SHOP-2'"]),
        ("    expect: {StorageEncrypted: true}\n", "", 12, ["nothing that is expected"]),
        ("resource: {type: AWS::RDS::DBInstance}", "severity: bad", 12, ["no 'expectations.0.resource'"]),
        ("until: 2027-01-31", "until: soon", 17, ["'soon'", "date"]),
        ("owner: data team, ", "", 17, ["no 'waivers.0.owner'"]),
        ("budget: 5m", "budget: 5 parsecs", 19, ["'5 parsecs'", "'90s', '5m' or '1h'"]),
        ("gates:\n  unit", "gates:\n  units", 19, ["units", "'unit'"]),
        ("name: shop\n", "name: shop\nname: shop2\n", 2, ["'name' again", "line 1"]),
        ("name: shop", "name: [shop", 1, ["expected a system description"]),
    ],
)
def test_each_mistake_is_named_with_its_line(folder: Path, old: str, new: str, line: int, words: list[str]) -> None:
    """The message gives file and line, what stands there and what should."""
    path = folder / "system.yaml"
    assert old in GOOD
    path.write_text(GOOD.replace(old, new, 1))
    with pytest.raises(MisuseError) as caught:
        load_system(path)
    message = str(caught.value)
    assert f"system.yaml:{line}" in message or "[shop" in new
    for word in words:
        assert word in message


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "an empty file"),
        (b"\xff\xfe\x00", "not UTF-8"),
        (b"- a\n", "dictionary"),
        (b"a: &x [*x]\n", "unknown field"),
    ],
)
def test_a_file_that_is_no_description(tmp_path: Path, content: bytes, words: str) -> None:
    """Empty, binary, a list, or an alias to itself: one message, no crash."""
    path = tmp_path / "system.yaml"
    path.write_bytes(content)
    with pytest.raises(MisuseError, match=words):
        load_system(path)


def test_all_mistakes_are_listed_at_once(folder: Path) -> None:
    """Two mistakes give two lines, so that nobody mends them one run at a time."""
    path = folder / "system.yaml"
    path.write_text(GOOD.replace("layer: base", "layer: bass").replace("data.yml", "gone.yml"))
    with pytest.raises(MisuseError, match=r"(?s)system.yaml:6.*system.yaml:7"):
        load_system(path)


def test_a_system_is_found_by_name_folder_or_alone(folder: Path) -> None:
    """An unknown name lists the known ones and asks for the near one."""
    home = folder / "systems" / "shop"
    home.mkdir(parents=True)
    (home / "system.yaml").write_text(GOOD)
    (folder / "system.yaml").unlink()
    assert find_system("shop", folder) == home / "system.yaml"
    assert find_system(str(home), folder) == home / "system.yaml"
    assert find_system("", folder) == home / "system.yaml"
    with pytest.raises(MisuseError, match="Did you mean 'shop'"):
        find_system("shopp", folder)
