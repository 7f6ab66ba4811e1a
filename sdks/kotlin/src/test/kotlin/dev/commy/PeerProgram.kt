package dev.commy

import kotlinx.coroutines.CoroutineScope
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.SupervisorJob
import kotlinx.coroutines.awaitCancellation
import kotlinx.coroutines.delay
import kotlinx.coroutines.launch
import kotlinx.coroutines.runBlocking
import kotlinx.serialization.json.JsonElement
import kotlinx.serialization.json.JsonNull
import kotlinx.serialization.json.JsonPrimitive
import kotlinx.serialization.json.add
import kotlinx.serialization.json.buildJsonObject
import kotlinx.serialization.json.encodeToJsonElement
import kotlinx.serialization.json.put
import kotlinx.serialization.json.putJsonArray
import kotlin.time.Duration.Companion.seconds
import kotlin.time.DurationUnit

/** A node in a process of its own, which does as it is told until its input ends: see [Peer], which begins it. */
object PeerProgram {
    @JvmStatic
    fun main(arguments: Array<String>) {
        val options = LINES.decodeFromString<PeerOptions>(arguments.single())
        val mesh =
            Mesh(options.name) {
                zone = options.zone
                region = options.region
                localOnly = options.localOnly
                mode = options.mode
                listen = options.listen
                connect = options.connect
                tls = options.certificates?.options()
            }
        runBlocking {
            mesh.start()
            options.serves.forEach { mesh.work(it) }
        }
        tell("ready", JsonPrimitive(mesh.nodeId))
        // Its threads are daemons: what waits in it keeps no process alive.
        val work = CoroutineScope(SupervisorJob() + Dispatchers.Default)
        for (line in generateSequence(::readLine)) {
            val (id, command) = LINES.decodeFromString<PeerOrder>(line)
            if (command == PeerCommand.Exit) return
            work.launch { answer(id) { mesh.obey(command, work) } }
        }
    }

    private suspend fun answer(
        id: Int,
        work: suspend () -> JsonElement,
    ) {
        val line =
            try {
                PeerLine(id, ok = work())
            } catch (error: CommyException) {
                PeerLine(id, error = error.toString())
            }
        say(line)
    }

    private suspend fun Mesh.obey(
        command: PeerCommand,
        scope: CoroutineScope,
    ): JsonElement {
        when (command) {
            is PeerCommand.Register -> {
                work(command.service)
            }

            is PeerCommand.Deregister -> {
                registrations.filter { it.instance.service == command.service }.forEach { it.deregister() }
            }

            is PeerCommand.Call -> {
                return call(command.service, command.method, command.payload)
            }

            is PeerCommand.Publish -> {
                repeat(command.count) { publish(command.topic, command.first + it) }
            }

            is PeerCommand.Subscribe -> {
                val events = openSubscription(command.topics)
                scope.launch { events.asFlow().collect(::tell) }
            }

            is PeerCommand.Discover -> {
                return LINES.encodeToJsonElement(discover(command.service).map { it.nodeId })
            }

            PeerCommand.Stats -> {
                val told = stats.run { PeerStats(peers, requestsHandled, requestsInFlight, bytesReceived) }
                return LINES.encodeToJsonElement(told)
            }

            PeerCommand.Stop -> {
                stop()
            }

            PeerCommand.Exit -> {
                error("the program ends by it")
            }
        }
        return JsonNull
    }

    private suspend fun Mesh.work(spec: PeerService) {
        val mesh = this
        service(spec.service, spec.version, spec.tags, spec.metadata, spec.weight, spec.zone) {
            method("echo") { message: Message -> message }
            method("who") { _: Unit -> mesh.nodeId }
            method("work") { time: Double ->
                delay(time.seconds)
                mesh.nodeId
            }
            method<Unit, Unit>("hold") {
                tell("held")
                try {
                    awaitCancellation()
                } finally {
                    tell("let go")
                }
            }
            method<Unit, Unit>("fail") {
                val details =
                    buildJsonObject {
                        put("left", 0)
                        putJsonArray("of") { add("tea") }
                    }
                throw HandlerException("OUT_OF_STOCK", "none of tea left", details)
            }
            method<Unit, Unit>("lose") { throw NoSuchElementException("lost") }
            method(
                "context",
            ) { _: Unit -> PeerContext(caller, timeLeft.toDouble(DurationUnit.SECONDS), attempt, headers) }
        }
    }

    private fun tell(event: Event) {
        val told = PeerEvent(event.value(), event.publisher, event.missed)
        tell("event", LINES.encodeToJsonElement(told))
    }

    private fun tell(
        word: String,
        value: JsonElement? = null,
    ) = say(PeerLine(told = word, value = value))

    /** One write, so that no line is torn. */
    @Synchronized
    private fun say(line: PeerLine) {
        System.out.write((LINES.encodeToString(line) + "\n").encodeToByteArray())
        System.out.flush()
    }
}
