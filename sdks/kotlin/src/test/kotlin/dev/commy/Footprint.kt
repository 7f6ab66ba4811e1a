package dev.commy

import com.sun.jna.Function
import com.sun.jna.NativeLong
import com.sun.jna.Structure
import kotlinx.coroutines.delay
import org.junit.jupiter.api.Assertions.assertTrue
import java.io.File
import kotlin.math.abs
import kotlin.time.Duration.Companion.milliseconds

/**
 * What this process holds outside of Java's heap.
 *
 * @property allocated bytes that were allocated by `malloc`, which the runtime and JNA use, and not freed
 * @property resident bytes that the process has in RAM; the heap is all there from the start
 */
data class Footprint(
    val allocated: Long,
    val resident: Long,
) {
    /** Whether not much more is held than before: less would not show if every use left a few bytes behind. */
    private fun isNear(before: Footprint) =
        allocated - before.allocated < ALLOCATED_MAX && resident - before.resident < RESIDENT_MAX

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
        private const val ALLOCATED_MAX = 4L shl 20
        private const val RESIDENT_MAX = 64L shl 20
        private const val SETTLED = 64L shl 10
        private const val ROUNDS_MAX = 200

        /** The footprint once what is garbage is freed, which takes the collector and its cleaners some rounds. */
        suspend fun settled(): Footprint {
            var last = now()
            repeat(ROUNDS_MAX) {
                val next = afterRound()
                if (abs(next.allocated - last.allocated) < SETTLED) return next
                last = next
            }
            return last
        }

        /** Fails unless what is held comes back to what it was: garbage goes when the cleaners have time. */
        suspend fun assertReturnsTo(before: Footprint) {
            var last = now()
            repeat(ROUNDS_MAX) {
                if (last.isNear(before)) return
                last = afterRound()
            }
            assertTrue(last.isNear(before)) { "$before grew to $last" }
        }

        private suspend fun afterRound(): Footprint {
            System.gc()
            delay(20.milliseconds)
            return now()
        }

        private fun now(): Footprint {
            val info = Function.getFunction("c", "mallinfo2").invoke(MallocInfo::class.java, emptyArray()) as MallocInfo
            val pages = File("/proc/self/statm").readText().split(' ')[1].toLong()
            return Footprint(info.uordblks.toLong() + info.hblkhd.toLong(), pages * 4096)
        }
    }
}
