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
    /** Fails if much more is held than before: less would not show if every use left a few bytes behind. */
    fun assertNotMuchMoreThan(before: Footprint) {
        assertTrue(allocated - before.allocated < ALLOCATED_MAX) { "$before grew to $this" }
        assertTrue(resident - before.resident < RESIDENT_MAX) { "$before grew to $this" }
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
        private const val ALLOCATED_MAX = 4L shl 20
        private const val RESIDENT_MAX = 64L shl 20
        private const val SETTLED = 64L shl 10

        /** The footprint once what is garbage is freed, which takes the collector and its cleaners some rounds. */
        suspend fun settled(): Footprint {
            var last = now()
            repeat(200) {
                System.gc()
                delay(5.milliseconds)
                val next = now()
                if (abs(next.allocated - last.allocated) < SETTLED) return next
                last = next
            }
            return last
        }

        private fun now(): Footprint {
            val info = Function.getFunction("c", "mallinfo2").invoke(MallocInfo::class.java, emptyArray()) as MallocInfo
            val pages = File("/proc/self/statm").readText().split(' ')[1].toLong()
            return Footprint(info.uordblks.toLong() + info.hblkhd.toLong(), pages * 4096)
        }
    }
}
