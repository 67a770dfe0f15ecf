"""Builds the binaries of the control plane once, from the Go modules beside this file.

They go into a cache outside the checkout, under a name that changes with the modules and with Go.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

Report = Callable[[str], None]

MODULES = Path(__file__).parent / "go"
# A person who looks at a log wants a sign of life; more lines would bury what the log is for.
SECONDS_BETWEEN_LINES = 10.0


class BuildFailed(RuntimeError):
    """No usable Go, or a module that does not build; the message says what to do."""


@dataclass(frozen=True, slots=True)
class Module:
    """One Go module and the main packages that are built from it: (name of the binary, import path)."""

    name: str
    packages: tuple[tuple[str, str], ...]

    @property
    def folder(self) -> Path:
        return MODULES / self.name


# Dependencies of these disagree, so each is a module of its own. The order is that of the build.
ALL = (
    Module("pki", (("pki", "."),)),
    Module("etcd", (("etcd", "go.etcd.io/etcd/server/v3"),)),
    Module("kwok", (("kwok", "sigs.k8s.io/kwok/cmd/kwok"),)),
    Module(
        "kubernetes",
        tuple(
            (name, f"k8s.io/kubernetes/cmd/{name}")
            for name in ("kube-apiserver", "kube-controller-manager", "kube-scheduler", "kubectl")
        ),
    ),
)


# Clients that only some tests need: each is built when one asks, under a name of its own in the same cache.
HELM = {
    3: Module("helm3", (("helm3", "helm.sh/helm/v3/cmd/helm"),)),
    4: Module("helm4", (("helm4", "helm.sh/helm/v4/cmd/helm"),)),
}


def cache() -> Path:
    """The folder that holds every build: ROLLONCE_CACHE, else XDG_CACHE_HOME/rollonce, else ~/.cache/rollonce."""
    if given := os.environ.get("ROLLONCE_CACHE"):
        root = Path(given)
    else:
        root = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "rollonce"
    return root.absolute() / "controlplane"


def ensure(report: Report | None = None) -> Path:
    """The folder with all binaries; builds what is missing (about six minutes the first time, on two cores).

    `report` gets a line now and then while something is built; by default they go to stderr.
    Raises BuildFailed.
    """
    go = Go.find()
    names = {module: fingerprint(module, go) for module in ALL}
    together = hashlib.sha256("".join(names.values()).encode()).hexdigest()[:16]
    ready = cache() / together
    if ready.is_dir():
        return ready
    ready.parent.mkdir(parents=True, exist_ok=True)
    report = report or to_stderr
    with lock(ready.parent / "lock", report):
        if ready.is_dir():
            return ready
        built = [build(module, names[module], go, report) for module in ALL]
        with replacing(ready) as folder:
            for binary in (file for part in built for file in part.iterdir()):
                os.link(binary, folder / binary.name)
    return ready


def ensure_helm(major: int, report: Report | None = None) -> Path:
    """The helm of that major version, 3 or 4; built where it is missing (one to two minutes on two cores).

    Raises BuildFailed.
    """
    module = HELM[major]
    go = Go.find((module,))
    name = fingerprint(module, go)
    ready = cache() / f"{module.name}-{name}"
    if not ready.is_dir():
        ready.parent.mkdir(parents=True, exist_ok=True)
        report = report or to_stderr
        # Not the lock of the control plane: one may be built while the other is.
        with lock(ready.parent / f"{module.name}.lock", report):
            build(module, name, go, report)
    return ready / module.name


def build(module: Module, name: str, go: Go, report: Report) -> Path:
    """One module's binaries, in a folder of their own so that a change of another module does not cost them."""
    ready = cache() / f"{module.name}-{name}"
    if ready.is_dir():
        return ready
    with replacing(ready) as folder:
        for binary, package in module.packages:
            command = [go.path, "build", "-trimpath", "-buildvcs=false", f"-ldflags={ldflags(module)}"]
            run(binary, [*command, "-o", str(folder / binary), package], module.folder, report)
    return ready


def run(binary: str, command: list[str], folder: Path, report: Report) -> None:
    """Runs one `go build`, reporting every few seconds; raises BuildFailed with the end of its output."""
    started = time.monotonic()
    report(f"building {binary}")
    with tempfile.TemporaryFile("w+") as output:
        process = subprocess.Popen(
            command, cwd=folder, env=environment(), stdin=subprocess.DEVNULL, stdout=output, stderr=output
        )
        try:
            while True:
                try:
                    code = process.wait(timeout=SECONDS_BETWEEN_LINES)
                    break
                except subprocess.TimeoutExpired:
                    report(f"building {binary}: {time.monotonic() - started:.0f} s so far")
        finally:
            if process.poll() is None:
                # The go command takes its compilers along when it is asked to end.
                process.terminate()
                process.wait()
        output.seek(0)
        if code != 0:
            end = "".join(output.readlines()[-20:])
            raise BuildFailed(f"go build of {binary} in {folder} ended with code {code}:\n{end}")
    report(f"built {binary} in {time.monotonic() - started:.0f} s")


@dataclass(frozen=True, slots=True)
class Go:
    """The Go command in use; `target` is its version, operating system and architecture."""

    path: str
    target: str

    @classmethod
    def find(cls, modules: tuple[Module, ...] = ALL) -> Go:
        """Raises BuildFailed when there is no Go, or one older than the modules ask for."""
        wanted = max(go_line(module) for module in modules)
        readable = ".".join(map(str, wanted))
        path = shutil.which("go")
        if path is None:
            raise BuildFailed(
                f"the control plane is built from source: install Go {readable} or newer, with `go` in PATH"
            )
        asked = [path, "env", "GOVERSION", "GOOS", "GOARCH"]
        try:
            answer = subprocess.run(
                asked, cwd="/", env=environment(), stdin=subprocess.DEVNULL, capture_output=True, text=True, check=True
            )
        except (OSError, subprocess.CalledProcessError) as error:
            raise BuildFailed(f"{path} cannot be used: {error}") from error
        target = answer.stdout.split()
        found = version(target[0])
        if found < wanted:
            raise BuildFailed(f"{path} is {target[0]}; the control plane needs Go {readable} or newer")
        return cls(path, " ".join(target))


def go_line(module: Module) -> tuple[int, ...]:
    """The version in the `go` line of a module's go.mod."""
    line = re.search(r"^go (\S+)$", (module.folder / "go.mod").read_text(), re.MULTILINE)
    if line is None:
        raise BuildFailed(f"{module.folder / 'go.mod'} has no go line")
    return version(line[1])


def version(text: str) -> tuple[int, ...]:
    """`go1.26.8` and `1.26` as numbers; a release candidate counts as its release; other builds as the newest."""
    numbers = re.match(r"(?:go)?(\d+)\.(\d+)(?:\.(\d+))?", text)
    return tuple(int(part or 0) for part in numbers.groups()) if numbers else (sys.maxsize,)


def environment() -> dict[str, str]:
    """The caller's, less what could change the outcome; proxies and caches of modules stay as they are."""
    return os.environ | {"CGO_ENABLED": "0", "GOTOOLCHAIN": "local", "GOWORK": "off", "GOFLAGS": ""}


def ldflags(module: Module) -> str:
    """Without symbols, and for Kubernetes with the version that its own release build would have written in."""
    if module.name != "kubernetes":
        return "-s"
    required = re.search(r"k8s\.io/kubernetes v((\d+)\.(\d+)\.\d+)", (module.folder / "go.mod").read_text())
    if required is None:
        raise BuildFailed(f"{module.folder / 'go.mod'} does not require k8s.io/kubernetes")
    values = {"gitVersion": f"v{required[1]}", "gitMajor": required[2], "gitMinor": required[3]}
    # component-base answers `version`, client-go makes the user agent.
    packages = ("k8s.io/component-base/version", "k8s.io/client-go/pkg/version")
    variables = [f"-X {package}.{name}={value}" for package in packages for name, value in values.items()]
    return " ".join(["-s", *variables])


def fingerprint(module: Module, go: Go) -> str:
    """Hex digits that change with the module's files, the flags and the compiler."""
    digest = hashlib.sha256(f"{go.target}\n{ldflags(module)}\n{module.packages}\n".encode())
    for file in sorted(module.folder.iterdir()):
        if file.suffix in {".go", ".mod", ".sum"}:
            digest.update(f"{file.name}\n".encode() + file.read_bytes())
    return digest.hexdigest()[:16]


@contextlib.contextmanager
def lock(file: Path, report: Report) -> Iterator[None]:
    """Holds a lock between processes; the system frees it when its holder dies."""
    with file.open("w") as held:
        try:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            report("waiting for another process that builds the control plane")
            fcntl.flock(held, fcntl.LOCK_EX)
        yield


@contextlib.contextmanager
def replacing(ready: Path) -> Iterator[Path]:
    """A folder to fill that becomes `ready` at the end, whole or not at all. Call it with the lock held."""
    folder = ready.with_name(f"{ready.name}.partial")
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    try:
        yield folder
        folder.rename(ready)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def to_stderr(line: str) -> None:
    """One line of progress."""
    print(f"control plane: {line}", file=sys.stderr, flush=True)
