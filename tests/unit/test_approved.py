"""The digest of what was approved is one that a shell makes too."""

from __future__ import annotations

import subprocess
from pathlib import Path

from dixis_tui.plan.approved import migrations_digest
from dixis_tui.prisma.files import scan_migrations


def test_a_shell_makes_the_same_digest_from_the_files(tmp_path: Path) -> None:
    for name, text in (("20250101_a", "SELECT 1;\n"), ("20250102_b", "SELECT 'ω';\r\n")):
        (tmp_path / name).mkdir()
        (tmp_path / name / "migration.sql").write_text(text, newline="")
    script = """for name in 20250101_a 20250102_b; do
        sum=$(sha256sum "$name/migration.sql"); printf '%s %s\\n' "$name" "${sum%% *}"; done | sha256sum"""
    told = subprocess.run(["sh", "-c", script], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert told.stdout.split()[0] == migrations_digest(scan_migrations(tmp_path).files)
    assert migrations_digest(scan_migrations(tmp_path).files[:1]) != told.stdout.split()[0]
