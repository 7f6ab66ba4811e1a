package dev.commy

import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.currentCoroutineContext
import kotlinx.coroutines.withContext
import kotlin.coroutines.ContinuationInterceptor

/**
 * Runs what waits for the raw bindings, and throws what users catch.
 *
 * The runtime resumes a coroutine on a thread of its own, from which a dispatcher takes it. Where there is none, as in a
 * `suspend fun main`, or only one that does not, the coroutine would go on there, and a mesh that is stopped would wait
 * for its own thread: so another dispatcher is asked to.
 */
internal suspend fun <T> awaiting(operation: suspend () -> T): T =
    translated {
        val dispatcher = currentCoroutineContext()[ContinuationInterceptor]
        if (dispatcher == null || dispatcher === Dispatchers.Unconfined) {
            withContext(Dispatchers.Default) { operation() }
        } else {
            operation()
        }
    }
