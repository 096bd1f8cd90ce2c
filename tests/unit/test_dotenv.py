"""What of a project's `.env` must not be shown."""

from __future__ import annotations

from pathlib import Path

import pytest

from dixis_tui.prisma.dotenv import secrets_in, secrets_of


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ('DATABASE_URL="postgresql://u:p%40ss@h/db"', ["p%40ss", "p@ss"]),
        ("export REDIS_URL=redis://:geheim@h # cache", ["geheim", "geheim"]),
        ("A_URL='postgres://u:a@b:c/d@h/db'", ["a@b:c/d", "a@b:c/d"]),
        ("SMTP_PASSWORD='it is # one'", ["it is # one"]),
        ('API_KEY="say \\"x\\" twice"', ['say "x" twice']),
        ("  SESSION_SECRET = abcdef  # no more", ["abcdef"]),
        ("JWT_TOKEN=short", []),
        ("NODE_ENV=production\nPORT=3000\nMONKEY=business", []),
        ("# SECRET=commented-out", []),
        ("PUBLIC_URL=https://shop.example/", []),
        ("BROKEN_URL=postgres://[::1", []),
        ("", []),
    ],
)
def test_what_is_a_secret(text: str, found: list[str]) -> None:
    assert secrets_of(text) == found


def test_files_that_are_there(tmp_path: Path) -> None:
    assert secrets_in(tmp_path) == []
    (tmp_path / "prisma").mkdir()
    (tmp_path / "prisma" / ".env").write_text("DB_PASSWORD=in-prisma")
    (tmp_path / ".env").write_bytes(b"APP_SECRET=in-root\xff")
    assert secrets_in(tmp_path) == ["in-root\ufffd", "in-prisma"]
