package dev.commy

import kotlin.reflect.KType
import kotlin.reflect.typeOf

/**
 * An event as its subscriber receives it.
 *
 * @property topic the topic that it was published on
 * @property message the content
 * @property publisher the id of the node that published it
 * @property sequence the number of the event, rising for each event of one publisher
 * @property missed how many events this subscription lost, by its own overflow policy, just before this one
 */
public class Event internal constructor(
    public val topic: String,
    public val message: Message,
    public val publisher: String,
    public val sequence: Long,
    public val missed: Long,
    private val codec: Codec,
) {
    /** The payload, untouched. */
    public val payload: ByteArray get() = message.payload

    /** What the payload is, as a media type. */
    public val contentType: String get() = message.contentType

    /** The headers that the publisher sent. */
    public val headers: Map<String, String> get() = message.headers

    /**
     * The value that was published: from JSON, or the payload itself as a [ByteArray].
     *
     * @throws CommyException.InvalidArgument if what was published is not a [T]; the subscription goes on
     */
    public inline fun <reified T> value(): T = read(typeOf<T>())

    @PublishedApi
    internal fun <T> read(type: KType): T =
        try {
            codec.value<T>(message, type)
        } catch (error: IllegalArgumentException) {
            throw CommyException.InvalidArgument("the event on '$topic' cannot be read as $type: ${error.message}")
        }

    override fun toString(): String = "Event($topic, $message, sequence=$sequence, missed=$missed)"

    internal companion object {
        fun lift(
            event: dev.commy.ffi.Event,
            codec: Codec,
        ) = Event(
            event.topic,
            Codec.lift(event.message),
            event.publisher,
            event.sequence.toLong(),
            event.missed.toLong(),
            codec,
        )
    }
}

/** What happens to an event when a subscriber's queue is full. */
public enum class Overflow {
    /** The oldest queued event makes room. */
    DROP_OLDEST,

    /** The new event is dropped. */
    DROP_NEWEST,

    /** The publisher waits for room, at most its mesh's call timeout. */
    BLOCK,
    ;

    internal fun lower(): dev.commy.ffi.Overflow =
        when (this) {
            DROP_OLDEST -> dev.commy.ffi.Overflow.DROP_OLDEST
            DROP_NEWEST -> dev.commy.ffi.Overflow.DROP_NEWEST
            BLOCK -> dev.commy.ffi.Overflow.BLOCK
        }
}
