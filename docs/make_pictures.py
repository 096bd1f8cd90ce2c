"""The pictures in this folder, made anew from the real program: ``python -m docs.make_pictures``.

Plays an evening on the demo in a real terminal (tmux), by keys, and writes what stands on the screen as SVG. Needs the
`test` extra and tmux; takes a minute or two. With names after it (`locks migrations`) only those are written.
"""

from __future__ import annotations

import re
import secrets
import shutil
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path

import httpx

from dixis_tui.model import Phase
from dixis_tui.run import commands as cmd
from tests.e2e.hands import Hands, bring_to_go, until_over
from tests.e2e.house import PHRASE, House, send
from tests.github.fake import scenes
from tests.github.fake.server import TOKEN, FakeGithub
from tests.github.fake.shop import CLINIC, migration, shop
from tests.pictures import ansi_to_svg
from tests.terminal import TmuxTerminal

DOCS = Path(__file__).parent
SHOWN = "/home/eleni/.local/state"
"""What stands in the pictures for the folder that the demo really lived in; as long as it, so that nothing moves."""
PROGRAM = ("--operator", "Eleni", "demo")
ORDERS = "20000"


def main() -> None:
    """One evening that goes well, one that fails, one on which GitHub executes."""
    with _house() as house:
        _good_evening(house)
        _bad_evening(house)
    with _house() as house:
        _evening_on_github(house)


@contextmanager
def _house() -> Iterator[House]:
    root = tempfile.gettempdir()
    folder = Path(root, secrets.token_hex(16)[: len(SHOWN) - len(root) - 1])
    folder.mkdir(mode=0o711)
    house = House(folder)
    try:
        yield house
    finally:
        house.end()
        house.demo.clean()
        shutil.rmtree(folder)


def _good_evening(house: House) -> None:
    with house.terminal(*PROGRAM, "--rows", ORDERS) as terminal:
        hands = Hands(terminal, house.new_run([], seconds=120))
        hands.until_passed(Phase.PREFLIGHT)
        terminal.wait_for("3 answers are yours")
        _take(house, terminal, "preflight")
        hands.answer_preflight()
        hands.back_up()
        hands.rehearse()
        terminal.wait_for("Next: shut visitors out")
        _take(house, terminal, "rehearsed")
        terminal.keys("h", "down")
        terminal.wait_for("CREATE INDEX CONCURRENTLY")
        _take(house, terminal, "migrations")
        terminal.keys("escape")
        terminal.wait_gone("CREATE INDEX CONCURRENTLY")
        terminal.resize(80, 24)
        terminal.wait_gone("RUNBOOK")
        terminal.wait_for("Next: shut visitors out")
        _take(house, terminal, "rehearsed-80x24", 80, 24)
        terminal.resize(120, 40)
        terminal.wait_for("SECRETS")
        hands.raise_banner()
        hands.open_board()
        hands.type_phrase(PHRASE)
        _take(house, terminal, "go")
        with _order_table_in_use(house) as reader:
            terminal.keys("enter")
            terminal.wait_for("✔ 20251027081530_order_status_index")
            terminal.wait_for(re.compile(r"[1-3]\.\d s of about"))
            _take(house, terminal, "migrating")
            _watch(house)
            terminal.keys("b")
            terminal.wait_for("BLOCK US  1")
            with _customers(house):
                terminal.wait_for("WAIT BEHIND US  3")
                _take(house, terminal, "locks")
                terminal.keys("t")
                terminal.wait_for(f"Type {reader}")
                hands.type_phrase(reader)
                terminal.keys("enter")
            terminal.wait_for(f"Process {reader} was asked to end")
            terminal.keys("escape")
        until_over(hands.run, Phase.VERIFY)
        terminal.wait_for("Migrated and verified")
        _take(house, terminal, "verified")
        hands.sign_off()
        terminal.wait_for("✔ DONE")
        _take(house, terminal, "signed-off")
        terminal.keys("q")
        terminal.wait_exit()


def _watch(house: House) -> None:
    """What the people on the call see meanwhile."""
    with house.terminal("watch") as watcher:
        watcher.wait_for("at work since")
        watcher.wait_for(re.compile(r"migration \d of 4"))
        _take(house, watcher, "watching", still=False)


def _bad_evening(house: House) -> None:
    before = house.runs()
    with house.terminal(*PROGRAM) as terminal:
        hands = Hands(terminal, house.new_run(before, seconds=120))
        bring_to_go(hands.run)
        house.demo.break_production()
        hands.open_board()
        hands.type_phrase(PHRASE)
        terminal.keys("enter")
        until_over(hands.run, Phase.MIGRATE)
        terminal.wait_for("Migration failed on production")
        terminal.wait_for("migrate ended: failed")
        _take(house, terminal, "failed")
        terminal.keys("x")
        terminal.wait_for("looked at")
        _take(house, terminal, "rollback")
        terminal.keys("escape")
        terminal.wait_gone("ROLL BACK")
        terminal.keys("t")
        terminal.wait_for("WHAT TO DO")
        _take(house, terminal, "trouble")
        terminal.keys("escape")
        terminal.wait_gone("WHAT TO DO")
        terminal.keys("q")
        terminal.wait_exit()


def _evening_on_github(house: House) -> None:
    """A GitHub of the tests' own runs the workflow, on the demo's data, and stands still before the deed."""
    ready = house.demo.prepare(int(ORDERS), "direct")
    project = ready.folder / "project"
    _commit(project)
    text = ready.config.read_text("utf-8").replace('executor = "direct"', 'executor = "github"')
    repo = shop(project)
    with FakeGithub(repo, pace=1.0) as github:
        github.script = migration(project / "prisma" / "migrations", ready.environment["DATABASE_URL"])
        held = scenes.held_step(github)
        scenes.approval(github)
        github.past(CLINIC, "success")
        settings = f'[github]\nrepository = "{repo.name}"\napi_url = "{github.url}"\npoll_seconds = 0.5\n'
        config = ready.folder / "github.toml"
        config.write_text(f"{text}\n{settings}", "utf-8")
        words = ("--operator", "Eleni", "--config", str(config))
        with house.terminal(*words, extra=ready.environment | {"GITHUB_TOKEN": TOKEN}) as terminal:
            hands = Hands(terminal, house.new_run([], seconds=120))
            _bring_to_the_phrase(hands)
            terminal.wait_for("Waiting for the approval of production")
            _take(house, terminal, "approval")
            terminal.keys("a")
            terminal.wait_for("enter approve")
            terminal.keys("enter", "enter")
            terminal.wait_for("step 5 of 7")
            terminal.keys("g")
            terminal.wait_for("z cancel the run")
            _take(house, terminal, "github")
            held.set()
            until_over(hands.run, Phase.MIGRATE)
            terminal.keys("escape")
            terminal.wait_gone("GITHUB dixis")
            terminal.keys("q")
            terminal.wait_exit()


def _commit(project: Path) -> None:
    """The project as a repository whose branch is at this commit."""
    git = ("git", "-C", str(project), "-c", "user.name=Eleni", "-c", "user.email=eleni@dixis.example")
    for words in (("init", "--quiet", "--initial-branch", "main"), ("add", "."), ("commit", "--quiet", "-m", "Shop")):
        subprocess.run([*git, *words], check=True)


def _bring_to_the_phrase(hands: Hands) -> None:
    """Without the rehearsal, which would need the project's packages: waived, as a person may."""
    until_over(hands.run, Phase.PREFLIGHT)
    _do(hands, *(cmd.Tick(code=code, operator="Eleni") for code in ("DX132", "DX133")))
    _do(hands, cmd.StartPhase(phase=Phase.BACKUP))
    until_over(hands.run, Phase.BACKUP)
    _do(hands, cmd.Waive(code="DX300", operator="Eleni", reason="for the picture"))
    _do(hands, cmd.Tick(code="DX400", operator="Eleni"))
    hands.open_board()
    hands.type_phrase(PHRASE)
    hands.terminal.keys("enter")


def _do(hands: Hands, *commands: cmd.Command) -> None:
    for command in commands:
        if refused := send(hands.run, command):
            raise RuntimeError(f"{refused}\n{hands.terminal.screen()}")


@contextmanager
def _order_table_in_use(house: House) -> Iterator[str]:
    """Somebody reads `Order` in a long transaction: the migration that alters it has to wait. Gives its process id."""
    with house.start("demo", "--block") as blocker:
        said = blocker.stdout.readline() if blocker.stdout else ""
        yield said.split()[1]


@contextmanager
def _customers(house: House) -> Iterator[None]:
    """Three people look at the shop's checkout meanwhile, and wait behind the migration."""
    shop = house.demo.prepare().shop

    def look() -> None:
        with suppress(httpx.HTTPError):
            httpx.get(f"{shop}/checkout", timeout=60)

    with ThreadPoolExecutor(3) as pool:
        for _ in range(3):
            pool.submit(look)
        yield


def _still(terminal: TmuxTerminal) -> str:
    return re.sub(r"\d+[:.]\d+|\d+%|\d+ (?=s|[kM]?B/s)", "", terminal.screen())


def _take(
    house: House, terminal: TmuxTerminal, name: str, columns: int = 120, rows: int = 40, *, still: bool = True
) -> None:
    """What is on the screen, once nothing but its clocks moves; not `still`: now, since its clocks are pictures too."""
    if (wanted := sys.argv[1:]) and name not in wanted:
        return
    while still:
        before = _still(terminal)
        threading.Event().wait(0.7)  # the log is painted twice a second
        if _still(terminal) == before:
            break
    ansi = terminal.ansi().replace(str(house.folder), SHOWN)
    (DOCS / f"{name}.svg").write_text(ansi_to_svg(ansi, columns, rows, f"dixis-tui: {name}"), encoding="utf-8")


if __name__ == "__main__":
    main()
