package dev.commy

import kotlinx.serialization.json.Json
import kotlin.time.ComparableTimeMark
import kotlin.time.Duration
import kotlin.time.Duration.Companion.milliseconds
import kotlin.time.TimeSource

/**
 * What a handler may know of the request that it answers, beyond its payload. It is the receiver of the handler.
 *
 * ```
 * method("create") { order: Order ->
 *     mesh.call<Unit>("payments", "charge", order, timeout = timeLeft, headers = headers)
 * }
 * ```
 *
 * @property service the service that was called
 * @property method the method that is asked for
 * @property headers the headers that the caller sent
 * @property contentType what the payload is, as a media type
 * @property caller the id of the node that calls
 * @property attempt which attempt of the call this is, from 1
 * @property deadline when the caller stops waiting; the handler's coroutine is cancelled then
 */
public class CallContext internal constructor(
    public val service: String,
    public val method: String,
    public val headers: Map<String, String>,
    public val contentType: String,
    public val caller: String,
    public val attempt: Int,
    public val deadline: ComparableTimeMark,
    @PublishedApi internal val json: Json,
) {
    /** How long the caller still waits; never less than zero. */
    public val timeLeft: Duration
        get() = (-deadline.elapsedNow()).coerceAtLeast(Duration.ZERO)

    /** A reply of a value with headers; without headers, a handler just returns the value. */
    public inline fun <reified T> reply(
        value: T,
        headers: Map<String, String>,
    ): Message = Message.of(value, headers, json)

    override fun toString(): String =
        "CallContext(service=$service, method=$method, headers=$headers, caller=$caller, attempt=$attempt, timeLeft=$timeLeft)"

    internal companion object {
        fun lift(
            request: dev.commy.ffi.IncomingRequest,
            json: Json,
        ) = CallContext(
            service = request.service,
            method = request.method,
            headers = request.message.headers,
            contentType = request.message.contentType,
            caller = request.caller,
            attempt = request.attempt.toInt(),
            deadline = TimeSource.Monotonic.markNow() + request.timeLeftMs.toLong().milliseconds,
            json = json,
        )
    }
}
