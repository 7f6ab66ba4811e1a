package dev.commy

import dev.commy.ffi.Failure
import dev.commy.ffi.FailureKind

// What a caller is told of what its handler threw.

internal fun failureOf(error: Throwable): Failure =
    when (error) {
        is HandlerException ->
            Failure(
                code = printable(error.code),
                reason = printable(error.reason),
                detailsJson = error.details?.let { printable(it.toString()) },
            )
        is BadRequestException -> failure(FailureKind.BAD_REQUEST, reasonOf(error))
        is UnknownMethodException -> failure(FailureKind.UNKNOWN_METHOD, reasonOf(error))
        else -> Failure(code = nameOf(error), reason = printable(reasonOf(error)))
    }

internal fun failure(
    kind: FailureKind,
    reason: String,
): Failure = Failure(kind, code = "", printable(reason))

/** The name of an exception's class, or of the one that it extends if it has none. */
private fun nameOf(error: Throwable): String =
    generateSequence<Class<*>>(error.javaClass) { it.superclass }.first { it.simpleName.isNotEmpty() }.simpleName

/** The message of an exception, or its name: also if it has none, or cannot tell it. */
private fun reasonOf(error: Throwable): String =
    try {
        error.message?.ifEmpty { null } ?: nameOf(error)
    } catch (_: Exception) {
        nameOf(error)
    }
