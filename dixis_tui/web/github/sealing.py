"""Sealing a secret for GitHub: libsodium's sealed box, which only the key's owner can open.

Source: GitHub's documentation, "Encrypting secrets for the REST API".
"""

from __future__ import annotations

import base64
import binascii

from dixis_tui.errors import GithubError


def sealed(value: str, key: str) -> str:
    """`value` for the owner of `key`, both base64. Raises GithubError of kind `unclear` where that is no key."""
    from nacl.exceptions import CryptoError
    from nacl.public import PublicKey, SealedBox

    try:
        box = SealedBox(PublicKey(base64.b64decode(key, validate=True)))
    except (binascii.Error, CryptoError, ValueError, TypeError):
        raise GithubError(
            "unclear", "GitHub gave a key that nothing can be sealed with", "Nothing was changed; try again."
        ) from None
    return base64.b64encode(box.encrypt(value.encode())).decode("ascii")
