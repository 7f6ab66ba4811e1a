package dev.commy

import kotlin.reflect.KType
import kotlin.reflect.typeOf

/** Keeps the scopes of the builders apart. */
@DslMarker
@Target(AnnotationTarget.CLASS)
public annotation class CommyDsl

/** A handler whose request and reply types are known only by their [KType]. */
internal class Method(
    val request: KType,
    val reply: KType,
    val handler: suspend CallContext.(Any?) -> Any?,
)

/** The methods of a service. */
internal class Service(
    val methods: Map<String, Method>,
    val anyMethod: Method?,
) {
    fun find(name: String): Method? = methods[name] ?: anyMethod
}

/**
 * Declares the methods of a service, in the block of [Mesh.service].
 *
 * A handler takes and returns a [ByteArray], which travels untouched, `Unit` for nothing, a [Message] for whatever was
 * sent, or any type that kotlinx.serialization can convert. What it throws is told to its caller: a [HandlerException],
 * [BadRequestException] or [UnknownMethodException] as it says, anything else as [CommyException.HandlerFailed] with the
 * name of its class as code.
 */
@CommyDsl
public class ServiceBuilder internal constructor() {
    private val methods = mutableMapOf<String, Method>()
    private var anyMethod: Method? = null

    /**
     * Answers one method.
     *
     * ```
     * method("create") { order: Order -> Receipt(order.id) }
     * method("ping") { _: Unit -> "pong" }
     * ```
     *
     * @throws CommyException.InvalidArgument if the method is declared already
     */
    public inline fun <reified Q, reified R> method(
        name: String,
        noinline handler: suspend CallContext.(Q) -> R,
    ) {
        declare(name, typeOf<Q>(), typeOf<R>(), handler)
    }

    /**
     * Answers every method that is not declared by name; [CallContext.method] says which one is asked for.
     *
     * @throws CommyException.InvalidArgument if there is one already
     */
    public inline fun <reified Q, reified R> anyMethod(noinline handler: suspend CallContext.(Q) -> R) {
        declare(null, typeOf<Q>(), typeOf<R>(), handler)
    }

    @PublishedApi
    internal fun declare(
        name: String?,
        request: KType,
        reply: KType,
        handler: Any,
    ) {
        @Suppress("UNCHECKED_CAST")
        val method = Method(request, reply, handler as suspend CallContext.(Any?) -> Any?)
        val former = if (name == null) anyMethod.also { anyMethod = method } else methods.put(name, method)
        if (former != null) {
            throw CommyException.InvalidArgument(
                "${name?.let { "the method '$it'" } ?: "any method"} is declared twice",
            )
        }
    }

    internal fun build(codec: Codec): Service {
        val all = methods.values + listOfNotNull(anyMethod)
        if (all.isEmpty()) throw CommyException.InvalidArgument("a service must declare a method")
        for (type in all.flatMap { listOf(it.request, it.reply) }) {
            try {
                codec.requireConvertible(type)
            } catch (error: IllegalArgumentException) {
                throw CommyException.InvalidArgument("a handler takes or returns what cannot be sent: ${error.message}")
            }
        }
        return Service(methods.toMap(), anyMethod)
    }
}
