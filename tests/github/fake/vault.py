"""Secrets that are put: sealed with a key of ours, opened as a workflow would have them."""

from __future__ import annotations

import base64
import binascii
from typing import TYPE_CHECKING

from nacl.exceptions import CryptoError
from nacl.public import PrivateKey, SealedBox

from tests.github.fake.answers import Answer, Request, invalid, missing, told
from tests.github.fake.repo import Secret

if TYPE_CHECKING:
    from tests.github.fake.server import FakeGithub

Parts = dict[str, str]
_KEY = PrivateKey(bytes(range(32)))
KEY_ID = "568250167242549743"


def key(github: FakeGithub, request: Request, parts: Parts) -> Answer:
    """What a new secret is sealed with."""
    _secrets(github, parts)
    return told({"key_id": KEY_ID, "key": base64.b64encode(bytes(_KEY.public_key)).decode()})


def put(github: FakeGithub, request: Request, parts: Parts) -> Answer:
    """A new value: 204 where there was one, 201 where it is new."""
    secrets, body, name = _secrets(github, parts), request.body or {}, parts["secret_name"].upper()
    if body.get("key_id") != KEY_ID:
        raise invalid("Bad request - key_id is invalid")
    try:
        value = SealedBox(_KEY).decrypt(base64.b64decode(body.get("encrypted_value", ""), validate=True)).decode()
    except (binascii.Error, CryptoError, ValueError):
        raise invalid("Bad request - encrypted_value is not sealed") from None
    found = next((one for one in secrets if one.name == name), None)
    if found is None:
        secrets.append(Secret(name, github.now(), value))
        return told({}, 201)
    found.updated, found.value = github.now(), value
    return Answer(204)


def _secrets(github: FakeGithub, parts: Parts) -> list[Secret]:
    if "environment_name" not in parts:
        return github.repo.secrets
    found = github.repo.environment(parts["environment_name"])
    if found is None:
        raise missing()
    return found.secrets
