"""Is what audit says true? Histories are generated and played, and what happened is written down before audit reads."""
