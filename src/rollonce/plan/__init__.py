"""(live workloads, edits, policy) -> Plan: per workload exactly one operation, each with its reason. Pure."""
