package dev.commy

/**
 * Refuses text that is not JSON but that kotlinx.serialization would let pass, such as `NaN` or `01`, and text that is
 * nested so deep that reading it would overflow the stack. It does not replace the parser: what it lets pass may still
 * be no JSON, and the parser says so.
 */
internal object JsonText {
    /** Deeper than what anyone writes, and far from what a small stack holds. */
    private const val DEPTH_MAX = 256

    private val LITERAL = Regex("true|false|null|-?(0|[1-9][0-9]*)(\\.[0-9]+)?([eE][+-]?[0-9]+)?")

    /** @throws IllegalArgumentException for text that is not JSON. */
    fun check(text: String) {
        var depth = 0
        var at = 0
        while (at < text.length) {
            when (text[at]) {
                '"' -> at = endOfString(text, at)
                '[', '{' -> require(++depth <= DEPTH_MAX) { "it is nested deeper than $DEPTH_MAX levels" }
                ']', '}' -> depth--
                ',', ':', ' ', '\t', '\n', '\r' -> Unit
                else -> {
                    val end = endOfLiteral(text, at)
                    val literal = text.substring(at, end)
                    require(LITERAL.matches(literal)) { "'${literal.take(20)}' at $at is not JSON" }
                    at = end - 1
                }
            }
            at++
        }
    }

    /** Where a string ends that begins at [start]; the text's end if it does not. */
    private fun endOfString(
        text: String,
        start: Int,
    ): Int {
        var at = start + 1
        while (at < text.length && text[at] != '"') {
            require(text[at] >= ' ') { "the string at $start holds a control character" }
            at += if (text[at] == '\\') 2 else 1
        }
        return at
    }

    private fun endOfLiteral(
        text: String,
        start: Int,
    ): Int {
        var at = start
        while (at < text.length && text[at] !in "\"[]{},: \t\n\r") at++
        return at
    }
}
