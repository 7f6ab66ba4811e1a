package dev.commy

import com.sun.jna.Function
import com.sun.jna.NativeLong
import com.sun.jna.Structure
import kotlinx.coroutines.delay
import org.junit.jupiter.api.Assertions.assertFalse
import java.io.File
import java.lang.management.ManagementFactory
import javax.management.ObjectName
import kotlin.time.Duration.Companion.milliseconds

/**
 * What this process holds outside of Java's heap.
 *
 * @property allocated bytes that were allocated by `malloc` and not freed, but for those of the virtual machine: what the
 *   runtime and JNA hold
 * @property resident bytes that the process has in RAM; the heap is all there from the start
 */
data class Footprint(
    val allocated: Long,
    val resident: Long,
) {
    private fun isMuchMoreThan(before: Footprint): Boolean =
        allocated - before.allocated > ALLOCATED_MAX || resident - before.resident > RESIDENT_MAX

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
        /** What thousands of uses may leave at most: a few bytes a call, or hundreds a registration, would be more. */
        private const val ALLOCATED_MAX = 1L shl 20
        private const val RESIDENT_MAX = 64L shl 20
        private const val SETTLED = 16L shl 10
        private const val ROUNDS_MAX = 500
        private const val ROUNDS_QUIET = 20

        /** The footprint once what is garbage is freed, which takes the collector and its cleaners some rounds. */
        suspend fun settled(): Footprint {
            var least = now()
            var quiet = 0
            repeat(ROUNDS_MAX) {
                if (quiet == ROUNDS_QUIET) return least
                val next = round()
                quiet = if (next.allocated < least.allocated - SETTLED) 0 else quiet + 1
                if (next.allocated < least.allocated) least = next
            }
            return least
        }

        /** Fails if much more stays held than was before. */
        suspend fun assertNotMuchMoreThan(before: Footprint) {
            var now = settled()
            repeat(ROUNDS_MAX) { if (now.isMuchMoreThan(before)) now = round() }
            assertFalse(now.isMuchMoreThan(before)) { "$before grew to $now" }
        }

        private suspend fun round(): Footprint {
            System.gc()
            delay(10.milliseconds)
            return now()
        }

        private fun now(): Footprint {
            val info = Function.getFunction("c", "mallinfo2").invoke(MallocInfo::class.java, emptyArray()) as MallocInfo
            val pages = File("/proc/self/statm").readText().split(' ')[1].toLong()
            return Footprint(info.uordblks.toLong() + info.hblkhd.toLong() - ofTheMachine(), pages * 4096)
        }

        /** What the virtual machine allocated for itself, such as for its compilers, by its own account. */
        private fun ofTheMachine(): Long {
            val account =
                ManagementFactory.getPlatformMBeanServer().invoke(
                    ObjectName("com.sun.management:type=DiagnosticCommand"),
                    "vmNativeMemory",
                    arrayOf(arrayOf("summary")),
                    arrayOf(Array<String>::class.java.name),
                ) as String
            val parts =
                Regex(
                    "\\((?:malloc|arena)=(\\d+)KB",
                ).findAll(account).map { it.groupValues[1].toLong() }.toList()
            check(parts.isNotEmpty()) { "the tests need -XX:NativeMemoryTracking=summary: $account" }
            return parts.sum() shl 10
        }
    }
}
