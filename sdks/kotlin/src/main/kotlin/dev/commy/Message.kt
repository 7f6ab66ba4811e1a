package dev.commy

import kotlinx.serialization.json.Json
import kotlin.reflect.typeOf

/**
 * The content of a request, a reply or an event: a payload, what it is, and headers.
 *
 * Most programs never make one, because [Mesh.call] and handlers take and give values. One is made to send headers with
 * a reply, or a payload that is neither bytes nor JSON:
 *
 * ```
 * method("logo") { _: Unit -> Message(png, "image/png", mapOf("etag" to "1")) }
 * ```
 *
 * @property payload the payload, carried untouched; it is not copied, so it must not be changed once it is sent
 * @property contentType what the payload is, as a media type of at most 256 bytes
 * @property headers at most 64, keys of 1 to 64 bytes, values of at most 4,096 bytes
 */
public class Message
    @JvmOverloads
    constructor(
        public val payload: ByteArray,
        public val contentType: String = OCTET_STREAM,
        public val headers: Map<String, String> = emptyMap(),
    ) {
        /** The payload as text, in UTF-8; what is not UTF-8 in it is replaced. */
        public fun text(): String = payload.decodeToString()

        override fun equals(other: Any?): Boolean =
            other is Message &&
                payload.contentEquals(other.payload) &&
                contentType == other.contentType &&
                headers == other.headers

        override fun hashCode(): Int = payload.contentHashCode() * 31 + contentType.hashCode()

        override fun toString(): String = "Message(${payload.size} bytes of $contentType, headers=$headers)"

        public companion object {
            /** The content type of bytes. */
            public const val OCTET_STREAM: String = "application/octet-stream"

            /** The content type of every other value. */
            public const val JSON: String = "application/json"

            /** A message of JSON text, whatever wrote it. */
            @JvmStatic
            @JvmOverloads
            public fun ofJson(
                text: String,
                headers: Map<String, String> = emptyMap(),
            ): Message = Message(text.encodeToByteArray(), JSON, headers)

            /**
             * The message that carries a value as the static type that it has here, which matters for generic classes:
             * `Message.of(Page(listOf(order)))`.
             *
             * @throws CommyException.InvalidArgument if JSON cannot express it
             */
            public inline fun <reified T> of(
                value: T,
                headers: Map<String, String> = emptyMap(),
                json: Json = MeshBuilder.DEFAULT_JSON,
            ): Message = Codec(json).outgoing(value, typeOf<T>(), headers, contentType = null)
        }
    }
