"""Asks GitHub: a thin client, the table of every request, and its answers as values of :mod:`dixis_tui.github`.

httpx is imported by :mod:`dixis_tui.web.github.line` alone, when a client is made.
"""
