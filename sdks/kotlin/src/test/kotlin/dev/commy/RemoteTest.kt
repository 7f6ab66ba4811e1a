package dev.commy

import kotlinx.coroutines.CoroutineScope
import kotlinx.coroutines.async
import kotlinx.coroutines.cancelAndJoin
import kotlinx.coroutines.delay
import kotlinx.coroutines.withTimeoutOrNull
import kotlinx.serialization.json.Json
import kotlinx.serialization.json.JsonElement
import kotlinx.serialization.json.JsonPrimitive
import kotlinx.serialization.json.decodeFromJsonElement
import org.junit.jupiter.api.AfterAll
import org.junit.jupiter.api.Assertions.assertArrayEquals
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.BeforeAll
import org.junit.jupiter.api.Test
import org.junit.jupiter.api.io.TempDir
import org.junit.jupiter.params.ParameterizedTest
import org.junit.jupiter.params.provider.ValueSource
import java.nio.file.Path
import kotlin.time.Duration.Companion.milliseconds
import kotlin.time.Duration.Companion.seconds
import kotlin.time.TimeSource

/** What works within one process works across two, and tells that it does. */
class RemoteTest {
    /** A fact of a mesh of this process, and of a peer that serves `workers` and that all such facts share. */
    private fun remoteTest(
        configure: MeshBuilder.() -> Unit = {},
        body: suspend CoroutineScope.(Mesh) -> Unit,
    ) = test(PATIENCE_PROCESSES) {
        Mesh(NAME, configure).use { mesh ->
            mesh.knows(1)
            body(mesh)
        }
    }

    @Test
    fun `an instance is found with all that is known of it`() =
        test(PATIENCE_PROCESSES) {
            val name = newName()
            val spec =
                PeerService(
                    version = "1.2.3",
                    tags = listOf("a", "b"),
                    metadata = mapOf("owner" to "sales"),
                    weight = 7,
                    zone = "eu-1a",
                )
            withPeers(PeerOptions(name, listOf(spec), region = "eu-1")) { (other) ->
                Mesh(name).use { mesh ->
                    mesh.knows(1)
                    val found =
                        mesh
                            .discover("workers", "^1.2", listOf("b"), mapOf("owner" to "sales"), zone = "eu-1a")
                            .single()
                    assertEquals("workers" to "1.2.3", found.service to found.version)
                    assertEquals(listOf("a", "b") to 7, found.tags to found.weight)
                    assertEquals(mapOf("owner" to "sales"), found.metadata)
                    assertEquals("eu-1a" to "eu-1", found.zone to found.region)
                    assertEquals(other.node to Reach.FABRIC, found.nodeId to found.reach)
                    assertEquals(null, found.endpoint)
                    assertEquals(emptyList<ServiceInstance>(), mesh.discover("workers", zone = "eu-1b"))
                    assertEquals(1, mesh.activeServiceCount())
                }
            }
        }

    @Test
    fun `two processes find each other within a second`() =
        remoteTest { mesh ->
            mesh.openWatch("passing").use { changes ->
                var begun = TimeSource.Monotonic.markNow()
                peer.ask(PeerCommand.Register(PeerService("passing")))
                assertEquals(ChangeKind.ADDED, changes.receive()?.kind)
                assertTrue(begun.elapsedNow() < 1.seconds) { "${begun.elapsedNow()}" }
                peer.ask(PeerCommand.Deregister("passing"))

                mesh.echo("here")
                begun = TimeSource.Monotonic.markNow()
                while (peer.discover("here") != listOf(mesh.nodeId)) {
                    assertTrue(begun.elapsedNow() < 1.seconds) { "${begun.elapsedNow()}" }
                }
            }
        }

    @ParameterizedTest
    @ValueSource(strings = ["""{"id":1,"items":["ä",null,1.5,true],"nested":{"":[]}}""", "null"])
    fun `values arrive as they were sent`(json: String) =
        remoteTest { mesh ->
            val value = Json.parseToJsonElement(json)
            val reply = mesh.request("workers", "echo", value)
            assertEquals(value, reply.value<JsonElement>())
            assertEquals("application/json", reply.contentType)
            assertEquals(mesh.discover("workers").single().id, reply.servedBy)
        }

    @ParameterizedTest
    @ValueSource(ints = [0, 256, 1 shl 20])
    fun `bytes arrive as they were sent`(size: Int) =
        remoteTest { mesh ->
            val bytes = ByteArray(size) { it.toByte() }
            val reply = mesh.request("workers", "echo", bytes)
            assertArrayEquals(bytes, reply.value<ByteArray>())
            assertEquals("application/octet-stream", reply.contentType)
        }

    @Test
    fun `a handler learns who calls and what is left of the deadline`() =
        remoteTest { mesh ->
            val headers = mapOf("trace" to "ä")
            val seen = mesh.call<PeerContext>("workers", "context", headers = headers, timeout = 15.seconds)
            assertEquals(mesh.nodeId to 1, seen.caller to seen.attempt)
            assertEquals(headers, seen.headers)
            assertTrue(seen.secondsLeft > 0 && seen.secondsLeft <= 15) { "$seen" }
        }

    @Test
    fun `calls go both ways`() =
        remoteTest { mesh ->
            mesh.service("here") { anyMethod { value: String -> "$value seen" } }
            peer.knows("here")
            assertEquals(JsonPrimitive("tea seen"), peer.ask(PeerCommand.Call("here", payload = JsonPrimitive("tea"))))
            assertEquals(peer.node, mesh.who())
        }

    @Test
    fun `a handler's error brings its code, message and details`() =
        remoteTest { mesh ->
            val error = failsWith<CommyException.HandlerFailed> { mesh.call<Unit>("workers", "fail") }
            assertEquals("OUT_OF_STOCK" to "none of tea left", error.code to error.reason)
            assertEquals(Json.parseToJsonElement("""{"left":0,"of":["tea"]}"""), error.details)
            assertEquals(Place("workers", "fail", mesh.discover("workers").single().id, 1), error.place)

            val lost = failsWith<CommyException.HandlerFailed> { mesh.call<Unit>("workers", "lose") }
            assertEquals("NoSuchElementException", lost.code.substringAfterLast('.'))
            failsWith<CommyException.Unimplemented> { mesh.call<Unit>("workers", "nothing") }
            failsWith<CommyException.InvalidArgument> {
                mesh.call<Unit>("workers", "work", "{".encodeToByteArray(), contentType = "application/json")
            }
        }

    @Test
    fun `a deadline ends the call and the work`() =
        remoteTest { mesh ->
            val call =
                async {
                    failsWith<CommyException.DeadlineExceeded> {
                        mesh.call<Unit>("workers", "hold", timeout = 500.milliseconds)
                    }
                }
            peer.told("held")
            assertEquals("workers" to "hold", call.await().run { service to method })
            peer.told("let go")
        }

    @Test
    fun `a call that is cancelled ends the work`() =
        remoteTest { mesh ->
            val call = async { mesh.call<Unit>("workers", "hold") }
            peer.told("held")
            call.cancelAndJoin()
            peer.told("let go")
            assertEquals(peer.node, mesh.who())
        }

    @Test
    fun `events go both ways in order`() =
        remoteTest { mesh ->
            mesh.openSubscription("numbers/there").use { events ->
                peer.ask(PeerCommand.Subscribe("numbers/here"))
                mutuallySubscribed(mesh)
                peer.ask(PeerCommand.Publish("numbers/there", 0, 200))
                val here = List(200) { events.receive()!! }
                assertEquals((0 until 200).toList(), here.map { it.value<Int>() })
                assertEquals(setOf(peer.node), here.map { it.publisher }.toSet())

                repeat(200) { mesh.publish("numbers/here", it) }
                val there = List(200) { peer.event() }
                assertEquals((0 until 200).toList(), there.map { LINES.decodeFromJsonElement<Int>(it.value) })
                assertEquals(setOf(mesh.nodeId to 0L), there.map { it.publisher to it.missed }.toSet())
            }
        }

    /** Waits until each is told of the other's events: interest in a topic travels by itself. */
    private suspend fun CoroutineScope.mutuallySubscribed(mesh: Mesh) {
        subscribed(mesh)
        val topic = "begin/there/${mesh.stats.eventsPublished}"
        peer.ask(PeerCommand.Subscribe(topic))
        while (withTimeoutOrNull(50.milliseconds) { peer.event() } == null) mesh.publish(topic, "begin")
        do delay(300.milliseconds) while (peer.forget("event"))
    }

    /** Waits until this process is told of the peer's events. */
    private suspend fun CoroutineScope.subscribed(mesh: Mesh) {
        mesh.openSubscription("begin").use { events ->
            val begun = async { events.receive() }
            while (!begun.isCompleted) {
                peer.ask(PeerCommand.Publish("begin", 0, 1))
                withTimeoutOrNull(50.milliseconds) { begun.join() }
            }
        }
    }

    @Test
    fun `what a slow subscriber loses is counted`() =
        remoteTest { mesh ->
            mesh.openSubscription("slow", capacity = 3).use { events ->
                subscribed(mesh)
                val lostBefore = mesh.stats.eventsDropped
                peer.ask(PeerCommand.Publish("slow", 0, 10))
                eventually("all have arrived") { events.dropped == 7L }
                val seen = List(3) { events.receive()!! }
                assertEquals(listOf(7, 8, 9), seen.map { it.value<Int>() })
                assertEquals(7, seen.sumOf { it.missed })
                assertEquals(7, mesh.stats.eventsDropped - lostBefore)
            }
        }

    @Test
    fun `a watch sees another register and stop`() =
        test(PATIENCE_PROCESSES) {
            val name = newName()
            Mesh(name).use { mesh ->
                withPeers(PeerOptions(name)) { (other) ->
                    mesh.openWatch("workers").use { changes ->
                        other.ask(PeerCommand.Register(PeerService()))
                        val added = changes.receive()!!
                        assertEquals(ChangeKind.ADDED to other.node, added.kind to added.instance.nodeId)
                        other.ask(PeerCommand.Stop)
                        val removed = changes.receive()!!
                        assertEquals(ChangeKind.REMOVED to other.node, removed.kind to removed.instance.nodeId)
                        assertEquals(emptyList<ServiceInstance>(), mesh.discover("workers"))
                        eventually("the node is gone") { mesh.stats.peers == 0L }
                    }
                }
            }
        }

    @Test
    fun `a service that is deregistered is gone and its node stays`() =
        remoteTest { mesh ->
            peer.ask(PeerCommand.Register(PeerService("passing")))
            mesh.knows(1, "passing")
            peer.ask(PeerCommand.Deregister("passing"))
            mesh.knows(0, "passing")
            // It drains before it is gone, which may be seen.
            eventually("it is gone") { mesh.discover("passing", health = setOf(Health.DRAINING)).isEmpty() }
            assertEquals(peer.node, mesh.who())
            failsWith<CommyException.NotFound> { mesh.call<String>("passing", "who") }
        }

    @Test
    fun `an instance in this process is preferred`() =
        remoteTest { mesh ->
            mesh.service("workers") { method("who") { _: Unit -> mesh.nodeId } }
            mesh.knows(2)
            // Nothing is known of either yet: they are equal.
            assertEquals(mesh.nodeId, mesh.who())
            // The other is tried once in a while, and found to be further away.
            val served = List(100) { mesh.who() }
            assertTrue(served.count { it == mesh.nodeId } >= 80) { "${served.groupingBy { it }.eachCount()}" }
        }

    @Test
    fun `messages of a node that is alone never touch the fabric`() =
        meshTest { mesh ->
            mesh.echo()
            mesh.openSubscription("numbers").use { events ->
                repeat(20) {
                    assertEquals(it, mesh.call<Int>("echo", payload = it))
                    mesh.publish("numbers", it)
                    assertEquals(it, events.receive()?.value<Int>())
                }
            }
            assertEquals(0, mesh.stats.fabricMessages)
        }

    @Test
    fun `calls within this process never touch the fabric`() =
        remoteTest { mesh ->
            mesh.echo("here")
            peer.knows("here")
            val before = mesh.stats
            repeat(20) { assertEquals(it, mesh.call<Int>("here", payload = it)) }
            val after = mesh.stats
            assertEquals(20, after.callsOk - before.callsOk)
            assertEquals(before.fabricMessages, after.fabricMessages)
            assertEquals(before.bytesSent to before.bytesReceived, after.bytesSent to after.bytesReceived)
            mesh.who()
            assertTrue(mesh.stats.fabricMessages > after.fabricMessages)
        }

    @Test
    fun `counters tell of peers and bytes`() =
        remoteTest { mesh ->
            assertEquals(1, mesh.stats.peers)
            val (before, thereBefore) = mesh.stats to peer.stats()
            mesh.call<ByteArray>("workers", "echo", ByteArray(5000))
            val (after, there) = mesh.stats to peer.stats()
            assertEquals(5000, after.bytesSent - before.bytesSent)
            assertEquals(5000, after.bytesReceived - before.bytesReceived)
            assertEquals(1, there.peers)
            assertEquals(1, there.requestsHandled - thereBefore.requestsHandled)
            assertEquals(5000, there.bytesReceived - thereBefore.bytesReceived)
        }

    @Test
    fun `only meshes of one name meet`() =
        test(PATIENCE_PROCESSES) {
            val name = newName()
            val stranger = worker("$name-other", "strangers")
            val hermit = worker(name).copy(localOnly = true)
            Mesh(name).use { mesh ->
                withPeers(stranger, hermit) {
                    // Who comes later is known, so who came earlier would be.
                    withPeers(worker(name, "later")) {
                        mesh.knows(1, "later")
                        assertEquals(listOf("later"), mesh.discover().map { it.service })
                        assertEquals(1, mesh.stats.peers)
                    }
                }
            }
        }

    @Test
    fun `a mesh that keeps to this process meets nobody`() =
        test {
            Mesh(NAME) { localOnly = true }.use { hermit ->
                hermit.echo("hermitage")
                assertEquals(listOf("hermitage"), hermit.discover().map { it.service })
                assertEquals(emptyList<String>(), peer.discover("hermitage"))
                assertEquals(0, hermit.stats.peers)
            }
        }

    @Test
    fun `an instance in the own zone is preferred`() =
        test(PATIENCE_PROCESSES) {
            val name = newName()
            withPeers(worker(name).copy(zone = "near"), worker(name).copy(zone = "far")) { (near, far) ->
                Mesh(name) {
                    zone = "near"
                    balance = Balance.ROUND_ROBIN
                }.use { mesh ->
                    mesh.knows(2)
                    assertEquals(setOf(near.node), List(10) { mesh.who() }.toSet())
                    assertEquals(setOf(near.node, far.node), List(10) { mesh.who(zoneFirst = false) }.toSet())
                    near.ask(PeerCommand.Stop)
                    mesh.knows(1)
                    assertEquals(far.node, mesh.who())
                }
            }
        }

    @Test
    fun `one who comes late knows all who were there, and shares its calls between them`() =
        test(PATIENCE_PROCESSES) {
            val name = newName()
            withReplicas(name, 3) { replicas ->
                replicas[0].ask(PeerCommand.Register(PeerService("gone")))
                replicas[0].ask(PeerCommand.Deregister("gone"))
                Mesh(name) { balance = Balance.ROUND_ROBIN }.use { mesh ->
                    mesh.knows(3)
                    val nodes = replicas.map { it.node }.toSet()
                    assertEquals(nodes, mesh.discover().map { it.nodeId }.toSet())
                    assertEquals(1, mesh.activeServiceCount())
                    eventually("all know the one who came") { mesh.stats.peers == 3L }
                    replicas.forEach { assertEquals(emptyList<String>(), it.discover("gone")) }

                    val served = List(30) { mesh.who() }.groupingBy { it }.eachCount()
                    assertEquals(nodes.associateWith { 10 }, served)
                }
            }
        }

    @Test
    fun `nodes on other hosts meet by address`() =
        test(PATIENCE_PROCESSES) {
            val name = newName()
            val address = "tcp/127.0.0.1:${freePort()}"
            elsewhere { directory ->
                Mesh(name) { listen = listOf(address) }.use { mesh ->
                    Peer(worker(name).copy(connect = listOf(address)), directory).use { other ->
                        other.ready()
                        mesh.knows(1)
                        assertEquals(other.node, mesh.who())
                    }
                    // One who names no address is as far away as it seems.
                    Peer(worker(name, "lost"), directory).use { lost ->
                        lost.ready()
                        withPeers(worker(name, "found")) { mesh.knows(1, "found") }
                        assertEquals(emptyList<ServiceInstance>(), mesh.discover("lost"))
                        assertEquals(0, lost.stats().peers)
                    }
                }
            }
        }

    @Test
    fun `clients meet through their router`() =
        test(PATIENCE_PROCESSES) {
            val name = newName()
            val address = listOf("tcp/127.0.0.1:${freePort()}")
            withPeers(PeerOptions(name, mode = FabricMode.ROUTER, listen = address)) {
                Mesh(name) {
                    mode = FabricMode.CLIENT
                    connect = address
                }.use { mesh ->
                    withPeers(worker(name).copy(mode = FabricMode.CLIENT, connect = address)) { (callee) ->
                        mesh.knows(1)
                        assertEquals(callee.node, mesh.who())
                    }
                }
            }
        }

    @Test
    fun `certificates of one authority let nodes meet`(
        @TempDir directory: Path,
    ) = test(PATIENCE_PROCESSES) {
        val name = newName()
        val (ours, theirs) = Authority(directory, "ours") to Authority(directory, "theirs")
        val address = listOf("tls/localhost:${freePort()}")
        val here = ours.signs("here")
        elsewhere { place ->
            Mesh(name) {
                listen = address
                tls = here.options()
            }.use { mesh ->
                val friend = worker(name).copy(connect = address, certificates = ours.signs("there"))
                Peer(friend, place).use { other ->
                    other.ready()
                    mesh.knows(1)
                    assertEquals("sealed", mesh.call<String>("workers", "echo", "sealed"))
                    assertEquals(other.node, mesh.who())
                    assertEquals(1, mesh.stats.peers)
                }
                eventually("it is gone") { mesh.stats.peers == 0L }

                // Another authority's node trusts ours, and is not trusted: it may run, and meets nobody.
                val certificates = theirs.signs("stranger").copy(ca = here.ca)
                Peer(worker(name, "strangers").copy(connect = address, certificates = certificates), place).use {
                    repeat(300) {
                        assertEquals(0, mesh.stats.peers)
                        assertEquals(emptyList<ServiceInstance>(), mesh.discover("strangers"))
                        delay(10.milliseconds)
                    }
                }
            }
        }
    }

    companion object {
        private val NAME = newName()
        private lateinit var peer: Peer

        @BeforeAll
        @JvmStatic
        fun begin() = test(PATIENCE_PROCESSES) { peer = Peer(worker(NAME)).ready() }

        @AfterAll
        @JvmStatic
        fun end() = peer.close()
    }
}
