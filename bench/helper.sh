#!/usr/bin/env bash
# What a pipeline's own helper does, workload by workload: reads each image that runs, then sets those that differ.
# helper.sh NAMESPACE CONTAINER=IMAGE... -- DEPLOYMENT...
set -euo pipefail

namespace=$1
shift
wanted=()
while [[ $1 != -- ]]; do
  wanted+=("$1")
  shift
done
shift

for workload in "$@"; do
  changes=()
  for pair in "${wanted[@]}"; do
    container=${pair%%=*}
    query="{.spec.template.spec.containers[?(@.name==\"$container\")].image}"
    if [[ $("$KUBECTL" -n "$namespace" get deployment "$workload" -o jsonpath="$query") != "${pair#*=}" ]]; then
      changes+=("$pair")
    fi
  done
  if ((${#changes[@]})); then
    "$KUBECTL" -n "$namespace" set image "deployment/$workload" "${changes[@]}"
  fi
done
