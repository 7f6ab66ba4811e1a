package dev.commy

import kotlinx.coroutines.CompletableDeferred
import kotlinx.coroutines.CoroutineScope
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.awaitCancellation
import kotlinx.coroutines.delay
import kotlinx.coroutines.runBlocking
import kotlinx.coroutines.withTimeout
import kotlinx.serialization.Serializable
import kotlinx.serialization.json.JsonElement
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Assertions.fail
import java.util.concurrent.atomic.AtomicInteger
import kotlin.time.Duration
import kotlin.time.Duration.Companion.milliseconds
import kotlin.time.Duration.Companion.seconds
import kotlin.time.TimeSource

// What every test needs: a limit on its time, and a mesh nobody else is in.

@Serializable
data class Order(
    val id: Int,
    val items: List<String> = emptyList(),
)

@Serializable
data class Receipt(
    val order: Int,
    val total: Double = 0.0,
)

/** No test takes a tenth of it: whoever waits longer waits for what will never come. */
val PATIENCE: Duration = 30.seconds

private val numbers = AtomicInteger()

/** The name of a mesh that no other test uses. */
fun newName(): String = "test-${ProcessHandle.current().pid()}-${numbers.incrementAndGet()}"

fun test(
    patience: Duration = PATIENCE,
    body: suspend CoroutineScope.() -> Unit,
) = runBlocking(Dispatchers.Default) { withTimeout(patience) { body() } }

/** Runs the body with a mesh of its own that is started before and stopped after. */
fun meshTest(
    configure: MeshBuilder.() -> Unit = {},
    patience: Duration = PATIENCE,
    body: suspend CoroutineScope.(Mesh) -> Unit,
) = test(patience) { Mesh(newName(), configure).use { mesh -> body(mesh) } }

/** What the block throws, which must be an [E]. */
inline fun <reified E : Throwable> failsWith(block: () -> Unit): E {
    try {
        block()
    } catch (error: Throwable) {
        if (error is E) return error
        throw error
    }
    fail<Unit>("expected ${E::class.simpleName}, and nothing was thrown")
    error("unreachable")
}

/** As [failsWith], and its message says [why]. */
inline fun <reified E : Throwable> failsWith(
    why: String,
    block: () -> Unit,
): E {
    val error = failsWith<E>(block)
    assertTrue(why in error.message.orEmpty()) { "'${error.message}' does not say '$why'" }
    return error
}

/** Waits until the runtime, which tells nobody, has come to what is expected. */
suspend fun eventually(
    what: String,
    holds: () -> Boolean,
) {
    val deadline = TimeSource.Monotonic.markNow() + 20.seconds
    while (!holds()) {
        assertTrue(deadline.hasNotPassedNow()) { "it never came to be that $what" }
        delay(1.milliseconds)
    }
}

/** A service that answers every method with what it is sent. */
suspend fun Mesh.echo(name: String = "echo"): Registration = service(name) { anyMethod { message: Message -> message } }

/** A handler that waits for its cancellation, and tells when it has begun and when it is cancelled. */
class Stuck {
    val begun = CompletableDeferred<CallContext>()
    val cancelled = CompletableDeferred<Unit>()

    suspend fun wait(context: CallContext): Nothing {
        begun.complete(context)
        try {
            awaitCancellation()
        } finally {
            cancelled.complete(Unit)
        }
    }
}

suspend fun Mesh.stuck(
    stuck: Stuck,
    name: String = "stuck",
): Registration = service(name) { anyMethod<JsonElement, Unit> { stuck.wait(this) } }
