"""A parcel with its date, sealed with a key or not: AES-256 in GCM (NIST SP 800-38D), by the library `cryptography`.

    "EGRESSPLAN" version sealed? | seconds since 1970 | id of the key | nonce | parcel, and the tag that vouches for all of it

The date and the name under which it is kept are authenticated with it: a plan is never served for another stack, verb or configuration,
nor made younger. Unsealed, a SHA-256 stands in place of the tag: it tells what was cut, and vouches for nothing.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import os
import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING

from egress.domain import EgressError

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

VARIABLE = "EGRESS_PLAN_KEY"
_MAKE = f"{VARIABLE} is 32 random bytes in base64: openssl rand -base64 32"
_HEAD = struct.Struct(">11s?Q8s12s")
_MAGIC = b"EGRESSPLAN\x01"
_NO_ID = bytes(8)
_NO_NONCE = bytes(12)
_BYTES = 32
_NOT_THAT = "was changed or cut, or was kept for another stack or configuration: somebody should know why; plan again"


@dataclass(frozen=True)
class PlanKey:
    """The secret that seals."""

    secret: bytes

    @classmethod
    def parse(cls, text: str) -> PlanKey:
        """The key in a variable. Errors: EgressError, which never repeats it, also where the library is not there."""
        try:
            secret = base64.b64decode(text.strip().translate(str.maketrans("-_", "+/")), validate=True)
        except (binascii.Error, ValueError):
            raise EgressError(f"{VARIABLE} is no base64: {_MAKE}") from None
        if len(secret) != _BYTES:
            raise EgressError(f"{VARIABLE} holds {len(secret)} bytes, allowed are {_BYTES}: {_MAKE}")
        key = cls(secret)
        key.cipher()
        return key

    @property
    def id(self) -> bytes:
        """Eight bytes that tell one key from another and nothing about either."""
        return hashlib.sha256(b"egress plan key id" + self.secret).digest()[:8]

    def cipher(self) -> AESGCM:
        """The cipher. Errors: EgressError where the library is not there."""
        try:
            from cryptography.hazmat.primitives.ciphers.aead import AESGCM
        except ImportError:
            raise EgressError(
                f"{VARIABLE} needs cryptography, which is not installed: pip install 'tier0-egress[s3]'"
            ) from None
        return AESGCM(self.secret)


@dataclass(frozen=True)
class Opened:
    """A parcel, and the second in which it was kept."""

    parcel: bytes
    kept: int


def seal(parcel: bytes, name: str, now: int, key: PlanKey | None) -> bytes:
    """A parcel that is kept under a name from now on."""
    if key is None:
        head = _HEAD.pack(_MAGIC, False, now, _NO_ID, _NO_NONCE)
        return head + parcel + _digest(head, name, parcel)
    nonce = os.urandom(12)
    head = _HEAD.pack(_MAGIC, True, now, key.id, nonce)
    return head + key.cipher().encrypt(nonce, parcel, head + name.encode())


def unseal(kept: bytes, name: str, key: PlanKey | None) -> Opened:
    """What was kept under this name. Errors: EgressError, told apart: of no such format, sealed or not against the key, another key, and
    changed, cut or another's."""
    if len(kept) < _HEAD.size or not kept.startswith(_MAGIC):
        raise EgressError(f"{name}: is no kept plan, or it was cut: plan again")
    head, body = kept[: _HEAD.size], kept[_HEAD.size :]
    try:
        _, sealed, moment, key_id, nonce = _HEAD.unpack(head)
    except struct.error:
        raise EgressError(f"{name}: is no kept plan: plan again") from None
    if sealed and key is None:
        raise EgressError(f"{name}: is sealed, and {VARIABLE} is not set: give the key that the plan was kept with")
    if not sealed and key is not None:
        raise EgressError(
            f"{name}: is not sealed although {VARIABLE} is set, so anybody may have put it there: plan again"
        )
    if key is None:
        parcel, digest = body[:-32], body[-32:]
        if digest != _digest(head, name, parcel):
            raise EgressError(f"{name}: {_NOT_THAT}")
        return Opened(parcel, moment)
    if key_id != key.id:
        raise EgressError(f"{name}: was sealed with another key than {VARIABLE} holds: give that one, or plan again")
    from cryptography.exceptions import InvalidTag

    try:
        return Opened(key.cipher().decrypt(nonce, body, head + name.encode()), moment)
    except InvalidTag:
        raise EgressError(f"{name}: {_NOT_THAT}") from None


def _digest(head: bytes, name: str, parcel: bytes) -> bytes:
    return hashlib.sha256(head + name.encode() + b"\0" + parcel).digest()
