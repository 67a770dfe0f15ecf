"""What the cluster still remembers -> revisions -> rolls -> deploys -> redundant rolls -> cost. Pure.

`collect` reads objects one by one, `timeline` orders the revisions of a workload and makes rolls of them, `deploys`
groups the rolls, `findings` names the redundant ones, `cost` says what a roll took, `review` does all of it.
The nouns stand in `evidence` (what was read), `nouns` (what it means) and `template` (the fields of a pod template).
"""
