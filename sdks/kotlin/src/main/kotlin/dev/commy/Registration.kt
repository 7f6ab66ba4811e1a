package dev.commy

import java.util.Collections
import kotlin.time.Duration
import kotlin.time.Duration.Companion.seconds

/**
 * An instance that this mesh registered or advertised. It lasts until it is deregistered or its mesh is stopped,
 * whether or not this object is kept.
 */
public class Registration internal constructor(
    private val raw: dev.commy.ffi.Registration,
    private val registrations: Registrations,
) {
    /** The instance as it is now, or as it last was. */
    public val instance: ServiceInstance get() = ServiceInstance.lift(raw.instance())

    /**
     * Reports the health of a hosted instance, or of an advertised one that has no check.
     *
     * @throws CommyException.InvalidArgument if it is neither [Health.HEALTHY] nor [Health.UNHEALTHY]
     */
    public suspend fun setHealth(health: Health) {
        awaiting { raw.setHealth(health.lower()) }
    }

    /**
     * Takes no new calls and waits until those in flight are finished, at most for [timeout]. Returns whether all were;
     * the instance stays registered as [Health.DRAINING].
     */
    public suspend fun drain(timeout: Duration = 5.seconds): Boolean =
        awaiting { raw.drain(milliseconds("the timeout of a drain", timeout)) }

    /** Drains for at most the mesh's drain timeout, then withdraws the instance. Doing it twice does nothing. */
    public suspend fun deregister() {
        awaiting { raw.deregister() }
        registrations.remove(this)
    }

    override fun toString(): String =
        instance.run { "Registration(${this.service} $version, ${health.name.lowercase()}, id $id)" }
}

/** What is registered and advertised through one mesh, in the order in which it was. */
internal class Registrations {
    private val all: MutableSet<Registration> = Collections.synchronizedSet(LinkedHashSet())

    fun add(raw: dev.commy.ffi.Registration): Registration = Registration(raw, this).also(all::add)

    fun remove(registration: Registration) {
        all.remove(registration)
    }

    fun clear() = all.clear()

    fun toList(): List<Registration> = synchronized(all) { all.toList() }
}
