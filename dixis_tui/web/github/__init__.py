"""Asks GitHub: a thin client, the table of every request, and its answers as values of :mod:`dixis_tui.github`.

httpx is imported when a client is made, not before.
"""
