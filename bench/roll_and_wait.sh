#!/usr/bin/env bash
# Sets the images of all Deployments and waits for them, one after the other.
# roll_and_wait.sh NAMESPACE CONTAINER=IMAGE...
set -euo pipefail

namespace=$1
shift
"$KUBECTL" -n "$namespace" set image deployment --all "$@"
for workload in $("$KUBECTL" -n "$namespace" get deployment -o name); do
  "$KUBECTL" -n "$namespace" rollout status "$workload" --timeout=10m
done
