"""kubectl patch, in all types, and what is no patch."""

from __future__ import annotations

import pytest

from tests.contract import shapes
from tests.contract.twin import Twin

pytestmark = [pytest.mark.cluster, pytest.mark.contract]


@pytest.fixture
def web(twin: Twin) -> Twin:
    """`web` is rolled out."""
    twin.kubectl("create", "-f", "-", given=shapes.deployment())
    twin.settled("deployment/web")
    return twin


STRATEGIC = (
    '{"spec":{"template":{"spec":{"containers":[{"name":"web","image":"registry.example/web:2"}]}}}}',
    '{"spec":{"template":{"spec":{"containers":[{"name":"web","env":[{"name":"MODE","$patch":"delete"}]}]}}}}',
    '{"spec":{"template":{"spec":{"containers":[{"name":"extra","image":"registry.example/extra:1"}]}}}}',
    '{"spec":{"template":{"spec":{"$setElementOrder/containers":[{"name":"sync"},{"name":"web"},{"name":"extra"}]}}}}',
    '{"spec":{"template":{"spec":{"containers":[{"name":"web","ports":[{"containerPort":9090}]}]}}}}',
    '{"spec":{"template":{"spec":{"containers":[{"$patch":"replace"},{"name":"web","image":"registry.example/w:3"}]}}}}',
    '{"spec":{"template":{"spec":{"volumes":[{"name":"work","$patch":"delete"}]}}}}',
    '{"spec":{"strategy":{"$retainKeys":["type"],"type":"Recreate"}}}',
    '{"metadata":{"labels":{"app":null,"tier":"front"}}}',
    '{"spec":{"template":{"metadata":{"annotations":{"a":"b"}}}}}',
    "{}",
)
MERGE = (
    '{"spec":{"replicas":1}}',
    '{"spec":{"template":{"spec":{"containers":[{"name":"web","image":"registry.example/web:2"}]}}}}',
    '{"metadata":{"annotations":{"a":"b"}}}',
    '{"metadata":{"annotations":{"a":null}}}',
    '{"spec":{"strategy":{"rollingUpdate":null,"type":"Recreate"}}}',
    '{"spec":{"template":{"spec":{"terminationGracePeriodSeconds":5}}}}',
)
JSON = (
    '[{"op":"replace","path":"/spec/template/spec/containers/0/image","value":"registry.example/web:2"}]',
    '[{"op":"test","path":"/spec/replicas","value":2},{"op":"add","path":"/metadata/labels/tier","value":"front"}]',
    '[{"op":"add","path":"/spec/template/spec/containers/-","value":{"name":"x","image":"registry.example/x:1"}}]',
    '[{"op":"remove","path":"/spec/template/spec/containers/2"}]',
    '[{"op":"move","from":"/metadata/labels/tier","path":"/metadata/labels/level"}]',
    '[{"op":"copy","from":"/metadata/labels/level","path":"/metadata/labels/copied"}]',
    '[{"op":"add","path":"/metadata/annotations/example.com~1note","value":"a"}]',
)
REFUSED = (
    ("json", '[{"op":"test","path":"/spec/replicas","value":9}]'),
    ("json", '[{"op":"remove","path":"/spec/nothing"}]'),
    ("json", '[{"op":"add","path":"/spec/template/spec/containers/9","value":{}}]'),
    ("json", '[{"op":"jump","path":"/spec"}]'),
    ("json", '{"spec":{}}'),
    ("json", '[{"op":"replace","path":"/metadata/name","value":"other"}]'),
    ("json", '[{"op":"replace","path":"/spec/replicas","value":"two"}]'),
    ("json", '[{"op":"remove","path":"/spec/template"}]'),
    ("merge", '{"spec":{"replicas":-1}}'),
    ("merge", '{"spec":{"selector":{"matchLabels":{"app":"other"}}}}'),
    ("merge", '{"metadata":{"resourceVersion":"1"}}'),
    ("merge", '{"metadata":{"uid":"11111111-1111-1111-1111-111111111111"}}'),
    ("merge", '{"spec":{"template":{"spec":{"containers":null}}}}'),
    ("merge", "[]"),
    ("strategic", '{"spec":{"template":{"spec":{"containers":[{"image":"registry.example/web:2"}]}}}}'),
    ("strategic", '{"spec":{"template":{"spec":{"containers":"none"}}}}'),
    ("strategic", '{"spec":{"template":{"spec":{"containers":[{"name":"web","image":""}]}}}}'),
    ("strategic", '{"spec":{"template":{"spec":{"containers":[{"name":"web","$patch":"jump"}]}}}}'),
)


@pytest.mark.parametrize(("type_", "patches"), [("strategic", STRATEGIC), ("merge", MERGE), ("json", JSON)])
def test_patches_of_one_type_after_each_other(web: Twin, type_: str, patches: tuple[str, ...]) -> None:
    if type_ == "json":
        web.kubectl("annotate", "deployment/web", "note=here")
    for patch in patches:
        web.kubectl("patch", "deployment/web", f"--type={type_}", "-p", patch)
        web.settled("deployment/web")
        web.objects("deployments")
    web.kubectl("rollout", "history", "deployment/web")


def test_a_patch_that_is_none_is_refused_in_the_same_words(web: Twin) -> None:
    for type_, patch in REFUSED:
        web.kubectl("patch", "deployment/web", f"--type={type_}", "-p", patch, code=1)
    # kubectl patch asks for a warning of what is unknown, not for a refusal.
    web.kubectl("patch", "deployment/web", "--type=merge", "-p", '{"spec":{"replica":1}}')
    # The kind of a patch is that of the path, whatever it says.
    web.kubectl("patch", "deployment/web", "--type=strategic", "-p", '{"kind":"StatefulSet"}')
    web.kubectl("patch", "deployment/absent", "-p", "{}", code=1)
    web.objects("deployments")


def test_patch_of_a_subresource(web: Twin) -> None:
    web.kubectl("patch", "deployment/web", "--subresource=scale", "--type=merge", "-p", '{"spec":{"replicas":1}}')
    web.settled("deployment/web")
    web.kubectl("patch", "deployment/web", "--subresource=status", "--type=merge", "-p", '{"spec":{"replicas":5}}')
    web.kubectl("patch", "deployment/web", "--subresource=nothing", "--type=merge", "-p", "{}", code=1)
    web.settled("deployment/web")
    web.objects("deployments")
