"""The one client of the Kubernetes API.

`kubeconfig.load` says where the cluster is and who we are, `authorized.open_wire` carries
requests there, `client.Client` speaks the protocol, `fanout.ThreadFanOut` does it side by side.
"""
