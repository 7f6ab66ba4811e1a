package dev.commy

import kotlin.reflect.KType
import kotlin.reflect.typeOf

/**
 * The answer to a call, as [Mesh.request] returns it.
 *
 * @property message the content
 * @property servedBy the id of the instance that answered
 */
public class Reply internal constructor(
    public val message: Message,
    public val servedBy: String,
    private val codec: Codec,
    private val place: Place,
) {
    /** The payload, untouched. */
    public val payload: ByteArray get() = message.payload

    /** What the payload is, as a media type. */
    public val contentType: String get() = message.contentType

    /** The headers that the handler sent. */
    public val headers: Map<String, String> get() = message.headers

    /**
     * The value that was answered: from JSON, or the payload itself as a [ByteArray].
     *
     * @throws CommyException.Internal if what was answered is not a [T]
     */
    public inline fun <reified T> value(): T = read(typeOf<T>())

    @PublishedApi
    internal fun <T> read(type: KType): T =
        try {
            codec.value<T>(message, type)
        } catch (error: IllegalArgumentException) {
            throw CommyException.Internal("the reply cannot be read as $type: ${error.message}", place)
        }

    override fun toString(): String = "Reply($message, servedBy=$servedBy)"
}
