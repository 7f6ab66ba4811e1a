package dev.commy

import com.sun.jna.Function
import com.sun.jna.NativeLong
import com.sun.jna.Structure
import kotlinx.coroutines.delay
import org.junit.jupiter.api.Assertions.assertTrue
import java.lang.management.ManagementFactory
import javax.management.ObjectName
import kotlin.math.abs
import kotlin.time.Duration.Companion.milliseconds

/**
 * What this process holds for the mesh, but for what the virtual machine needs for itself: its compilers alone allocate
 * tens of megabytes, and free them, whenever they please.
 *
 * @property native bytes that the runtime, the bindings and JNA allocated by `malloc` and did not free
 * @property heap bytes of live objects on Java's heap, but for the tables of maps
 */
data class Footprint(
    val native: Long,
    val heap: Long,
) {
    private fun isMuchMoreThan(before: Footprint): Boolean =
        native - before.native > GROWTH_MAX || heap - before.heap > GROWTH_MAX

    /** The least of both, and whether that is much less than this was. */
    private fun leastWith(next: Footprint): Pair<Footprint, Boolean> {
        val least = Footprint(minOf(native, next.native), minOf(heap, next.heap))
        return least to (native - least.native > SETTLED || heap - least.heap > SETTLED)
    }

    /** glibc's `struct mallinfo2`. */
    @Structure.FieldOrder(
        "arena",
        "ordblks",
        "smblks",
        "hblks",
        "hblkhd",
        "usmblks",
        "fsmblks",
        "uordblks",
        "fordblks",
        "keepcost",
    )
    @Suppress("unused", "SpellCheckingInspection")
    internal open class MallocInfo :
        Structure(),
        Structure.ByValue {
        @JvmField var arena = NativeLong()

        @JvmField var ordblks = NativeLong()

        @JvmField var smblks = NativeLong()

        @JvmField var hblks = NativeLong()

        @JvmField var hblkhd = NativeLong()

        @JvmField var usmblks = NativeLong()

        @JvmField var fsmblks = NativeLong()

        @JvmField var uordblks = NativeLong()

        @JvmField var fordblks = NativeLong()

        @JvmField var keepcost = NativeLong()
    }

    companion object {
        /** What thousands of uses may leave: 11 bytes a call, or 105 a registration, would be more. */
        private const val GROWTH_MAX = 512L shl 10

        /** How much may still be freed of what is settled. */
        private const val SETTLED = 32L shl 10
        private const val ROUNDS_MAX = 500
        private const val ROUNDS_QUIET = 20
        private const val READINGS_MAX = 100

        /** Fails if the load, once it has run and filled caches and arenas, leaves more behind when it runs again. */
        suspend fun assertNoGrowth(load: suspend () -> Unit) {
            load()
            val before = settled()
            load()
            var after = settled()
            // Collecting takes its time where others are at work.
            repeat(ROUNDS_MAX) { if (after.isMuchMoreThan(before)) after = after.leastWith(round()).first }
            assertTrue(!after.isMuchMoreThan(before)) { "$before grew to $after" }
        }

        /** The footprint once garbage is freed: a call leaves dozens of structures to the collector and JNA's cleaner. */
        private suspend fun settled(): Footprint {
            var least = round()
            var quiet = 0
            repeat(ROUNDS_MAX) {
                if (quiet == ROUNDS_QUIET) return least
                val (next, isFalling) = least.leastWith(round())
                quiet = if (isFalling) 0 else quiet + 1
                least = next
            }
            return least
        }

        private suspend fun round(): Footprint {
            val heap = heap()
            delay(50.milliseconds)
            return Footprint(native(), heap)
        }

        /**
         * What is left on the heap by a collection, but for the tables of concurrent maps, which grow with what they held
         * at worst and never shrink: JNA keeps every structure in one until its cleaner comes to it.
         */
        private fun heap(): Long {
            val live =
                OBJECTS.findAll(diagnosis("gcClassHistogram")).map {
                    it.groupValues[1].toLong() to
                        it.groupValues[2]
                }
            return live.filter { (_, name) -> name != TABLE }.sumOf { (bytes, _) -> bytes }.also { check(it > 0) }
        }

        /** What is allocated beside the virtual machine's own, read while that stays as it is. */
        private suspend fun native(): Long {
            repeat(READINGS_MAX) {
                val own = ofTheMachine()
                val all = allocated()
                if (abs(ofTheMachine() - own) <= SETTLED) return all - own
                delay(10.milliseconds)
            }
            error("the virtual machine does not come to rest")
        }

        private fun allocated(): Long {
            val info = Function.getFunction("c", "mallinfo2").invoke(MallocInfo::class.java, emptyArray()) as MallocInfo
            return info.uordblks.toLong() + info.hblkhd.toLong()
        }

        /** What the virtual machine allocated for itself, by its own account, and for the account. */
        private fun ofTheMachine(): Long {
            val account = diagnosis("vmNativeMemory", "summary")
            val parts = OWN.findAll(account).map { it.groupValues[1].toLong() }.toList()
            check(parts.isNotEmpty()) { "the tests need -XX:NativeMemoryTracking=summary: $account" }
            return parts.sum() shl 10
        }

        /** Asks the virtual machine as `jcmd` does. */
        private fun diagnosis(
            command: String,
            vararg arguments: String,
        ): String =
            ManagementFactory.getPlatformMBeanServer().invoke(
                ObjectName("com.sun.management:type=DiagnosticCommand"),
                command,
                arrayOf(arguments),
                arrayOf(Array<String>::class.java.name),
            ) as String

        private const val TABLE = "[Ljava.util.concurrent.ConcurrentHashMap\$Node;"
        private val OBJECTS = Regex("^ *\\d+: +\\d+ +(\\d+) +(\\S+)", RegexOption.MULTILINE)
        private val OWN = Regex("\\((?:malloc|arena|tracking overhead)=(\\d+)KB")
    }
}
