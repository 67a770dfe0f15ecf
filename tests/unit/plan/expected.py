"""What edits come to, worked out on plain JSON in another way than the product does it: the oracle of the laws."""

from __future__ import annotations

import copy
from typing import Any

from rollonce.model import amount
from tests.unit.builders import NOW
from tests.unit.strategies import Object, pod_spec

RESTARTED_AT = "kubectl.kubernetes.io/restartedAt"


def template_of(thing: Object) -> Object:
    spec: Object = thing["spec"]["jobTemplate"]["spec"] if thing["kind"] == "CronJob" else thing["spec"]
    found: Object = spec["template"]
    return found


def containers_of(thing: Object) -> list[Object]:
    spec = pod_spec(thing)
    return [*spec["containers"], *spec.get("initContainers", ())]


def after(thing: Object, words: list[str]) -> Object:
    """The object with the edits in it, less specific ones first; what is empty is left out."""
    done = copy.deepcopy(thing)
    for word in sorted(words, key=lambda word: _specificity(word, thing)):
        if _specificity(word, thing) >= (0, 0):
            _put(done, word)
    found: Object = bare(done)
    return found


def bare(thing: Any) -> Any:
    """Without what is empty, as the API server keeps it; a label or annotation may be empty."""
    if isinstance(thing, dict):
        kept = {key: bare(value) for key, value in thing.items()}
        return {
            key: value for key, value in kept.items() if value not in ([], {}, None) and (key, value) != ("value", "")
        }
    if isinstance(thing, list):
        return [bare(item) for item in thing]
    return thing


def _parts(word: str) -> tuple[str, str, str, str | None]:
    """Option, scope, left side and value."""
    option, _, rest = word.partition(" ") if " " in word else ("image", "", word)
    left, equals, value = rest.partition("=")
    if not equals:
        left, value = left.removesuffix("-"), ""
    scope = ""
    if "/" in left.split(":", maxsplit=1)[0] and ":" in left:
        scope, _, left = left.partition(":")
    return option, scope, left, value if equals else None


def _specificity(word: str, thing: Object) -> tuple[int, int]:
    """Below (0, 0) where it is not for this object."""
    if word == "restart":
        return (-1, 0) if thing["kind"] == "CronJob" else (0, 1)
    _, scope, left, _ = _parts(word)
    own = f"{thing['kind'].lower()}/{thing['metadata']['name']}"
    if scope not in ("", own):
        return -1, 0
    return int(bool(scope)), int(not left.startswith("*"))


def _put(done: Object, word: str) -> None:
    if word == "restart":
        template_of(done).setdefault("metadata", {}).setdefault("annotations", {})[RESTARTED_AT] = NOW
        return
    option, _, left, value = _parts(word)
    if option in ("label", "annotation", "workload-label", "workload-annotation"):
        owner = done if option.startswith("workload") else template_of(done)
        _member(owner.setdefault("metadata", {}).setdefault(f"{option.removeprefix('workload-')}s", {}), left, value)
        return
    name, _, rest = left.partition(":")
    for container in containers_of(done):
        if name in ("*", container["name"]):
            _in_container(container, option, rest, value)


def _in_container(container: Object, option: str, rest: str, value: str | None) -> None:
    if option == "image":
        container["image"] = value
    elif option == "env":
        _variable(container.setdefault("env", []), rest, value)
    else:
        group, _, name = rest.partition(".")
        amounts = container.setdefault("resources", {}).setdefault(group, {})
        if value is None or not amount.equal(amounts.get(name), value):
            _member(amounts, name, value)


def _member(of: Object, name: str, value: str | None) -> None:
    if value is None:
        of.pop(name, None)
    else:
        of[name] = value


def _variable(env: list[Object], name: str, value: str | None) -> None:
    places = [i for i, entry in enumerate(env) if entry["name"] == name]
    if value is None:
        env[:] = [entry for entry in env if entry["name"] != name]
    elif places:
        env[places[-1]] = {"name": name, "value": value}
    else:
        env.append({"name": name, "value": value})
