"""Values that look like credentials, which are never shown: by the name that they go by, or by their form."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterable

HIDDEN = "(hidden)"

_NAMES = re.compile(
    r"token|passw|passphrase|secret|credential|api_?key|access_?key|bearer|cookie|private"
    r"|(^|[_.-])(key|keys|pass|pwd|auth|jwt|dsn|pin|salt|signature|cert)([_.-]|$)|key$",
    re.IGNORECASE,
)
# `MAX_TOKENS=4096` is a count, and a commit is known to everybody.
_COUNTS = re.compile(r"(^|_)(max|min|num|count|limit|budget|size|window)(_|$)", re.IGNORECASE)
_DIGESTS = re.compile(r"(^|_)(sha|sha256|commit|revision|digest|checksum|hash|version|build)(_|$)", re.IGNORECASE)
_NUMBER = re.compile(r"[0-9]{1,9}")
_DIGEST = re.compile(r"\bsha(256|384|512):[0-9a-f]{64,128}\b")  # of an image, and known to everybody
_HEX = re.compile(r"(sha256:)?[0-9a-fA-F]{7,64}")

_FORMS = (
    re.compile(r"eyJ[A-Za-z0-9_-]{6,}\.[A-Za-z0-9_-]{4,}\."),  # a JSON Web Token
    re.compile(r"-----BEGIN [A-Z0-9 ]+-----"),  # PEM
    re.compile(r"\b(AKIA|ASIA|AROA|AIDA)[A-Z0-9]{16}\b"),  # AWS
    re.compile(r"\bAIza[A-Za-z0-9_-]{30,}"),  # Google
    re.compile(r"\b(gh[pousr]_|github_pat_|glpat-|npm_|xox[abeoprs]-|sk-|sk_live_|rk_live_|hvs\.)[A-Za-z0-9_-]{8,}"),
    re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://[^/\s@]*:?[^/\s@]*@"),  # a URL with its user's name or password
    re.compile(r"(?i)\b(bearer|basic)\s+[A-Za-z0-9+/=._-]{8,}"),
    re.compile(r"(?i)\b(password|passwd|pwd|secret|token|api_?key)\s*[=:]\s*\S+"),  # within a connection string
)
_PIECE = re.compile(r"[A-Za-z0-9+=]{20,}")
# Bits a character. Words and identifiers of that length have less, random hexadecimal digits more.
_RANDOM = 3.0


def by_form(value: str) -> bool:
    """Whether a value has the form of a known kind of credential."""
    return any(form.search(value) for form in _FORMS)


def looks_like_one(name: str, value: str) -> bool:
    """Whether a variable of that name and value is taken for a credential. An empty value is none."""
    if not value:
        return False
    if by_form(value):
        return True
    if _NAMES.search(name):
        return not (_COUNTS.search(name) and _NUMBER.fullmatch(value))
    if _DIGESTS.search(name) and _HEX.fullmatch(value):
        return False
    return any(_is_random(piece) for piece in _PIECE.findall(_DIGEST.sub("", value)))


def shown(name: str, value: str) -> str:
    """The value as it may be shown."""
    return HIDDEN if looks_like_one(name, value) else value


def without(text: str, secrets: Iterable[str]) -> str:
    """Words of somebody else, such as the server's, without these values; also where they are quoted."""
    for secret in sorted(secrets, key=len, reverse=True):
        for form in (secret, secret.encode("unicode_escape").decode(), secret.replace('"', '\\"')):
            text = text.replace(form, HIDDEN)
    return text


def _is_random(piece: str) -> bool:
    if not (any(c.isdigit() for c in piece) and any(c.isalpha() for c in piece)):
        return False
    counts = Counter(piece).values()
    return -sum(n / len(piece) * math.log2(n / len(piece)) for n in counts) >= _RANDOM
