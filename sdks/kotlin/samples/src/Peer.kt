import dev.commy.Change
import dev.commy.ChangeKind
import dev.commy.CommyException
import dev.commy.Event
import dev.commy.HandlerException
import dev.commy.Mesh
import dev.commy.Reply
import dev.commy.ServiceBuilder
import kotlinx.coroutines.CancellationException
import kotlinx.coroutines.CoroutineScope
import kotlinx.coroutines.Deferred
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.SupervisorJob
import kotlinx.coroutines.async
import kotlinx.coroutines.awaitCancellation
import kotlinx.coroutines.flow.first
import kotlinx.coroutines.launch
import kotlinx.coroutines.runBlocking
import kotlinx.coroutines.withTimeoutOrNull
import kotlinx.serialization.json.Json
import kotlinx.serialization.json.JsonArray
import kotlinx.serialization.json.JsonElement
import kotlinx.serialization.json.JsonNull
import kotlinx.serialization.json.JsonObject
import kotlinx.serialization.json.JsonObjectBuilder
import kotlinx.serialization.json.JsonPrimitive
import kotlinx.serialization.json.add
import kotlinx.serialization.json.buildJsonObject
import kotlinx.serialization.json.int
import kotlinx.serialization.json.jsonArray
import kotlinx.serialization.json.jsonObject
import kotlinx.serialization.json.jsonPrimitive
import kotlinx.serialization.json.long
import kotlinx.serialization.json.put
import kotlinx.serialization.json.putJsonArray
import kotlin.system.exitProcess
import kotlin.time.Duration.Companion.milliseconds
import kotlin.time.Duration.Companion.seconds

// The peer of the interop matrix: a node that does what lines on its standard input tell it to, and answers by lines on
// its standard output. docs/interop.md in the repository says which.

/** How long an instance is waited for. */
private val FIND = 10.seconds

/** One write, so that no line is torn. */
@Synchronized
private fun say(line: JsonObjectBuilder.() -> Unit) {
    System.out.write((buildJsonObject(line).toString() + "\n").encodeToByteArray())
    System.out.flush()
}

/** Values and bytes come back, one method fails, and one holds its caller. */
private fun ServiceBuilder.all() {
    method("echo") { value: JsonElement -> value }
    method("bytes") { payload: ByteArray -> payload }
    method<JsonElement, Unit>("fail") {
        val details =
            buildJsonObject {
                put("left", 0)
                putJsonArray("of") { add("tea") }
            }
        throw HandlerException("OUT_OF_STOCK", "none of tea left", details)
    }
    method<JsonElement, Unit>("hold") {
        say { put("told", "held") }
        try {
            awaitCancellation()
        } finally {
            say { put("told", "let go") }
        }
    }
}

private class Peer(
    private val mesh: Mesh,
) {
    /** Its threads are daemons: what waits in it keeps no process alive. */
    private val scope = CoroutineScope(SupervisorJob() + Dispatchers.Default)

    @Volatile
    private var held: Deferred<Reply>? = null

    fun begin(command: JsonObject) {
        scope.launch { answer(command) }
    }

    suspend fun answer(command: JsonObject) {
        val id = command.getValue("id")
        try {
            val value = obey(command)
            say {
                put("id", id)
                put("ok", value)
            }
        } catch (error: CommyException) {
            say {
                put("id", id)
                put("error", shown(error))
            }
        }
    }

    private suspend fun obey(command: JsonObject): JsonElement {
        fun text(name: String) = command.getValue(name).jsonPrimitive.content
        when (val name = text("do")) {
            "serve" -> return serve(text("service"), command)
            "find" -> return find(text("service"))
            "call" -> {
                val timeout = command["timeout_ms"]?.jsonPrimitive?.long?.milliseconds
                return mesh.call(text("service"), text("method"), command.getValue("value"), timeout)
            }
            "bytes" -> return bytes(text("service"), command.getValue("size").jsonPrimitive.int)
            "hold" -> held = scope.async { mesh.request(text("service"), "hold") }
            "cancel" -> return cancel()
            "watch" -> {
                val changes = mesh.openWatch(text("service"))
                scope.launch { changes.asFlow().collect(::tell) }
            }
            "subscribe" -> {
                val events = mesh.openSubscription(text("topic"))
                scope.launch { events.asFlow().collect(::tell) }
            }
            "publish" -> mesh.publish(text("topic"), command.getValue("value"))
            "stop" -> mesh.stop()
            else -> error("what is $name?")
        }
        return JsonNull
    }

    private suspend fun serve(
        service: String,
        spec: JsonObject,
    ): JsonElement {
        val registration =
            mesh.service(
                service,
                version = spec.getValue("version").jsonPrimitive.content,
                tags = spec.getValue("tags").jsonArray.map { it.jsonPrimitive.content },
                metadata = spec.getValue("metadata").jsonObject.mapValues { it.value.jsonPrimitive.content },
            ) { all() }
        return JsonPrimitive(registration.instance.id)
    }

    private suspend fun find(service: String): JsonElement {
        val found =
            withTimeoutOrNull(FIND) { mesh.watch(service).first().instance }
                ?: throw CommyException.NotFound("$service is not there")
        return buildJsonObject {
            put("id", found.id)
            put("node", found.nodeId)
            put("version", found.version)
            put("tags", JsonArray(found.tags.map(::JsonPrimitive)))
            put("metadata", JsonObject(found.metadata.mapValues { JsonPrimitive(it.value) }))
        }
    }

    private suspend fun bytes(
        service: String,
        size: Int,
    ): JsonElement {
        val payload = ByteArray(size) { (7 * it + it / 256).toByte() }
        val answer = mesh.call<ByteArray>(service, "bytes", payload)
        return buildJsonObject {
            put("size", answer.size)
            put("fnv1a", fnv1a(answer))
        }
    }

    private suspend fun cancel(): JsonElement {
        val call = checkNotNull(held) { "no call is held" }
        call.cancel()
        return try {
            JsonPrimitive(call.await().toString())
        } catch (cancelled: CancellationException) {
            JsonNull
        } catch (error: CommyException) {
            shown(error)
        }
    }

    private fun tell(change: Change) {
        if (change.kind == ChangeKind.UPDATED) return
        say {
            put("told", change.kind.name.lowercase())
            put("instance", change.instance.id)
        }
    }

    private fun tell(event: Event) =
        say {
            put("told", "event")
            put("topic", event.topic)
            put("value", event.value<JsonElement>())
            put("publisher", event.publisher)
        }
}

private fun shown(error: CommyException) =
    buildJsonObject {
        put("status", error.status.name)
        put("reason", error.reason)
        if (error is CommyException.HandlerFailed) {
            put("code", error.code)
            error.details?.let { put("details", it) }
        }
    }

private fun fnv1a(bytes: ByteArray): String {
    val hash = bytes.fold(0xcbf29ce484222325UL) { hash, byte -> (hash xor byte.toUByte().toULong()) * 0x100000001b3UL }
    return hash.toString(16).padStart(16, '0')
}

fun main(arguments: Array<String>) {
    val mesh = Mesh(arguments.single())
    try {
        runBlocking { mesh.start() }
    } catch (error: CommyException) {
        say { put("failed", error.toString()) }
        exitProcess(1)
    }
    say { put("ready", mesh.nodeId) }
    val peer = Peer(mesh)
    for (line in generateSequence(::readLine)) {
        val command = Json.parseToJsonElement(line).jsonObject
        if (command.getValue("do").jsonPrimitive.content == "stop") return runBlocking { peer.answer(command) }
        peer.begin(command)
    }
    runBlocking { mesh.stop() }
}
