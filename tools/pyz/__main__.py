"""The first code of `rollonce.pyz`: unpacks the program where Python can import it, and starts it.

Python cannot import compiled modules from a zip file, and would compile the others anew at every start. So the content
is unpacked once, with the compiled part for this very interpreter, into a folder of the user's cache; later starts
import from there. Where there is no such folder that only this user may write, a temporary one serves and is removed at
the end.

It has to be understood by Pythons that are too old for the rest, so that they can say so.
"""

import os
import sys

# Set when the file is built: the digest of all of its content.
BUILD = "@BUILD@"
OLDEST = (3, 11)
# What stands there when all is unpacked.
COMPLETE = ".complete"


def main():
    """Unpack where that has not been done, and run."""
    if sys.version_info < OLDEST:
        refuse(
            "rollonce needs Python %d.%d or newer; %s is %d.%d"
            % (OLDEST[0], OLDEST[1], sys.executable or "this", sys.version_info[0], sys.version_info[1])
        )
    sys.path.insert(0, folder())
    from rollonce.cli import main as run

    run()


def folder():
    """The folder with the program."""
    name = BUILD[:16] + suffix().replace(".", "-")
    base = cache()
    if base is None:
        import atexit
        import shutil
        import tempfile

        parts = wanted()
        own = tempfile.mkdtemp(prefix="rollonce-")
        atexit.register(shutil.rmtree, own, ignore_errors=True)
        unpack(parts, own)
        return own
    target = os.path.join(base, name)
    if not os.path.exists(os.path.join(target, COMPLETE)):
        import shutil
        import tempfile

        parts = wanted()
        fresh = tempfile.mkdtemp(prefix=name, dir=base)
        unpack(parts, fresh)
        try:
            os.rename(fresh, target)
        except OSError:
            if not os.path.exists(os.path.join(target, COMPLETE)):
                return fresh  # what is there is damaged, and not ours to repair
            shutil.rmtree(fresh, ignore_errors=True)  # somebody else was faster
    return target


def suffix():
    """How the compiled modules of this very interpreter end."""
    import importlib.machinery

    return importlib.machinery.EXTENSION_SUFFIXES[0]


def cache():
    """A folder below the user's cache that nobody else may write, None where there can be none."""
    base = os.environ.get("XDG_CACHE_HOME") or os.environ.get("LOCALAPPDATA")
    if not base or not os.path.isabs(base):
        base = os.path.join(os.path.expanduser("~"), ".cache")
    path = os.path.join(base, "rollonce", "pyz")
    if not os.path.isabs(path):
        return None
    try:
        os.makedirs(path, 0o700, exist_ok=True)
        found = os.stat(path)
    except OSError:
        return None
    if hasattr(os, "getuid") and (found.st_uid != os.getuid() or found.st_mode & 0o022):
        return None
    return path if os.access(path, os.W_OK) else None


def wanted():
    """Names in the zip, and where they go: the whole program, and its compiled part for this interpreter."""
    import platform

    native = "native/%s-%s/" % (sys.platform, platform.machine())
    with payload() as content:
        names = content.namelist()
    parts = {name: name.split("/")[1:] for name in names if name.startswith("site/")}
    compiled = {name: name.split("/")[2:] for name in names if name.startswith(native) and name.endswith(suffix())}
    if not compiled:
        refuse(
            "rollonce.pyz has no part for this Python (%s on %s %s); install the wheel instead"
            % (suffix().strip("."), sys.platform, platform.machine())
        )
    parts.update(compiled)
    return parts


def unpack(parts, target):
    """These parts, into a folder that is there."""
    with payload() as content:
        for name, steps in parts.items():
            path = os.path.join(target, *steps)
            os.makedirs(os.path.dirname(path), exist_ok=True)
            with open(path, "wb") as stream:
                stream.write(content.read(name))
    with open(os.path.join(target, COMPLETE), "w"):
        pass


def payload():
    """The zip within the zip: Python reads the list of the outer one's files at every start, so it is short."""
    import io
    import zipfile

    with zipfile.ZipFile(os.path.dirname(os.path.abspath(__file__))) as outer:
        return zipfile.ZipFile(io.BytesIO(outer.read("payload.zip")))


def refuse(words):
    """End, as for any other usage that cannot be."""
    sys.stderr.write("error: usage\n  " + words + "\n")
    sys.exit(2)


if __name__ == "__main__":
    main()
