"""YAML and JSON with places: bounded parse, spans. Nothing else of rollonce calls a YAML parser."""
