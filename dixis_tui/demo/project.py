"""The sample Prisma project, copied out of the package, and the `dixis.toml` that points the cockpit at it."""

from __future__ import annotations

import hashlib
import os
import shutil
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from dixis_tui.demo.data import SQL
from dixis_tui.demo.folder import write_private
from dixis_tui.demo.shop_pages import ROUTES
from dixis_tui.demo.shop_process import PAGE
from dixis_tui.errors import DixisError, ToolError
from dixis_tui.process import LineSink, run
from dixis_tui.secrets import clean
from dixis_tui.settings import CONFIG_NAME, WindowSettings, load

SAMPLE = Path(__file__).parent / "sample"
APPLIED = 8
"""How many of the sample's migrations production has already."""
_TIMEZONE = "Europe/Athens"
_WINDOW_MINUTES = 60
_NPM_READS = ("npm_config_", "http_proxy", "https_proxy", "no_proxy", "node_extra_ca_certs")
"""How people tell npm which registry, proxy and certificates to use."""

_CONFIG = """\
# Written anew at each start of the demo.
name = "Dixis demo"
environment = "demo"

[prisma]
directory = "project"

[window]
timezone = "{timezone}"
start = {start:%Y-%m-%dT%H:%M:00}
minutes = {minutes}

[migrate]
executor = "{executor}"

[limits]
disk_free_gb = {free:.1f}

[maintenance]
file = "{page}"
url = "http://127.0.0.1:{port}/"

[contacts]
on_call = {{ name = "Ελένη Μακρή", phone = "+30 210 000 0001" }}
backup = {{ name = "Νίκος Σταματάκης", phone = "+30 210 000 0002" }}
provider = {{ name = "Υποστήριξη παρόχου βάσης", url = "https://status.example/" }}
decision_maker = {{ name = "Κατερίνα Ιωάννου", phone = "+30 210 000 0003" }}
"""
_HEALTH = """
[[health]]
name = "{name}"
url = "{url}"
contains = '{contains}'
"""
_FLOWS = """
[[flows]]
name = "Login"
base = "{site}"
variables = ["SHOP_PASSWORD"]
before = true  # no row is written by it: it may be gone through before the phrase too

[[flows.steps]]
url = "/login"
extract.csrf = 'name="csrf" value="([^"]+)"'
extract.email = '<code id="try">([^<]+)'

[[flows.steps]]
url = "/login"
method = "POST"
form = {{ csrf = "{{csrf}}", email = "{{email}}", password = "{{SHOP_PASSWORD}}" }}
contains = "Γεια σας"

[[flows]]
name = "Product listing"
base = "{site}"

[[flows.steps]]
url = "/api/products"
expect = {{ "/status" = "ok" }}
extract.slug = "/products/0/slug"

[[flows.steps]]
url = "/product?slug={{slug}}"
contains = "Στο καλάθι"

[[flows]]
name = "Checkout"
base = "{site}"
before = true

[[flows.steps]]
url = "/products"
extract.slug = '<li id="([^"]+)"'

[[flows.steps]]
url = "/product?slug={{slug}}"
extract.csrf = 'name="csrf" value="([^"]+)"'

[[flows.steps]]
url = "/basket"
method = "POST"
form = {{ csrf = "{{csrf}}", slug = "{{slug}}", quantity = "2" }}
contains = "Σύνολο:"

[[flows.steps]]
url = "/api/price"
method = "POST"
json = {{ slug = "{{slug}}", quantity = 2 }}
expect = {{ "/status" = "priced", "/quantity" = 2 }}
"""
_AFTER = """
[[after.logs]]
name = "postgresql"
file = "production/server.log"
"""

_REGRESSION = "20251121090000_order_item_unused_index"
_DROPS = '-- Nobody seems to need it.\nDROP INDEX "OrderItem_orderId_idx";\n'


def fingerprint() -> str:
    """Changes with the sample's migrations and data: a demo made from others is made anew."""
    digest = hashlib.sha256()
    for file in sorted([*SQL.glob("*.sql"), *SAMPLE.glob("prisma/migrations/*/migration.sql")]):
        digest.update(file.read_bytes())
    digest.update(b"pg_stat_statements")  # a demo made before that was loaded has none
    return digest.hexdigest()[:16]


def copy_sample(target: Path) -> None:
    """Copy the project to `target`; does nothing where it is, so that people can change it and try."""
    if target.exists():
        return
    part = target.with_name(f".{target.name}.part")
    shutil.rmtree(part, ignore_errors=True)
    shutil.copytree(SAMPLE, part, ignore=shutil.ignore_patterns("node_modules", "__pycache__"))
    part.rename(target)


def find_node() -> dict[str, str]:
    """What the project's CLI needs in the environment: any existing executable keeps it from looking for its native
    engines (`prisma.config.ts` says more).

    Raises:
        ToolError: Node.js or npm is missing.
    """
    node = shutil.which("node")
    if node is None or shutil.which("npm") is None:
        raise ToolError(
            "The executor `prisma` needs Node.js and npm, which are not on PATH",
            "Install Node.js 18.18 or later, or use --executor direct.",
        )
    return {"PRISMA_QUERY_ENGINE_LIBRARY": node, "PRISMA_SCHEMA_ENGINE_BINARY": node}


def have_regression(project: Path, *, there: bool) -> None:
    """Have a last migration that drops an index which the checkout's page needs, or have none."""
    folder = project / "prisma" / "migrations" / _REGRESSION
    if not there:
        shutil.rmtree(folder, ignore_errors=True)
        return
    folder.mkdir(exist_ok=True)
    (folder / "migration.sql").write_text(_DROPS, encoding="utf-8")


def install_prisma(project: Path, cache: Path, on_line: LineSink) -> None:
    """Install the project's pinned Prisma with npm, once.

    Raises:
        ToolError: npm failed.
    """
    done = project / "node_modules" / ".dixis-installed"
    if not done.exists():
        on_line("Installing the project's Prisma with npm ci")
        _npm_ci(project, cache, on_line)
        done.touch()


def _npm_ci(project: Path, cache: Path, on_line: LineSink) -> None:
    said: list[str] = []

    def listen(line: str) -> None:
        said.append(line)
        on_line(line)

    own = {name: value for name, value in os.environ.items() if name.lower().startswith(_NPM_READS)}
    words = ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--cache", str(cache)]
    code = run(words, environment=own, directory=project, on_stdout=listen, on_stderr=listen)
    if code != 0:
        last = next((clean(line) for line in said if "error" in line.lower() or "ERR" in line), "it said nothing")
        raise ToolError(f"npm ci failed with exit code {code}: {last}", "Look at npm's own lines; check the network.")


def write_config(folder: Path, *, executor: str, shop_port: int, new_window: bool) -> Path:
    """Write `dixis.toml`. The window stays as it was while it is open, unless a new one is asked for; a new one begins
    this minute and lasts an hour."""
    path = folder / CONFIG_NAME
    window = None if new_window else _open_window(path)
    if window is None:
        start = datetime.now(ZoneInfo(_TIMEZONE)).replace(second=0, microsecond=0)
        # In the hour that autumn repeats, local time means its first pass: an hour more reaches beyond the second.
        window = WindowSettings(start=start, minutes=_WINDOW_MINUTES * (1 + start.fold))
    # Both servers write to this folder's disk: here it can be asked what a provider's console would say.
    free = shutil.disk_usage(folder).free / 1e9
    text = _CONFIG.format(
        timezone=_TIMEZONE,
        start=window.start,
        minutes=window.minutes,
        executor=executor,
        free=free,
        page=PAGE,
        port=shop_port,
    )
    write_private(path, (text + _application(shop_port) + _AFTER).encode())
    return path


def _open_window(path: Path) -> WindowSettings | None:
    try:
        window = load(path).window
    except DixisError:
        return None
    opens, closes = window.opens(), window.closes()
    if opens is None or closes is None or not opens <= datetime.now(UTC) < closes:
        return None
    return window


def _application(port: int) -> str:
    site = f"http://127.0.0.1:{port}"
    health = (_HEALTH.format(name=route.name, url=site + route.path, contains=route.contains) for route in ROUTES)
    return "".join(health) + _FLOWS.format(site=site)
