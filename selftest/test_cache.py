"""The store of results: what is put is got back whole or not at all."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stackproof.cache import Cache, default_root, key_of


@given(st.binary(max_size=2000))
def test_what_is_put_is_got(tmp_path_factory: pytest.TempPathFactory, value: bytes) -> None:
    """Any bytes come back unchanged, also for another process with the same directory."""
    root = tmp_path_factory.mktemp("cache")
    Cache(root).put(key_of("k"), value)
    assert Cache(root).get(key_of("k")) == value


@given(st.lists(st.text() | st.binary()), st.lists(st.text() | st.binary()))
def test_a_key_keeps_its_parts_apart(left: list[str | bytes], right: list[str | bytes]) -> None:
    """Two lists of parts have one key just when they are the same bytes, part by part."""
    same = [p.encode() if isinstance(p, str) else p for p in left] == [
        p.encode() if isinstance(p, str) else p for p in right
    ]
    assert (key_of(*left) == key_of(*right)) is same


def test_a_damaged_entry_is_a_miss(tmp_path: Path) -> None:
    """Whichever byte is changed and wherever the file is cut, the entry is not returned."""
    cache, key, value = Cache(tmp_path), key_of("k"), b"an answer"
    cache.put(key, value)
    (path,) = (p for p in tmp_path.rglob("*") if p.is_file())
    whole = path.read_bytes()
    for at in range(len(whole)):
        path.write_bytes(whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :])
        assert cache.get(key) is None
        path.write_bytes(whole[:at])
        assert cache.get(key) is None
    path.write_bytes(whole)
    assert cache.get(key) == value


HAMMER = """
import hashlib, sys
from pathlib import Path
from stackproof.cache import Cache, key_of

cache = Cache(Path(sys.argv[1]))
for turn in range(300):
    key = key_of(str(turn % 5))
    cache.put(key, hashlib.sha512(f"{sys.argv[2]} {turn}".encode()).hexdigest().encode() * 50)
    value = cache.get(key)
    assert value is not None and len(value) == 128 * 50
    assert value == value[:128] * 50  # never parts of two writers
"""


def test_several_processes_write_at_once(tmp_path: Path) -> None:
    """Readers see a whole entry of one writer while others replace it, and no file is left behind."""
    writers = [subprocess.Popen([sys.executable, "-c", HAMMER, str(tmp_path), str(number)]) for number in range(3)]
    assert [writer.wait() for writer in writers] == [0, 0, 0]
    assert len([path for path in tmp_path.rglob("*") if path.is_file()]) == 5


def test_an_unwritable_directory_is_said_once(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A directory that cannot be made costs nothing but a line on standard error."""
    (tmp_path / "file").write_text("in the way")
    cache = Cache(tmp_path / "file" / "cache")
    cache.put(key_of("a"), b"1")
    cache.put(key_of("b"), b"2")
    assert cache.get(key_of("a")) is None
    assert capsys.readouterr().err.count("works without a cache") == 1


def test_the_oldest_go_first(tmp_path: Path) -> None:
    """Above the limit the entries that were not read for longest are removed, and only as many as needed."""
    cache = Cache(tmp_path, limit=350)
    for number in range(5):  # 100 bytes each: a checksum of 32 and a value of 68
        cache.put(key_of(str(number)), b"x" * 68)
    for age, number in enumerate((3, 0, 4, 1, 2)):
        key = key_of(str(number))
        os.utime(tmp_path / key[:2] / key[2:], (1_000_000 + age, 1_000_000 + age))
    cache.prune()
    kept = [number for number in range(5) if (tmp_path / key_of(str(number))[:2] / key_of(str(number))[2:]).exists()]
    assert kept == [1, 2, 4]


def test_reading_keeps_an_entry_young(tmp_path: Path) -> None:
    """An entry that was read is not the oldest any more."""
    cache = Cache(tmp_path, limit=150)
    for number in (1, 2):
        key = key_of(str(number))
        cache.put(key, b"x" * 68)
        os.utime(tmp_path / key[:2] / key[2:], (1_000_000 + number, 1_000_000 + number))
    assert cache.get(key_of("1"))
    cache.prune()
    assert cache.get(key_of("1"))
    assert cache.get(key_of("2")) is None


def test_the_variable_names_the_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """STACKPROOF_CACHE moves the cache; without it, it lies in the working directory."""
    monkeypatch.setenv("STACKPROOF_CACHE", str(tmp_path))
    assert default_root() == tmp_path
    monkeypatch.delenv("STACKPROOF_CACHE")
    assert default_root() == Path(".stackproof/cache")
