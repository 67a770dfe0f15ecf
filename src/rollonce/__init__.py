"""Every deploy rolls every workload at most once."""
