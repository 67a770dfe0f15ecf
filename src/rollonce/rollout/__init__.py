"""The executor of one workload: step(state, event) -> (state, effects). No I/O, no clock, no threads."""
