"""Builds what is handed out: `python -m tools.dist` fills dist/ with wheel, sdist, rollonce.pyz and their digests.

The single file has every locked dependency. Of msgspec, which is compiled, it has one part for each interpreter and
platform of PLATFORMS; of PyYAML the pure one, which serves for the few kilobytes of kubeconfigs and fleet files. Equal
inputs give equal bytes. `--here` takes the compiled parts of this platform only; `--to FOLDER` builds elsewhere.
"""

from __future__ import annotations

import argparse
import hashlib
import io
import os
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path

ROOT = Path(__file__).parents[1]
PYTHONS = ("3.11", "3.12", "3.13", "3.14")
# What sys.platform and platform.machine() call it -> the tags of its wheels, those for the oldest systems last.
PLATFORMS = {
    "linux-x86_64": (("manylinux_2_28_x86_64", "manylinux2014_x86_64"), ("musllinux_1_2_x86_64",)),
    "linux-aarch64": (("manylinux_2_28_aarch64", "manylinux2014_aarch64"), ("musllinux_1_2_aarch64",)),
    "darwin-x86_64": (("macosx_11_0_x86_64", "macosx_10_9_x86_64"),),
    "darwin-arm64": (("macosx_11_0_arm64",),),
    "win32-AMD64": (("win_amd64",),),
}
COMPILED = "msgspec"
_EARLIEST = (1980, 1, 1, 0, 0, 0)


def main(arguments: list[str]) -> int:
    """The exit code."""
    parser = argparse.ArgumentParser(prog="python -m tools.dist", description="Build wheel, sdist and single file.")
    parser.add_argument("--here", action="store_true", help="compiled parts of this platform only")
    parser.add_argument("--to", type=Path, default=ROOT / "dist", help="the folder")
    asked = parser.parse_args(arguments)
    folder: Path = asked.to.resolve()
    folder.mkdir(parents=True, exist_ok=True)
    for old in (*folder.glob("rollonce-*"), folder / "rollonce.pyz"):
        old.unlink(missing_ok=True)
    _run(sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--target", "sdist", "--directory", folder)
    [wheel] = folder.glob("*.whl")
    with tempfile.TemporaryDirectory() as scratch:
        content = dict(_content(wheel, Path(scratch), here=asked.here))
    (folder / "rollonce.pyz").write_bytes(single_file(content))
    (folder / "rollonce.pyz").chmod(0o755)
    made = sorted(path for path in folder.iterdir() if path.name.startswith("rollonce"))
    sums = "".join(f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path.name}\n" for path in made)
    (folder / "SHA256SUMS").write_text(sums)
    for path in made:
        sys.stdout.write(f"{path.stat().st_size:>10}  {path.name}\n")
    return 0


def single_file(content: Mapping[str, bytes]) -> bytes:
    """The bytes of a zip file that `python3` runs."""
    digest = hashlib.sha256()
    for name in sorted(content):
        digest.update(f"{name}\0{len(content[name])}\0".encode() + content[name])
    start = (ROOT / "tools" / "pyz" / "__main__.py").read_text()
    digest.update(start.encode())
    main_file = start.replace("@BUILD@", digest.hexdigest()).encode()
    inner = _zipped(content, zipfile.ZIP_DEFLATED)
    # Not compressed a second time; and `#!` before the first file is what zip files allow.
    return _zipped({"__main__.py": main_file, "payload.zip": inner}, zipfile.ZIP_STORED, b"#!/usr/bin/env python3\n")


def _zipped(files: Mapping[str, bytes], method: int, before: bytes = b"") -> bytes:
    """A zip file whose bytes depend on nothing else."""
    packed = io.BytesIO()
    packed.write(before)
    with zipfile.ZipFile(packed, "a", method, compresslevel=9) as target:
        for name in sorted(files):
            entry = zipfile.ZipInfo(name, _EARLIEST)
            entry.create_system = 3  # on every system
            entry.external_attr = 0o644 << 16
            entry.compress_type = method
            target.writestr(entry, files[name])
    return packed.getvalue()


def _content(wheel: Path, scratch: Path, *, here: bool) -> Iterator[tuple[str, bytes]]:
    """Names and bytes: `site/` is what every interpreter imports, `native/` has the compiled parts."""
    _download(scratch / "site", "--requirement", ROOT / "requirements.lock")
    for path in sorted((scratch / "site").glob("*.whl")):
        yield from _pure_part(path)
    yield from _pure_part(wheel)
    locked = scratch / "compiled.lock"
    locked.write_text(_locked(COMPILED))
    this = f"{sys.platform}-{os.uname().machine}" if here else ""
    for platform, variants in PLATFORMS.items():
        if here and platform != this:
            continue
        for python in PYTHONS:
            for tags in variants:
                into = scratch / f"{platform}-{python}-{tags[0]}"
                wanted = [word for tag in tags for word in ("--platform", tag)]
                _download(into, "--requirement", locked, "--python-version", python, *wanted)
                [found] = into.glob("*.whl")
                yield from _compiled_part(found, f"native/{platform}/")


def _locked(package: str) -> str:
    """The lines of requirements.lock that are about one package."""
    lines = (ROOT / "requirements.lock").read_text().splitlines(keepends=True)
    start = next(i for i, line in enumerate(lines) if line.startswith(f"{package}=="))
    end = next((i for i in range(start + 1, len(lines)) if not lines[i].startswith(" ")), len(lines))
    return "".join(line for line in lines[start:end] if "#" not in line).rstrip().rstrip("\\") + "\n"


def _download(into: Path, *words: str | Path) -> None:
    locked = ("--require-hashes", "--no-deps", "--only-binary", ":all:", "--quiet")
    _run(sys.executable, "-m", "pip", "download", *locked, "--dest", into, *words)


def _pure_part(wheel: Path) -> Iterator[tuple[str, bytes]]:
    with zipfile.ZipFile(wheel) as content:
        for name in content.namelist():
            # Scripts and records of an installation mean nothing here.
            if not name.endswith(("/", ".so", ".pyd", ".pyx", "/RECORD", "/INSTALLER")) and ".data/" not in name:
                yield f"site/{name}", content.read(name)


def _compiled_part(wheel: Path, prefix: str) -> Iterator[tuple[str, bytes]]:
    with zipfile.ZipFile(wheel) as content:
        for name in content.namelist():
            if name.endswith((".so", ".pyd")):
                yield prefix + name, content.read(name)


def _run(*command: str | Path) -> None:
    ended = subprocess.run(command, cwd=ROOT, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    if ended.returncode:
        sys.exit(f"{' '.join(map(str, command))}\n{ended.stdout}{ended.stderr}")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
