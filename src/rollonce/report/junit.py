"""An audit as JUnit XML, for a pipeline's gate: a test case per workload that rolled, a failure where redundant.

The form that CI systems read: https://github.com/testmoapp/junitxml
"""

from __future__ import annotations

import re
from xml.sax.saxutils import escape, quoteattr

from rollonce.history import review as reviews
from rollonce.history.nouns import Finding
from rollonce.history.review import Review

# Characters that XML 1.0 does not have: https://www.w3.org/TR/xml/#charsets
_IMPOSSIBLE = re.compile("[^\\t\\n\\r\\x20-\\ud7ff\\ue000-\\ufffd\\U00010000-\\U0010ffff]")


def render(review: Review) -> bytes:
    """The document, with a newline at the end."""
    failures: dict[str, list[Finding]] = {}
    for finding in review.findings:
        failures.setdefault(reviews.title(review, finding.subject), []).append(finding)
    names = sorted({reviews.title(review, roll.subject) for roll in review.rolls})
    counts = f'tests="{len(names)}" failures="{len(failures)}" errors="0"'
    lines = [
        '<?xml version="1.0" encoding="UTF-8"?>',
        f'<testsuites name="rollonce audit" {counts}>',
        f'  <testsuite name="rollonce audit" {counts}>',
    ]
    for name in names:
        case = f"    <testcase classname={_attribute('rollonce.audit')} name={_attribute(name)}"
        if name not in failures:
            lines.append(f"{case}/>")
            continue
        found = failures[name]
        words = f"{len(found)} redundant {'roll' if len(found) == 1 else 'rolls'}"
        lines.append(f"{case}>")
        lines.append(f"      <failure type={_attribute(found[0].kind.value)} message={_attribute(words)}>")
        lines += [_text(f"{each.why} ({each.certainty}), deploy {each.deploy}") for each in found]
        lines += ["      </failure>", "    </testcase>"]
    lines += ["  </testsuite>", "</testsuites>"]
    return ("\n".join(lines) + "\n").encode()


def _attribute(text: str) -> str:
    return quoteattr(_IMPOSSIBLE.sub("?", text))


def _text(text: str) -> str:
    return escape(_IMPOSSIBLE.sub("?", text))
