package dev.commy

import kotlinx.coroutines.CompletableDeferred
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.channels.Channel
import kotlinx.coroutines.withContext
import kotlinx.coroutines.withTimeout
import kotlinx.serialization.json.JsonElement
import kotlinx.serialization.json.JsonNull
import kotlinx.serialization.json.JsonPrimitive
import kotlinx.serialization.json.decodeFromJsonElement
import java.io.File
import java.nio.file.Path
import java.util.concurrent.ConcurrentHashMap
import java.util.concurrent.TimeUnit
import java.util.concurrent.atomic.AtomicInteger
import kotlin.concurrent.thread
import kotlin.time.Duration
import kotlin.time.Duration.Companion.seconds
import kotlin.time.TimeSource

/** How long a peer may take for what it is asked: machines that build meanwhile are slow. */
val PATIENCE_PEER: Duration = 20.seconds

/** How long a test may take that begins several processes. */
val PATIENCE_PROCESSES: Duration = 120.seconds

/**
 * A node in a process of its own, a virtual machine that runs [PeerProgram]: begun at once, killed when it is closed.
 *
 * @param directory where its meshes meet others of this host, instead of where this process's do: as far away as
 *   another host
 */
class Peer(
    options: PeerOptions,
    directory: Path? = null,
) : AutoCloseable {
    private val numbers = AtomicInteger()
    private val answers = ConcurrentHashMap<Int, CompletableDeferred<JsonElement>>()
    private val told = ConcurrentHashMap<String, Channel<JsonElement>>()
    private val process =
        ProcessBuilder(
            File(System.getProperty("java.home"), "bin/java").path,
            // It lives for a moment: what makes a long life fast makes its begin slow.
            *arrayOf("-Xmx96m", "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC"),
            *arrayOf("-cp", System.getProperty("java.class.path")),
            PeerProgram::class.java.name,
            LINES.encodeToString(options),
        ).apply { directory?.let { environment()["XDG_RUNTIME_DIR"] = it.toString() } }.start()
    private val readers = listOf(thread(isDaemon = true) { read() }, thread(isDaemon = true) { complain() })

    /** The id of its node, once it is [ready]. */
    lateinit var node: String
        private set

    /** What it wrote to its standard error, once it has ended. */
    var complaints: String = ""
        private set

    suspend fun ready(): Peer {
        node = LINES.decodeFromJsonElement(told("ready"))
        return this
    }

    /** Gives a command, whose answer is awaited later. */
    fun begin(command: PeerCommand): CompletableDeferred<JsonElement> {
        val answer = CompletableDeferred<JsonElement>()
        val id = numbers.incrementAndGet()
        answers[id] = answer
        synchronized(process) {
            process.outputStream.write((LINES.encodeToString(PeerOrder(id, command)) + "\n").encodeToByteArray())
            process.outputStream.flush()
        }
        return answer
    }

    /** Gives a command, and returns its answer. */
    suspend fun ask(command: PeerCommand): JsonElement = withTimeout(PATIENCE_PEER) { begin(command).await() }

    suspend fun discover(service: String): List<String> =
        LINES.decodeFromJsonElement(ask(PeerCommand.Discover(service)))

    suspend fun stats(): PeerStats = LINES.decodeFromJsonElement(ask(PeerCommand.Stats))

    /** Waits until it knows an instance of a service. */
    suspend fun knows(service: String) {
        withTimeout(PATIENCE_PEER) { while (discover(service).isEmpty()) continue }
    }

    /** The next time that it tells of something. */
    suspend fun told(word: String): JsonElement = withTimeout(PATIENCE_PEER) { telling(word).receive() }

    suspend fun event(): PeerEvent = LINES.decodeFromJsonElement(told("event"))

    /** What it told of and nobody asked for is forgotten; whether there was any. */
    fun forget(word: String): Boolean = generateSequence { telling(word).tryReceive().getOrNull() }.count() > 0

    /** Kills it where it is, and returns when. */
    fun kill(): TimeSource.Monotonic.ValueTimeMark = marked { process.destroyForcibly() }

    /** Makes it hang, and returns when. */
    fun pause(): TimeSource.Monotonic.ValueTimeMark = marked { signal("STOP") }

    fun resume(): TimeSource.Monotonic.ValueTimeMark = marked { signal("CONT") }

    /** Tells it to end without stopping its mesh, and returns its exit code. */
    suspend fun exits(): Int {
        begin(PeerCommand.Exit)
        return exitCode()
    }

    /** Waits until it has ended. */
    suspend fun exitCode(): Int =
        withContext(Dispatchers.IO) {
            check(process.waitFor(PATIENCE_PEER.inWholeSeconds, TimeUnit.SECONDS)) { "the peer does not end" }
            readers.forEach { it.join() }
            process.exitValue()
        }

    override fun close() {
        process.destroyForcibly().waitFor()
        readers.forEach { it.join() }
    }

    private fun telling(word: String) = told.getOrPut(word) { Channel(Channel.UNLIMITED) }

    private fun signal(name: String) {
        val code = ProcessBuilder("kill", "-$name", process.pid().toString()).start().waitFor()
        check(code == 0) { "kill -$name ended with $code" }
    }

    private inline fun marked(act: () -> Unit) = TimeSource.Monotonic.markNow().also { act() }

    private fun read() {
        process.inputStream.bufferedReader().forEachLine { text ->
            val line = LINES.decodeFromString<PeerLine>(text)
            val answer = line.id?.let(answers::remove)
            when {
                answer == null -> telling(line.told.orEmpty()).trySend(line.value ?: JsonNull)
                line.error == null -> answer.complete(line.ok ?: JsonNull)
                else -> answer.completeExceptionally(AssertionError("the peer failed: ${line.error}"))
            }
        }
        // Nothing comes any more, also to those who begin to wait from now on.
        val end = IllegalStateException("the peer has ended")
        answers.values.forEach { it.completeExceptionally(end) }
        told.values.forEach { it.close(end) }
    }

    private fun complain() {
        complaints = process.errorStream.bufferedReader().readText()
        if (complaints.isNotEmpty()) System.err.print(complaints)
    }
}

/** Runs the block with peers that are begun at once before it, and killed after it. */
suspend inline fun <T> withPeers(
    vararg options: PeerOptions,
    block: (List<Peer>) -> T,
): T {
    val peers = mutableListOf<Peer>()
    try {
        options.mapTo(peers) { Peer(it) }
        peers.forEach { it.ready() }
        return block(peers)
    } finally {
        peers.forEach { it.close() }
    }
}

/** Runs the block with so many peers that each serve `workers`. */
suspend inline fun <T> withReplicas(
    name: String,
    count: Int,
    block: (List<Peer>) -> T,
): T = withPeers(*Array(count) { worker(name) }, block = block)

fun worker(
    name: String,
    vararg services: String = arrayOf("workers"),
): PeerOptions = PeerOptions(name, services.map { PeerService(it) })

/** Waits until the mesh knows so many instances of a service. */
suspend fun Mesh.knows(
    count: Int,
    service: String = "workers",
) = eventually("$count of $service are known") { discover(service).size == count }

/** Asks who serves a call. */
suspend fun Mesh.who(zoneFirst: Boolean = true): String = call("workers", "who", zoneFirst = zoneFirst)

fun numbered(value: JsonElement): Int = (value as JsonPrimitive).content.toInt()
