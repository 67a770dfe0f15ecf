"""The limit: a LIST page by page and one PATCH each from 16 threads. No decision, no guard, no report.

`bare_loop.py NAMESPACE CONTAINER=IMAGE...`; SERVER, AUTHORITY (a file) and TOKEN are in the environment. The containers
stand in every Deployment in the order in which they are given.
"""

from __future__ import annotations

import json
import os
import sys
from concurrent.futures import ThreadPoolExecutor

import urllib3

THREADS = 16


def main(namespace: str, pairs: list[str]) -> None:
    server = urllib3.util.parse_url(os.environ["SERVER"])
    pool = urllib3.HTTPSConnectionPool(
        server.host or "", server.port, maxsize=THREADS, block=True, ca_certs=os.environ["AUTHORITY"], retries=False
    )
    reading = {"Authorization": f"Bearer {os.environ['TOKEN']}", "Accept": "application/json"}
    writing = {**reading, "Content-Type": "application/json-patch+json"}
    collection = f"/apis/apps/v1/namespaces/{namespace}/deployments"
    body = json.dumps(
        [
            {"op": "replace", "path": f"/spec/template/spec/containers/{at}/image", "value": pair.partition("=")[2]}
            for at, pair in enumerate(pairs)
        ]
    ).encode()

    def patch(name: str) -> int:
        return pool.request("PATCH", f"{collection}/{name}", body=body, headers=writing).status

    names: list[str] = []
    token = ""
    while True:
        fields = {"limit": "500"} | ({"continue": token} if token else {})
        page = pool.request("GET", collection, fields=fields, headers=reading).json()
        names += [item["metadata"]["name"] for item in page["items"]]
        token = page["metadata"].get("continue", "")
        if not token:
            break
    with ThreadPoolExecutor(THREADS) as threads:
        if any(status != 200 for status in threads.map(patch, names)):
            sys.exit("a patch was refused")


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
