"""The nouns: what a workload, a container, an edit, a deploy is. Parsing of Kubernetes objects stops here."""
