"""The fleet file, `rollonce.yaml`: what a deploy wants of a fleet, in every environment, each value with its place."""
