"""The API of the simulated cluster: requests to answers, on plain JSON."""
