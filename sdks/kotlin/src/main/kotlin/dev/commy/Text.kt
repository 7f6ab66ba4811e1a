package dev.commy

import kotlin.time.Duration
import kotlin.time.Duration.Companion.milliseconds

// Checks of what only this side of the boundary can see: text that UTF-8 cannot carry, and times that
// are none. Every other rule is the runtime's.

/** The text itself, if UTF-8 can carry it. */
internal fun text(
    what: String,
    value: String,
): String {
    val at = loneSurrogate(value)
    if (at < 0) return value
    throw CommyException.InvalidArgument(
        "$what is not valid Unicode: '${printable(value)}' has a lone surrogate at $at",
    )
}

internal fun texts(
    what: String,
    values: Collection<String>,
): List<String> = values.map { text(what, it) }

internal fun texts(
    what: String,
    values: Map<String, String>,
): Map<String, String> =
    values.onEach { (key, value) ->
        text("a key of $what", key)
        text("a value of $what", value)
    }

/** Text that UTF-8 can carry, whatever it held: telling of a failure must not fail. */
internal fun printable(value: String): String {
    if (loneSurrogate(value) < 0) return value
    return buildString {
        value.forEachIndexed { at, char ->
            if (isLone(value, at)) append("\\u%04x".format(char.code)) else append(char)
        }
    }
}

/** Whole milliseconds, rounded up, so that a time above zero stays above zero. */
internal fun milliseconds(
    what: String,
    value: Duration,
): ULong {
    if (!value.isFinite() || value.isNegative()) {
        throw CommyException.InvalidArgument("$what must be a finite duration of at least zero, not $value")
    }
    val whole = value.inWholeMilliseconds
    return (if (whole.milliseconds < value) whole + 1 else whole).toULong()
}

/** A count that the boundary can carry; whether it is allowed is for the runtime to say. */
internal fun count(
    what: String,
    value: Int,
): UInt =
    if (value <
        0
    ) {
        throw CommyException.InvalidArgument("$what must not be negative, not $value")
    } else {
        value.toUInt()
    }

private fun loneSurrogate(value: String): Int = value.indices.firstOrNull { isLone(value, it) } ?: -1

private fun isLone(
    value: String,
    at: Int,
): Boolean {
    val char = value[at]
    return when {
        char.isHighSurrogate() -> at + 1 == value.length || !value[at + 1].isLowSurrogate()
        char.isLowSurrogate() -> at == 0 || !value[at - 1].isHighSurrogate()
        else -> false
    }
}
