"""How each system is used: a module each, with `serve` and `connect`, as its documentation shows."""
