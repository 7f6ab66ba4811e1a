package dev.commy

import dev.commy.ffi.FabricMode as RawMode
import dev.commy.ffi.TlsOptions as RawTlsOptions

// How a mesh reaches the processes and hosts beyond its own. Which endpoints are allowed, and whether the files of
// certificates are any good, is the runtime's to say.

/** How a node takes part in routing. */
public enum class FabricMode {
    /** It connects to the other nodes directly. */
    PEER,

    /** It reaches all others through one router, which [MeshBuilder.connect] names. */
    CLIENT,

    /** It forwards the messages of others. */
    ROUTER,
    ;

    internal fun lower(): RawMode =
        when (this) {
            PEER -> RawMode.PEER
            CLIENT -> RawMode.CLIENT
            ROUTER -> RawMode.ROUTER
        }
}

/**
 * Where the certificates of a node are: paths of PEM files that exist. Both sides of a connection show theirs.
 *
 * @property ca the certificate of the mesh's own authority; a peer without one that it signed is refused
 * @property certificate this node's certificate
 * @property key the private key of this node's certificate
 */
public data class TlsOptions(
    val ca: String,
    val certificate: String,
    val key: String,
) {
    internal fun lower() =
        RawTlsOptions(
            ca = text("the path of the authority's certificate", ca),
            certificate = text("the path of the certificate", certificate),
            key = text("the path of the key", key),
        )
}
