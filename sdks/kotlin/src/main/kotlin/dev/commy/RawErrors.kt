package dev.commy

import kotlinx.serialization.json.Json
import kotlinx.serialization.json.JsonElement
import kotlinx.serialization.json.JsonPrimitive
import dev.commy.ffi.CommyException as RawException

// How errors of the raw bindings become those that users catch. Knows nothing of operations.

/** Runs what calls the raw bindings, and throws what users catch. */
internal inline fun <T> translated(operation: () -> T): T =
    try {
        operation()
    } catch (error: RawException) {
        throw error.lifted()
    } catch (error: dev.commy.ffi.InternalException) {
        throw CommyException.Internal("commy failed: ${error.message}")
    }

internal fun RawException.lifted(): CommyException =
    when (this) {
        is RawException.Cancelled -> CommyException.Cancelled(info.reason, info.place())
        is RawException.InvalidArgument -> CommyException.InvalidArgument(info.reason, info.place())
        is RawException.DeadlineExceeded -> CommyException.DeadlineExceeded(info.reason, info.place())
        is RawException.NotFound -> CommyException.NotFound(info.reason, info.place())
        is RawException.AlreadyExists -> CommyException.AlreadyExists(info.reason, info.place())
        is RawException.PermissionDenied -> CommyException.PermissionDenied(info.reason, info.place())
        is RawException.ResourceExhausted -> CommyException.ResourceExhausted(info.reason, info.place())
        is RawException.FailedPrecondition -> CommyException.FailedPrecondition(info.reason, info.place())
        is RawException.Unimplemented -> CommyException.Unimplemented(info.reason, info.place())
        is RawException.Internal -> CommyException.Internal(info.reason, info.place())
        is RawException.Unavailable -> CommyException.Unavailable(info.reason, info.place())
        is RawException.Unauthenticated -> CommyException.Unauthenticated(info.reason, info.place())
        is RawException.HandlerFailed ->
            CommyException.HandlerFailed(
                info.reason,
                info.code.orEmpty(),
                info.detailsJson?.let(::details),
                info.place(),
            )
    }

private fun dev.commy.ffi.ErrorInfo.place() = Place(service, method, instanceId, attempts.toInt())

/** A handler in any language wrote this text: what is not JSON is handed over as it is. */
private fun details(text: String): JsonElement =
    try {
        JsonText.check(text)
        Json.parseToJsonElement(text)
    } catch (_: IllegalArgumentException) {
        JsonPrimitive(text)
    }
