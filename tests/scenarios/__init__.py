"""What a user sees, proved where it happens: our command and other writers, on two clusters by the same test code.

On the real control plane with real kubectl (`-m cluster`), and on the simulated cluster in one process, one thread and
virtual time, where kubectl's requests are sent by a stand-in.
"""
