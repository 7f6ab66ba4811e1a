package dev.commy

import kotlinx.coroutines.async
import kotlinx.coroutines.awaitAll
import kotlinx.coroutines.coroutineScope
import java.util.concurrent.ConcurrentLinkedQueue
import kotlin.time.Duration
import kotlin.time.TimeSource

/** A call, and what became of it: the node that answered, or the error. */
class Outcome(
    val began: TimeSource.Monotonic.ValueTimeMark,
    val ended: TimeSource.Monotonic.ValueTimeMark,
    val node: String?,
    val error: CommyException?,
)

/** Callers that call `workers` one after the other. */
class Load private constructor(
    private val mesh: Mesh,
    private val timeout: Duration?,
    private val isIdempotent: Boolean,
) {
    val outcomes = ConcurrentLinkedQueue<Outcome>()
    val failed: List<Outcome> get() = outcomes.filter { it.error != null }

    @Volatile
    private var isOver = false

    /** Waits until each caller had time for some calls. */
    suspend fun goesOn() {
        val enough = outcomes.size + 5 * CALLERS
        eventually("calls are answered") { outcomes.size >= enough }
    }

    private suspend fun call() {
        while (!isOver) {
            val began = TimeSource.Monotonic.markNow()
            var error: CommyException? = null
            val node =
                try {
                    mesh.call<String>("workers", "work", 0.003, timeout, idempotent = isIdempotent)
                } catch (failure: CommyException) {
                    error = failure
                    null
                }
            outcomes += Outcome(began, TimeSource.Monotonic.markNow(), node, error)
        }
    }

    companion object {
        const val CALLERS = 20

        /** Runs the block while the callers call, and lets them end. */
        suspend fun <T> whilst(
            mesh: Mesh,
            timeout: Duration? = null,
            isIdempotent: Boolean = false,
            block: suspend (Load) -> T,
        ): T =
            coroutineScope {
                val load = Load(mesh, timeout, isIdempotent)
                val callers = List(CALLERS) { async { load.call() } }
                val result =
                    try {
                        load.goesOn()
                        block(load)
                    } finally {
                        load.isOver = true
                    }
                callers.awaitAll()
                result
            }
    }
}
