"""What looks like a credential. Such a value is told from others by its fingerprint only, and never shown."""

from __future__ import annotations

import re
from hashlib import blake2b

_NAME = re.compile(
    r"pass(w(or)?d|phrase)?|secret|token|credential|private|api[-_.]?key|access[-_.]?key|auth|dsn|cookie|session"
    r"|conn(ection)?[-_.]?str|database[-_.]?url|signature|salt|cert|pgp|gpg|[-_.]key$|[-_.]pwd?$|^pwd?$",
    re.IGNORECASE,
)
_VALUE = re.compile(
    r"://[^/\s:@]*:[^/\s@]+@|-----BEGIN|\beyJ[A-Za-z0-9_-]{8,}\.|\b(AKIA|ASIA)[A-Z0-9]{12,}|\bgh[pousr]_[A-Za-z0-9]{16,}"
    r"|\bxox[a-z]-|\bglpat-|\bsk-[A-Za-z0-9]{16,}|\bBearer\s|\bBasic\s+[A-Za-z0-9+/=]{8,}"
    r"|(pass(w(or)?d)?|secret|token|api[-_]?key)['\"]?\s*[=:]",
    re.IGNORECASE,
)
_WORD = re.compile(r"[A-Za-z0-9+/=_-]{24,}")
_HEX = re.compile(r"[0-9a-f]+")

# Names of Secrets, and switches, are no credentials.
_HARMLESS = frozenset({"secretName", "automountServiceAccountToken", "certificateName"})

MARK = "\0"
SHOWN = "(not shown)"


def suspected(name: str, value: str) -> bool:
    """Whether a value should not be shown, by the name of what it is set to or by its form."""
    if name in _HARMLESS:
        return False
    return bool(_NAME.search(name) or _VALUE.search(value)) or any(_random(word) for word in _WORD.findall(value))


def _random(word: str) -> bool:
    """Whether letters of both cases and digits are mixed as in a key. A digest or commit is no credential."""
    if _HEX.fullmatch(word):
        return False
    return any(c.islower() for c in word) and any(c.isupper() for c in word) and any(c.isdigit() for c in word)


def fingerprint(value: str) -> str:
    """What is kept in place of the value: enough to see that it changed."""
    return MARK + blake2b(value.encode("utf-8", "surrogatepass"), digest_size=8).hexdigest()


def shown(value: str | None) -> str | None:
    """How a kept value is printed."""
    return SHOWN if value is not None and value.startswith(MARK) else value
