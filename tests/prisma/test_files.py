"""Reading, ordering and checksums of migration files."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dixis_tui.errors import ProjectError
from dixis_tui.prisma.files import checksums, order_key, read_migrations, same_checksum
from tests.prisma.conftest import write_migrations


def sha(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def test_reads_directories_in_order_and_nothing_else(tmp_path: Path) -> None:
    folder = write_migrations(tmp_path, {"2_b": b"B", "10_c": "γ".encode(), "1_a": b""})
    (folder / "notes").write_text("a file is no migration")
    (folder / "0_link").symlink_to(folder / "2_b")
    files = read_migrations(folder)
    assert [(file.name, file.bytes, file.checksum) for file in files] == [
        ("1_a", 0, sha(b"")),
        ("10_c", 2, sha("γ".encode())),
        ("2_b", 1, sha(b"B")),
    ]


def test_directory_without_its_file(tmp_path: Path) -> None:
    folder = write_migrations(tmp_path, {"1_a": b""})
    (folder / "2_hollow").mkdir()
    with pytest.raises(ProjectError, match=r"2_hollow holds no migration\.sql"):
        read_migrations(folder)


def test_no_folder(tmp_path: Path) -> None:
    with pytest.raises(ProjectError, match="can't be read: No such file"):
        read_migrations(tmp_path / "gone")


@pytest.mark.parametrize(
    ("first", "second"),
    [("1_x", "10_x"), ("a", "B"), ("a", "A"), ("A", "b"), ("1-x", "1.x"), ("2_e", "2_é"), ("2_é", "2_f"), ("z~", "α")],
)
def test_order_is_not_that_of_bytes(first: str, second: str) -> None:
    assert order_key(first) < order_key(second)


@given(st.lists(st.from_regex(r"\A[0-9]{14}_[a-z0-9_]{1,20}\Z"), max_size=6))
def test_prismas_own_names_keep_the_order_of_their_times(names: list[str]) -> None:
    times = [name[:14] for name in sorted(names, key=order_key)]
    assert times == sorted(times)


@pytest.mark.parametrize("recorded_of", [b"a\nb\n", b"a\r\nb\r\n"])
@pytest.mark.parametrize("on_disk", [b"a\nb\n", b"a\r\nb\r\n"])
def test_line_endings_do_not_count(tmp_path: Path, recorded_of: bytes, on_disk: bytes) -> None:
    (file,) = read_migrations(write_migrations(tmp_path, {"1_a": on_disk}))
    assert same_checksum(file, sha(recorded_of))
    assert not same_checksum(file, sha(recorded_of + b" "))


def test_old_checksums_without_leading_zeros(tmp_path: Path) -> None:
    content = next(bytes([byte]) for byte in range(65, 91) if hashlib.sha256(bytes([byte])).digest()[3] < 16)
    (file,) = read_migrations(write_migrations(tmp_path, {"1_a": content}))
    old = "".join(f"{byte:x}" for byte in hashlib.sha256(content).digest())
    assert len(old) < 64
    assert same_checksum(file, old)
    assert not same_checksum(file, old[:-1])
    assert not same_checksum(file, "")


def test_checksum_is_of_the_text() -> None:
    """Prisma reads a file as UTF-8 text: what is not UTF-8 has become U+FFFD before it is hashed."""
    assert checksums(b"a\xffb")[0] == sha("a\N{REPLACEMENT CHARACTER}b".encode())
    assert checksums(b"\xef\xbb\xbfa")[0] == sha(b"\xef\xbb\xbfa")
