package dev.commy

import kotlinx.serialization.DeserializationStrategy
import kotlinx.serialization.ExperimentalSerializationApi
import kotlinx.serialization.InternalSerializationApi
import kotlinx.serialization.KSerializer
import kotlinx.serialization.SerializationException
import kotlinx.serialization.descriptors.PolymorphicKind
import kotlinx.serialization.json.Json
import kotlinx.serialization.json.JsonArray
import kotlinx.serialization.json.JsonElement
import kotlinx.serialization.json.JsonNull
import kotlinx.serialization.json.JsonObject
import kotlinx.serialization.serializer
import kotlinx.serialization.serializerOrNull
import kotlin.reflect.KClass
import kotlin.reflect.KClassifier
import kotlin.reflect.KType

/**
 * Payloads: bytes travel untouched, every other value as UTF-8 JSON by kotlinx.serialization.
 *
 * Owns the conversion both ways; knows nothing of who sends or receives.
 */
@PublishedApi
internal class Codec(
    private val json: Json,
) {
    /** [message], with what is wrong told as its sender's mistake. */
    @PublishedApi
    internal fun outgoing(
        value: Any?,
        type: KType?,
        headers: Map<String, String>,
        contentType: String?,
    ): Message {
        val message =
            try {
                message(value, type)
            } catch (error: IllegalArgumentException) {
                throw CommyException.InvalidArgument(
                    "a payload must be bytes or a value that JSON can express: ${error.message}",
                )
            }
        return if (headers.isEmpty() && contentType == null) {
            message
        } else {
            Message(message.payload, contentType ?: message.contentType, message.headers + headers)
        }
    }

    /**
     * The message that carries a value of a type, or of the class that it has if no type is known.
     *
     * @throws IllegalArgumentException if JSON cannot express it
     */
    fun message(
        value: Any?,
        type: KType?,
    ): Message =
        when (value) {
            is Message -> value
            is ByteArray -> Message(value)
            else -> Message(utf8(value, type), Message.JSON)
        }.also {
            if (it.payload.size > PAYLOAD_BYTES_MAX) {
                throw CommyException.ResourceExhausted(
                    "a payload of ${it.payload.size} bytes is over the limit of $PAYLOAD_BYTES_MAX",
                )
            }
        }

    /**
     * The value of a type that a message carries.
     *
     * @throws IllegalArgumentException if it is not JSON, or not that of the type
     */
    @Suppress("UNCHECKED_CAST")
    fun <T> value(
        message: Message,
        type: KType,
    ): T =
        when (type.classifier) {
            Message::class -> message
            ByteArray::class -> message.payload
            Unit::class -> Unit
            else -> parsed<Any?>(message, json.serializersModule.serializer(type))
        } as T

    /** Fails if values of a type cannot be converted, so that a handler of it need not be called to find out. */
    fun requireConvertible(type: KType) {
        if (type.classifier !in UNTOUCHED) json.serializersModule.serializer(type)
    }

    private fun <T> parsed(
        message: Message,
        serializer: DeserializationStrategy<T>,
    ): T {
        require(isJson(message.contentType)) { "it is '${message.contentType}' and not JSON" }
        val text =
            try {
                message.payload.decodeToString(throwOnInvalidSequence = true)
            } catch (_: CharacterCodingException) {
                throw IllegalArgumentException("it is not UTF-8")
            }
        JsonText.check(text)
        return json.decodeFromString(serializer, text)
    }

    private fun utf8(
        value: Any?,
        type: KType?,
    ): ByteArray =
        try {
            when {
                value == null || value == Unit -> "null"
                value is JsonElement -> value.toString() // Its numbers keep the digits that they have.
                type != null -> json.encodeToString(json.serializersModule.serializer(type), value)
                value is Map<*, *> || value is Iterable<*> || value is Array<*> -> element(value).toString()
                else -> json.encodeToString(serializerOf(value), value)
            }.also(JsonText::check).encodeToByteArray(throwOnInvalidSequence = true)
        } catch (_: StackOverflowError) {
            throw IllegalArgumentException("it is nested too deep, or holds itself")
        } catch (_: CharacterCodingException) {
            throw IllegalArgumentException("it holds text that is not valid Unicode")
        }

    private fun element(value: Any?): JsonElement =
        when (value) {
            null, Unit -> JsonNull
            is JsonElement -> value
            is Map<*, *> -> JsonObject(value.entries.associate { (key, member) -> keyOf(key) to element(member) })
            is Iterable<*> -> JsonArray(value.map(::element))
            is Array<*> -> JsonArray(value.map(::element))
            else -> json.encodeToJsonElement(serializerOf(value), value)
        }

    private fun keyOf(key: Any?): String =
        when (key) {
            is String -> key
            is Number, is Boolean, is Char, is Enum<*> -> key.toString()
            else -> throw IllegalArgumentException("$key is no key of a JSON object")
        }

    /**
     * The serializer of a value of which only the class is known. A subclass of a sealed class is written as the sealed
     * class, which says in the JSON which of them it is: who reads it as one of the two can.
     */
    @Suppress("UNCHECKED_CAST")
    private fun serializerOf(value: Any): KSerializer<Any> {
        val kind = if (value is Enum<*>) value.declaringJavaClass else value.javaClass
        if (kind.typeParameters.isNotEmpty()) {
            throw SerializationException("${kind.name} is generic: say its type with Message.of(value)")
        }
        return sealedSerializerOf(kind) ?: json.serializersModule.serializer(kind) as KSerializer<Any>
    }

    @OptIn(InternalSerializationApi::class, ExperimentalSerializationApi::class)
    @Suppress("UNCHECKED_CAST")
    private fun sealedSerializerOf(kind: Class<*>): KSerializer<Any>? =
        generateSequence(listOfNotNull(kind.superclass, *kind.interfaces)) { level ->
            level.flatMap { listOfNotNull(it.superclass, *it.interfaces) }.ifEmpty { null }
        }.flatten()
            .filter { it.isAnnotationPresent(kotlinx.serialization.Serializable::class.java) }
            .map { (it.kotlin as KClass<Any>).serializerOrNull() }
            .firstOrNull { it?.descriptor?.kind == PolymorphicKind.SEALED }

    companion object {
        /** What the runtime allows at most; more than this would not fit through the boundary either. */
        private const val PAYLOAD_BYTES_MAX = 1 shl 30

        private val UNTOUCHED = setOf<KClassifier?>(Message::class, ByteArray::class, Unit::class)

        /** Whether a media type is JSON's, whatever its parameters and case. */
        fun isJson(contentType: String): Boolean =
            contentType.substringBefore(';').trim().equals(Message.JSON, ignoreCase = true)

        fun lower(message: Message): dev.commy.ffi.Message =
            dev.commy.ffi.Message(
                message.payload,
                text("the content type", message.contentType),
                texts("headers", message.headers),
            )

        fun lift(message: dev.commy.ffi.Message): Message =
            Message(message.payload, message.contentType, message.headers)
    }
}
