module rollonce.dev/controlplane/pki

go 1.26
