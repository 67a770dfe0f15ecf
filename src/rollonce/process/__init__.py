"""The programs of others that we run."""
