"""Zenoh as it is by default, with large payloads in shared memory."""

from systems import zenoh

zenoh.SHARED_MEMORY = True
serve, connect = zenoh.serve, zenoh.connect
