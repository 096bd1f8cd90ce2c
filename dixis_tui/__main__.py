"""The console command, and `python -m dixis_tui`."""

from __future__ import annotations

import os
import sys


def main() -> int:
    """Run the command line; returns the exit code."""
    # TEXTUAL_PRESS and its like could type a confirmation: gone before Textual is imported, and for children too.
    for name in [name for name in os.environ if name.startswith("TEXTUAL")]:
        del os.environ[name]
    from dixis_tui.cli.main import run
    from dixis_tui.process import no_core_dumps

    no_core_dumps()

    return run(sys.argv[1:])


if __name__ == "__main__":
    sys.exit(main())
