package dev.commy

/**
 * A queue of events whose topics match a filter. Made by [Mesh.openSubscription], and subscribed once that has returned;
 * most programs collect the flow of [Mesh.subscribe] instead.
 */
public class Subscription internal constructor(
    private val source: SubscriptionSource,
) : Stream<Event>(source) {
    /** How many events this subscription has lost by its overflow policy so far. */
    public val dropped: Long get() = source.dropped()
}

internal class SubscriptionSource(
    private val raw: dev.commy.ffi.Subscription,
    private val codec: Codec,
) : Source<Event> {
    @Volatile
    private var droppedAtEnd = 0L

    override suspend fun next(): Event? =
        unlessFreed({ raw.uniffiIsDestroyed }) { awaiting { raw.next() } }?.let { Event.lift(it, codec) }

    override fun end() {
        raw.end()
        droppedAtEnd = raw.dropped().toLong()
        raw.destroy()
    }

    fun dropped(): Long = unlessFreed({ raw.uniffiIsDestroyed }) { raw.dropped().toLong() } ?: droppedAtEnd
}
