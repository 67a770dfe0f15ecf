"""`python -m rollonce`."""

from rollonce.cli import main

main()
