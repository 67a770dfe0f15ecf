"""A page in a real browser: headless Chromium, no network, and a probe that writes what it sees into the document."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

PROGRAMS = ("chromium", "chromium-browser", "google-chrome")


def program() -> str:
    """Fails the test where there is no browser: a page that nobody opened is not shown to work."""
    found = next((path for name in PROGRAMS if (path := shutil.which(name))), None)
    if found is None:
        pytest.fail(f"no {', '.join(PROGRAMS)} on PATH; on Debian or Ubuntu: apt-get install chromium")
    return found


def _run(folder: Path, *options: str) -> str:
    quiet = ("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run")
    more = ("--disable-background-networking", "--disable-component-update", "--disable-sync", "--hide-scrollbars")
    done = subprocess.run(
        [program(), *quiet, *more, f"--user-data-dir={folder / 'profile'}", *options],
        capture_output=True,
        text=True,
        timeout=90,
        check=True,
    )
    return done.stdout


def probe(page: bytes, folder: Path, script: str) -> Any:
    """What `script` (the body of a function of JavaScript) returns on the page, as JSON."""
    written = folder / "page.html"
    ask = f"""<script>
    (() => {{
      const answer = document.createElement("pre");
      try {{ answer.textContent = JSON.stringify((() => {{ {script} }})()); }}
      catch (error) {{ answer.textContent = JSON.stringify({{ error: String(error) }}); }}
      answer.id = "answer";
      document.body.append(answer);
    }})();
    </script></body>"""
    written.write_text(page.decode().replace("</body>", ask))
    found = re.search(r'<pre id="answer">(.*?)</pre>', _run(folder, "--dump-dom", written.as_uri()), re.DOTALL)
    assert found is not None
    text = found[1].replace("&amp;", "&").replace("&lt;", "<").replace("&gt;", ">")
    return json.loads(text)
