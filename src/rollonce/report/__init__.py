"""Values and events -> text and JSON. No decisions."""
