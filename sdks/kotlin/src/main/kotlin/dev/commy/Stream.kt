package dev.commy

import kotlinx.coroutines.CancellationException
import kotlinx.coroutines.Deferred
import kotlinx.coroutines.DelicateCoroutinesApi
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.GlobalScope
import kotlinx.coroutines.async
import kotlinx.coroutines.flow.Flow
import kotlinx.coroutines.flow.flow
import kotlinx.coroutines.sync.Mutex
import kotlinx.coroutines.sync.withLock
import java.lang.ref.Cleaner

/** The raw object that items come from. */
internal interface Source<out T : Any> {
    /** Waits for the next item; null once it has ended. */
    suspend fun next(): T?

    /** Ends it, so that a waiting [next] returns null, and frees it. */
    fun end()
}

/**
 * A queue of items that the runtime fills: what [Watch] and [Subscription] have in common. It may be used by several
 * coroutines at once, and each item is given to one of them.
 */
public sealed class Stream<out T : Any>(
    private val source: Source<T>,
) : AutoCloseable {
    private val turn = Mutex()
    private var coming: Deferred<T?>? = null
    private val cleanable = CLEANER.register(this, End(source))

    /**
     * Waits for the next item; null when this is closed or its mesh is stopped.
     *
     * Cancelling it loses nothing: the item that it waited for is given to the next call.
     */
    public suspend fun receive(): T? =
        turn.withLock {
            val waiting = coming ?: next(source).also { coming = it }
            val item =
                try {
                    waiting.await()
                } catch (error: CancellationException) {
                    if (waiting.isCancelled) coming = null
                    throw error
                } catch (error: CommyException) {
                    coming = null
                    throw error
                }
            coming = null
            item
        }

    /** The items from now on. Whoever collects it takes them from this; it ends when this is closed. */
    public fun asFlow(): Flow<T> = flow { while (true) emit(receive() ?: break) }

    /** Ends it; whoever waits for an item gets none. Doing it twice does nothing. */
    override fun close() {
        cleanable.clean()
    }

    /** Ends a source that nobody reads any more. Holds nothing else, so that its stream can be let go. */
    private class End(
        private val source: Source<*>,
    ) : Runnable {
        override fun run() = source.end()
    }

    private companion object {
        val CLEANER: Cleaner = Cleaner.create()

        /** Waits in a coroutine of nobody's, so that it goes on when the one who asked is cancelled. */
        @OptIn(DelicateCoroutinesApi::class)
        fun <T : Any> next(source: Source<T>): Deferred<T?> = GlobalScope.async(Dispatchers.Default) { source.next() }
    }
}

/** A cold flow: each collector opens a source of its own, and ends it. */
internal fun <T : Any> flowFrom(open: suspend () -> Source<T>): Flow<T> =
    flow {
        val source = open()
        try {
            while (true) emit(source.next() ?: break)
        } finally {
            source.end()
        }
    }

/** Uses a raw object, or returns null if it was freed meanwhile. */
internal inline fun <T> unlessFreed(
    isFreed: () -> Boolean,
    use: () -> T,
): T? =
    try {
        use()
    } catch (error: CancellationException) {
        throw error
    } catch (error: IllegalStateException) {
        if (isFreed()) null else throw error
    }
