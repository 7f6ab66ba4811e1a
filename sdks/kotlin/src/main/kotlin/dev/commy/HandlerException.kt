package dev.commy

import kotlinx.serialization.json.JsonElement

/**
 * Thrown by a handler: its caller gets [CommyException.HandlerFailed] with the same fields.
 *
 * ```
 * throw HandlerException("OUT_OF_STOCK", "2 left", buildJsonObject { put("left", 2) })
 * ```
 *
 * @property code the application's own code, at most 128 bytes
 * @property reason what happened, for people
 * @property details whatever else the application tells, if anything
 */
public open class HandlerException
    @JvmOverloads
    constructor(
        public val code: String,
        public val reason: String,
        public val details: JsonElement? = null,
        cause: Throwable? = null,
    ) : RuntimeException("$code: $reason", cause)

/** Thrown by a handler that cannot make sense of its request: [CommyException.InvalidArgument] to its caller. */
public open class BadRequestException
    @JvmOverloads
    constructor(
        reason: String,
        cause: Throwable? = null,
    ) : RuntimeException(reason, cause)

/** Thrown by a handler of any method, for one that it lacks: [CommyException.Unimplemented] to its caller. */
public open class UnknownMethodException(
    reason: String,
) : RuntimeException(reason)
