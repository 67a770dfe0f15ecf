"""Every guard that exists for a race, taken out in turn: a named test has to turn red."""
