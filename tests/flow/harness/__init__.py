"""What the flow and end-to-end tests stand on: a daemon to start, a client that sees every byte, the
ledger to look into, and waiting that is bound to a condition."""
