"""`audit verify` as its user calls it, on the record of a whole demo: as it was left, and after somebody was at it."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

from dixis_tui.run.folders import JOURNAL, LOG
from tests.e2e.house import PHRASE, House


def _rewritten(data: bytes) -> bytes:
    """Another executor from the first entry on, and the chain made anew."""
    made: list[bytes] = []
    for line in data.replace(b'"executor":"direct"', b'"executor":"prisma"').splitlines():
        prev = hashlib.sha256(made[-1]).hexdigest() if made else ""
        made.append(re.sub(rb'"prev":"[0-9a-f]*"', f'"prev":"{prev}"'.encode(), line, count=1))
    return b"\n".join(made) + b"\n"


def test_the_record_of_a_demo(house: House, tmp_path: Path) -> None:
    done = house.call("demo", "--unattended", "--confirm", PHRASE, "--json", seconds=300)
    assert done.code == 0, done.said
    run = house.runs()[-1]
    journal, log = run / JOURNAL, run / LOG
    whole, logged = journal.read_bytes(), log.read_bytes()
    lines = whole.count(b"\n")
    head = hashlib.sha256(whole.splitlines()[-1]).hexdigest()

    sound = house.call("audit", "verify", run.name, "--head", head)
    assert sound.code == 0, sound.said
    assert f"✔ {JOURNAL}: {lines} entries, with the run's end, head {head}" in sound.out
    assert "✔ heads.jsonl: 11 of 11 heads fit" in sound.out
    assert f"✔ --head: is entry {lines}'s, the last one" in sound.out
    assert sound.out.endswith("It verifies.\n")

    at = whole.index(b'"backup_made"')
    journal.write_bytes(whole[:at] + b"'" + whole[at + 1 :])
    torn = house.call("audit", "verify", run.name)
    assert torn.code == 6, torn.said
    line = whole[:at].count(b"\n") + 1
    assert f"✖ {JOURNAL} line {line}, byte {at}: The line is no entry: " in torn.out

    journal.write_bytes(_rewritten(whole))
    rewritten = house.call("audit", "verify", run.name, "--json")
    assert rewritten.code == 6, rewritten.said
    assert {flaw["kind"] for flaw in rewritten.result["flaws"]} == {"head"}
    elsewhere = tmp_path / "copy.jsonl"
    elsewhere.write_bytes(_rewritten(whole))
    assert house.call("audit", "verify", str(elsewhere)).code == 6, "by its run's name, the kept heads are found"
    assert house.call("audit", "verify", str(elsewhere), "--head", head).code == 6

    journal.write_bytes(whole[:-30])
    cut = house.call("audit", "verify", run.name)
    assert cut.code == 6, "of that line a head was kept: it had been whole"
    assert f"read up to entry {lines - 1}" in cut.out

    journal.write_bytes(whole)
    middle = len(logged) // 2
    log.write_bytes(logged[:middle] + bytes([logged[middle] ^ 1]) + logged[middle + 1 :])
    changed = house.call("audit", "verify", run.name)
    assert changed.code == 6, changed.said
    assert f"✖ {LOG} line " in changed.out
    log.write_bytes(logged)
    assert house.call("audit", "verify").code == 0
