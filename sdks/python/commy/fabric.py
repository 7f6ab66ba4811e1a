"""How a mesh reaches the processes and hosts beyond its own.

Owns what is asked for and its conversion. Which endpoints are allowed, and whether the files of
certificates are any good, is the library's to say.
"""

from __future__ import annotations

import enum
import os
from dataclasses import dataclass

from commy import argument
from commy.library import raw


class FabricMode(str, enum.Enum):
    """How a node takes part in routing. Where one is asked for, its value will do: ``"peer"``."""

    PEER = "peer"
    """It connects to the other nodes directly."""
    CLIENT = "client"
    """It reaches all others through one router, which is in ``connect``."""
    ROUTER = "router"
    """It forwards the messages of others."""

    __str__ = str.__str__


@dataclass(frozen=True)
class TlsOptions:
    """Where the certificates of a node are: paths of PEM files that exist.

    Both sides of a connection show theirs: a peer without one that ``ca`` signed is refused.

    >>> TlsOptions(ca="ca.pem", certificate="node.pem", key="node-key.pem").ca
    'ca.pem'
    """

    ca: str | os.PathLike[str]
    """The certificate of the mesh's own authority."""
    certificate: str | os.PathLike[str]
    """This node's certificate."""
    key: str | os.PathLike[str]
    """The private key of this node's certificate."""


def lower_mode(mode: FabricMode | str) -> raw.FabricMode:
    return raw.FabricMode[argument.choice("mode", FabricMode, mode).name]


def lower_tls(tls: TlsOptions | None) -> raw.TlsOptions | None:
    if tls is None:
        return None
    if not isinstance(tls, TlsOptions):
        raise TypeError(f"tls must be TlsOptions or None, not {type(tls).__name__}")
    return raw.TlsOptions(
        ca=argument.path("ca", tls.ca),
        certificate=argument.path("certificate", tls.certificate),
        key=argument.path("key", tls.key),
    )
