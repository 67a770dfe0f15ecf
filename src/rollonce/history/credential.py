"""What looks like a credential in a history: more than in a command line, for nobody named the fields that changed."""

from __future__ import annotations

import re

from rollonce.model import credential

_NAME = re.compile(
    r"auth|session|conn(ection)?[-_.]?str|database[-_.]?url|signature|salt|cert|pgp|gpg|dsn|[-_.]pwd?$|^pwd?$",
    re.IGNORECASE,
)
_WORD = re.compile(r"[A-Za-z0-9+/=_-]{24,}")
_HEX = re.compile(r"[0-9a-f]+")
# Names of Secrets, and switches, are no credentials.
_HARMLESS = frozenset({"secretName", "automountServiceAccountToken", "certificateName"})

SHOWN = "(not shown)"


def suspected(name: str, value: str) -> bool:
    """Whether a value should not be shown, by the name of what it is set to or by its form."""
    if name in _HARMLESS:
        return False
    if credential.looks_like_one(name, value) or _NAME.search(name):
        return True
    return any(_random(word) for word in _WORD.findall(value))


def _random(word: str) -> bool:
    """Whether letters of both cases and digits are mixed as in a key. A digest or commit is no credential."""
    if _HEX.fullmatch(word):
        return False
    return any(c.islower() for c in word) and any(c.isupper() for c in word) and any(c.isdigit() for c in word)
