package dev.commy

import com.sun.jna.Callback
import com.sun.jna.CallbackThreadInitializer
import com.sun.jna.Native
import com.sun.jna.Platform
import dev.commy.ffi.uniffiCallbackInterfaceHandler
import dev.commy.ffi.uniffiEnsureInitialized
import dev.commy.ffi.uniffiRustFutureContinuationCallbackImpl

/** The library itself. */
public object Commy {
    /** The version of this library, by semantic versioning, such as `0.1.0`. */
    @JvmStatic
    public val version: String
        get() {
            NativeLibrary.load()
            return translated { dev.commy.ffi.version() }
        }
}

/** The native library, which the jar carries for some platforms and JNA unpacks and loads. */
internal object NativeLibrary {
    private val failure: LinkageError? =
        try {
            stayAttached()
            uniffiEnsureInitialized()
            null
        } catch (error: LinkageError) {
            error
        }

    /** @throws UnsatisfiedLinkError if there is no library for this platform, or it is of another build */
    fun load() {
        val cause = failure ?: return
        val why = (cause as? ExceptionInInitializerError)?.cause ?: cause
        throw UnsatisfiedLinkError("commy cannot load its library for ${Platform.RESOURCE_PREFIX}: ${why.message}")
            .apply { initCause(cause) }
    }

    /**
     * Has each of the runtime's threads become a Java thread once, at its first callback, and not anew at each of them.
     * As daemons they do not keep the process alive.
     */
    private fun stayAttached() {
        val initializer = CallbackThreadInitializer(true, false, "commy")
        val callbacks: List<Callback> =
            listOf(
                uniffiRustFutureContinuationCallbackImpl,
                uniffiCallbackInterfaceHandler.start,
                uniffiCallbackInterfaceHandler.cancel,
                uniffiCallbackInterfaceHandler.uniffiFree,
                uniffiCallbackInterfaceHandler.uniffiClone,
            )
        callbacks.forEach { Native.setCallbackThreadInitializer(it, initializer) }
    }
}
