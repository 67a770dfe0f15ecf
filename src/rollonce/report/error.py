"""How an error reads: slug, act, fact, hint. Rendered in this one place."""

from __future__ import annotations

from rollonce.errors import RollonceError


def render(error: RollonceError) -> str:
    """The lines of an error, without a newline at the end."""
    lines = [f"error: {error.slug or 'unknown'}"]
    if error.act:
        lines.append(f"  {error.act}")
    lines += [f"  {line}" for line in error.fact.splitlines()]
    if error.hint:
        lines.append(f"hint: {error.hint}")
    return "\n".join(lines)
