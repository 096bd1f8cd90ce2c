"""The steps that install a project's packages as its lock file has them, and the actions, pinned.

Each action by the commit of its release: a tag can be moved to other code, a commit can't.
"""

from __future__ import annotations

from dixis_tui.workflows.facts import Facts
from dixis_tui.workflows.text import scalar

CHECKOUT = "actions/checkout@df4cb1c069e1874edd31b4311f1884172cec0e10 # v6.0.3"
SETUP_NODE = "actions/setup-node@48b55a011bda9f5d6aeb4c2d9c7362e8dae4041e # v6.4.0"
SETUP_PYTHON = "actions/setup-python@a309ff8b426b58ec0e2a45f0f869d46889d02405 # v6.2.0"
SETUP_PNPM = "pnpm/action-setup@0ebf47130e4866e96fce0953f49152a61190b271 # v6.0.9"
SETUP_BUN = "oven-sh/setup-bun@0c5077e51419868618aeaa5fe8019c62421857d6 # v2.2.0"

NODE_LTS = "24"
"""Where the project does not say which Node.js it runs on."""

_INSTALL = {
    "pnpm": "pnpm install --frozen-lockfile",
    "npm": "npm ci",
    "yarn classic": "yarn install --frozen-lockfile",
    "yarn berry": "yarn install --immutable",
    "bun": "bun install --frozen-lockfile",
}


def setup_steps(facts: Facts) -> str:
    """Node.js and the package manager; nothing is cached, since whoever can write a cache could write to production."""
    node = f"node-version-file: {scalar(facts.node_file)}" if facts.node_file else f'node-version: "{NODE_LTS}"'
    steps = [_step("Set up Node.js", SETUP_NODE, node, "package-manager-cache: false")]
    if facts.manager == "pnpm":
        version = f"package_json_file: {scalar(facts.manager_file)}" if facts.manager_file else ""
        steps.append(_step("Set up pnpm", SETUP_PNPM, version or f'version: "{facts.manager_version}"'))
    elif facts.manager == "bun":
        version = f"bun-version-file: {scalar(facts.manager_file)}" if facts.manager_file else ""
        steps.append(_step("Set up Bun", SETUP_BUN, version, "no-cache: true"))
    elif (facts.manager, facts.manager_version) == ("yarn", "berry"):
        steps.append("- name: Set up Yarn\n  run: |\n    set -euo pipefail\n    corepack enable")
    return "\n\n".join(steps)


def install_steps(facts: Facts, environment: str) -> str:
    """Exactly what the lock file has. `environment`: what a script of the packages may ask for; never a secret."""
    command = _INSTALL[f"{facts.manager} {facts.manager_version}" if facts.manager == "yarn" else facts.manager]
    where = f"  working-directory: {scalar(facts.install_directory)}\n" if facts.install_directory else ""
    env = "".join(f"    {line}\n" for line in environment.split("\n"))
    return f"- name: Install\n{where}  env:\n{env}  run: |\n    set -euo pipefail\n    {command}"


def _step(name: str, action: str, *inputs: str) -> str:
    lines = "".join(f"\n    {line}" for line in inputs if line)
    return f"- name: {name}\n  uses: {action}\n  with:{lines}"
