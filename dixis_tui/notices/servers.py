"""What a web server needs to serve the maintenance page while its file is there: for nginx and for Caddy. Pure.

Both answer 503 with Retry-After, keep caches from keeping it, and let through what a visitor's open page still loads,
health routes, and the program's own looks, which see the application behind the page before visitors are let in.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import urlsplit

from msgspec import Struct

from dixis_tui.errors import UsageError
from dixis_tui.settings import Settings

_ASSETS = ("/_next/static/", "/static/", "/assets/")
_FILES = ("/favicon.ico", "/robots.txt")
_HEALTH = ("/api/health",)
_NAME = "/.dixis-maintenance"
_ODD = re.compile(r"""[\s"'{}$;#\\`]""")
"""What means something to a web server's configuration: a path with it is refused, not quoted."""


class Served(Struct, frozen=True, kw_only=True):
    """The page's file, what Retry-After says (seconds), and the paths of health routes."""

    file: Path
    retry_after_seconds: int
    health: Sequence[str] = _HEALTH


def served(settings: Settings) -> Served:
    """What the settings ask for. Health routes are those of `[[health]]` with `health` in their path.

    Raises:
        UsageError: no file is set, or its path can't stand in a web server's configuration.
    """
    file = settings.page_file
    if file is None:
        raise UsageError("maintenance.file is not set", "Set it in dixis.toml: where the web server finds the page.")
    if _ODD.search(str(file)):
        raise UsageError(f"{file} can't stand in a web server's configuration", "Use a path without such characters.")
    found = dict.fromkeys(urlsplit(one.url).path for one in settings.health)
    health = tuple(path for path in found if "health" in path and not _ODD.search(path))
    return Served(file=file, retry_after_seconds=settings.maintenance.retry_after_seconds, health=health or _HEALTH)


def nginx(page: Served) -> str:
    """A file to include in `server { … }`, above its locations."""
    through = "|".join([*(f"{re.escape(path)}" for path in _ASSETS), *(f"{re.escape(p)}$" for p in _exact(page))])
    return f"""\
# dixis-tui: while {page.file} is there, visitors get it as 503.
# In `server {{ … }}`, above its locations:

set $dixis_shut "";
if (-f {page.file}) {{ set $dixis_shut yes; }}
if ($uri ~ "^({through})") {{ set $dixis_shut ""; }}
# The program's own looks, before visitors are let in. This is a curtain and no lock; an address is safer:
#   if ($remote_addr = 192.0.2.10) {{ set $dixis_shut ""; }}
if ($http_user_agent ~ "^dixis-tui ") {{ set $dixis_shut ""; }}
# The page itself, on its way out.
if ($uri ~ "^{re.escape(_NAME)}") {{ set $dixis_shut ""; }}
if ($dixis_shut) {{ rewrite ^ {_NAME} last; }}

location = {_NAME} {{
    internal;
    error_page 503 {_NAME}.html;
    return 503;
}}
location = {_NAME}.html {{
    internal;
    alias {page.file};
    default_type "text/html; charset=utf-8";
    types {{ }}
    add_header Retry-After {page.retry_after_seconds} always;
    add_header Cache-Control no-store always;
    # Taken away between two steps of one request: the visitor asks once more, and gets the application.
    recursive_error_pages on;
    error_page 404 = @dixis_open;
}}
location @dixis_open {{
    if ($request_uri ~ "^{re.escape(_NAME)}") {{ return 404; }}
    absolute_redirect off;
    add_header Cache-Control no-store always;
    return 307 $request_uri;
}}
"""


def caddy(page: Served) -> str:
    """Lines for the site's block, above its other directives."""
    through = " ".join([*(f"{path}*" for path in _ASSETS), *_exact(page)])
    return f"""\
# dixis-tui: while {page.file} is there, visitors get it as 503.
# At the head of the Caddyfile, among the global options: an error of ours comes before whatever else answers.
#   {{
#       order error first
#   }}
# In the site's block:

@dixis_shut {{
	file {{
		root {page.file.parent}
		try_files /{page.file.name}
	}}
	not path {through}
	# The program's own looks, before visitors are let in. This is a curtain and no lock; an address is safer:
	#   not remote_ip 192.0.2.10
	not header User-Agent "dixis-tui *"
}}
error @dixis_shut "maintenance" 503
handle_errors {{
	@dixis_page {{
		expression {{http.error.message}} == "maintenance"
		file {{
			root {page.file.parent}
			try_files /{page.file.name}
		}}
	}}
	handle @dixis_page {{
		root * {page.file.parent}
		# Else a browser that has it already would get a 503 without a word in it.
		request_header -Range
		request_header -If-Modified-Since
		request_header -If-None-Match
		rewrite * /{page.file.name}
		method GET
		header Retry-After {page.retry_after_seconds}
		header Cache-Control no-store
		header Content-Type "text/html; charset=utf-8"
		file_server
	}}
	# Taken away between two steps of one request: the visitor asks once more, and gets the application.
	@dixis_open expression {{http.error.message}} == "maintenance"
	handle @dixis_open {{
		header Cache-Control no-store
		redir * {{http.request.orig_uri}} 307
	}}
}}
"""


def _exact(page: Served) -> Sequence[str]:
    return (*_FILES, *page.health)
