"""What a user sees, proved where it happens: our command and real kubectl on a real control plane."""
