"""Who is at the other end of the run's socket, as the kernel says it."""

from __future__ import annotations

import os
import pwd
import socket
import struct

from dixis_tui.run.accounts import Account
from dixis_tui.secrets import clean

KNOWN = hasattr(socket, "SO_PEERCRED")
"""Whether this system tells the peer's account; where it does not, the socket stays private to its owner."""


def uid_of(peer: socket.socket) -> int:
    """The user who connected, at the moment they did."""
    if not KNOWN:
        return os.getuid()  # the socket's mode 0600 and its folder's 0700 are what is left to trust
    _, uid, _ = struct.unpack("3i", peer.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i")))
    return int(uid)


def account_of(uid: int) -> Account:
    """The account with its name from the user database; may ask a network, so never in the event loop."""
    try:
        return Account(uid, clean(pwd.getpwuid(uid).pw_name))
    except (KeyError, OSError):
        return Account(uid)
