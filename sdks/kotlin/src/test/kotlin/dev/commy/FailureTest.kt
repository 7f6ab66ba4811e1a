package dev.commy

import kotlinx.coroutines.CoroutineScope
import kotlinx.coroutines.CoroutineStart
import kotlinx.coroutines.Deferred
import kotlinx.coroutines.async
import kotlinx.coroutines.awaitAll
import kotlinx.coroutines.flow.first
import kotlinx.coroutines.withTimeout
import kotlinx.coroutines.withTimeoutOrNull
import kotlinx.serialization.json.JsonPrimitive
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertFalse
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test
import org.junit.jupiter.api.io.TempDir
import org.junit.jupiter.params.ParameterizedTest
import org.junit.jupiter.params.provider.MethodSource
import java.net.InetAddress
import java.net.ServerSocket
import java.nio.file.Files
import java.nio.file.Path
import kotlin.time.Duration
import kotlin.time.Duration.Companion.milliseconds
import kotlin.time.Duration.Companion.seconds
import kotlin.time.TimeSource

/**
 * Processes die, hang, come late and are replaced, and the others are told the truth in time.
 *
 * What a forked process may do is no concern here, as it is in other languages: a virtual machine cannot fork.
 */
class FailureTest {
    /** When the mesh gives up a node: watched for from now on. */
    private fun CoroutineScope.givesUp(
        mesh: Mesh,
        node: String,
    ): Deferred<TimeSource.Monotonic.ValueTimeMark> =
        async(start = CoroutineStart.UNDISPATCHED) {
            mesh.watch("workers").first { it.kind == ChangeKind.REMOVED && it.instance.nodeId == node }
            TimeSource.Monotonic.markNow()
        }

    @Test
    fun `a killed replica gets no more calls and only those on it fail`() =
        test(PATIENCE_PROCESSES) {
            val name = newName()
            val goneAfter = mutableListOf<Duration>()
            withReplicas(name, 3) { replicas ->
                Mesh(name).use { mesh ->
                    mesh.knows(3)
                    val load =
                        Load.whilst(mesh) { load ->
                            // The machine may be busy when one dies; it is not each time.
                            for (victim in replicas.take(2)) {
                                val failedBefore = load.failed.size
                                val missed = givesUp(mesh, victim.node)
                                load.goesOn()
                                val killed = victim.kill()
                                val known = missed.await()
                                goneAfter += known - killed
                                load.goesOn()

                                val failed = load.failed.drop(failedBefore)
                                assertTrue(failed.size <= Load.CALLERS) { "${failed.size} failed" }
                                failed.forEach { blames(victim, it, maxOf(known, killed + 50.milliseconds)) }
                                assertFalse(load.outcomes.any { it.node == victim.node && it.began > known })
                            }
                            load
                        }
                    val last = load.outcomes.toList().takeLast(Load.CALLERS)
                    assertEquals(setOf(replicas[2].node), last.map { it.node }.toSet())
                    assertTrue(goneAfter.min() < GONE_MAX) { "$goneAfter" }
                }
            }
        }

    private fun blames(
        victim: Peer,
        outcome: Outcome,
        latest: TimeSource.Monotonic.ValueTimeMark,
    ) {
        val error = outcome.error!!
        assertTrue(outcome.began < latest) { "it began ${outcome.began - latest} too late: $error" }
        assertEquals(Status.UNAVAILABLE, error.status)
        assertEquals("workers" to "work", error.service to error.method)
        assertTrue(error.attempts >= 1)
        assertTrue(victim.node in error.instanceId.orEmpty()) { "${error.instanceId} is not of ${victim.node}" }
        assertTrue(victim.node in error.reason) { error.reason }
    }

    @Test
    fun `a replica that hangs gets no call after a moment and is back when it goes on`() =
        test(PATIENCE_PROCESSES) {
            val name = newName()
            withReplicas(name, 3) { replicas ->
                Mesh(name).use { mesh ->
                    mesh.knows(3)
                    val victim = replicas[0]
                    val (once, repeated, known) =
                        Load.whilst(mesh, 4.seconds) { once ->
                            Load.whilst(mesh, 4.seconds, isIdempotent = true) { repeated ->
                                val missed = givesUp(mesh, victim.node)
                                once.goesOn()
                                val paused = victim.pause()
                                val known = missed.await()
                                assertTrue(known - paused < 1.5.seconds) { "after ${known - paused}" }
                                once.goesOn()
                                repeated.goesOn()
                                Triple(once, repeated, known)
                            }
                        }
                    for (call in once.failed) {
                        assertTrue(call.error?.status in setOf(Status.UNAVAILABLE, Status.DEADLINE_EXCEEDED))
                        assertTrue(call.began <= known) { "${call.began - known}: ${call.error}" }
                        assertTrue(call.ended - call.began < 5.seconds)
                    }
                    assertEquals(emptyList<CommyException?>(), repeated.failed.map { it.error })
                    val all = once.outcomes + repeated.outcomes
                    assertFalse(all.any { it.node == victim.node && it.began > known })

                    victim.resume()
                    mesh.knows(3)
                    val after =
                        Load.whilst(mesh) { load ->
                            eventually("it is called again") { load.outcomes.any { it.node == victim.node } }
                            load
                        }
                    assertEquals(emptyList<CommyException?>(), after.failed.map { it.error })
                }
            }
        }

    @Test
    fun `a rolling restart fails no call`() =
        test(PATIENCE_PROCESSES) {
            val name = newName()
            val fresh = mutableListOf<Peer>()
            try {
                withReplicas(name, 3) { old ->
                    Mesh(name).use { mesh ->
                        mesh.knows(3)
                        val load =
                            Load.whilst(mesh) { load ->
                                for (leaving in old) {
                                    fresh += Peer(worker(name))
                                    fresh.last().ready()
                                    mesh.knows(4)
                                    load.goesOn()
                                    leaving.ask(PeerCommand.Stop)
                                    assertEquals(0, leaving.exits())
                                    load.goesOn()
                                }
                                load
                            }
                        assertEquals(emptyList<CommyException?>(), load.failed.map { it.error })
                        val nodes = load.outcomes.map { it.node }.toSet()
                        assertTrue(nodes.containsAll((old + fresh).map { it.node }))
                    }
                }
            } finally {
                fresh.forEach { it.close() }
            }
        }

    @Test
    fun `a call whose callee is killed says what was tried`() =
        test(PATIENCE_PROCESSES) {
            val name = newName()
            withReplicas(name, 1) { (other) ->
                Mesh(name).use { mesh ->
                    mesh.knows(1)
                    val instance = mesh.discover("workers").single()
                    val call = async { failsWith<CommyException.Unavailable> { mesh.call<Unit>("workers", "hold") } }
                    other.told("held")
                    other.kill()
                    assertEquals(Place("workers", "hold", instance.id, 1), call.await().place)
                    val error = failsWith<CommyException> { mesh.who() }
                    assertTrue(error is CommyException.NotFound || error is CommyException.Unavailable) { "$error" }
                }
            }
        }

    @Test
    fun `an idempotent call whose callee is killed succeeds elsewhere`() =
        test(PATIENCE_PROCESSES) {
            val name = newName()
            withReplicas(name, 2) { replicas ->
                Mesh(name) { balance = Balance.ROUND_ROBIN }.use { mesh ->
                    mesh.knows(2)
                    val calls = List(4) { async { mesh.call<String>("workers", "work", 1.5, idempotent = true) } }
                    withTimeout(PATIENCE_PEER) {
                        replicas.forEach { while (it.stats().requestsInFlight < 2) continue }
                    }
                    replicas[0].kill()
                    assertEquals(setOf(replicas[1].node), calls.awaitAll().toSet())
                }
            }
        }

    @Test
    fun `a call to one who hangs ends by its deadline`() =
        test(PATIENCE_PROCESSES) {
            val name = newName()
            withReplicas(name, 1) { (other) ->
                Mesh(name).use { mesh ->
                    mesh.knows(1)
                    other.pause()
                    val began = TimeSource.Monotonic.markNow()
                    val error =
                        failsWith<CommyException> {
                            mesh.call<String>("workers", "who", timeout = 500.milliseconds)
                        }
                    assertTrue(began.elapsedNow() in 400.milliseconds..5.seconds) { "${began.elapsedNow()}" }
                    assertTrue(error.status in setOf(Status.DEADLINE_EXCEEDED, Status.UNAVAILABLE)) { "$error" }
                    assertTrue(error.instanceId != null)
                    other.resume()
                }
            }
        }

    @Test
    fun `who is killed stops the work that it asked for`() =
        test(PATIENCE_PROCESSES) {
            val name = newName()
            withPeers(worker(name), PeerOptions(name)) { (callee, caller) ->
                caller.knows("workers")
                caller.begin(PeerCommand.Call("workers", "hold"))
                callee.told("held")
                caller.kill()
                callee.told("let go")
            }
        }

    @Test
    fun `one who comes after a death knows the living only, whose events go on`() =
        test(PATIENCE_PROCESSES) {
            val name = newName()
            withReplicas(name, 2) { (dead, living) ->
                dead.kill()
                Mesh(name).use { mesh ->
                    mesh.knows(1)
                    assertEquals(living.node, mesh.who())
                    eventually("the dead one is no peer") { mesh.stats.peers == 1L }
                    mesh.openSubscription("numbers").use { events ->
                        val first = async { events.receive()!! }
                        while (!first.isCompleted) {
                            living.ask(PeerCommand.Publish("numbers", 1, 1))
                            withTimeoutOrNull(50.milliseconds) { first.join() }
                        }
                        assertEquals(1 to living.node, first.await().run { value<Int>() to publisher })
                    }
                }
            }
        }

    @Test
    fun `a stop keeps its time while another hangs`() =
        test(PATIENCE_PROCESSES) {
            val name = newName()
            withReplicas(name, 1) { (other) ->
                val mesh = Mesh(name) { drainTimeout = 1.seconds }
                mesh.start()
                mesh.knows(1)
                val call = async { failsWith<CommyException> { mesh.call<Unit>("workers", "hold") } }
                other.told("held")
                other.pause()
                val began = TimeSource.Monotonic.markNow()
                mesh.stop()
                assertTrue(began.elapsedNow() < 5.seconds) { "${began.elapsedNow()}" }
                call.await()
            }
        }

    @Test
    fun `a virtual machine ends with a mesh that is connected`() =
        test(PATIENCE_PROCESSES) {
            val name = newName()
            Mesh(name).use { mesh ->
                mesh.echo("workers")
                withPeers(worker(name, "theirs")) { (other) ->
                    mesh.knows(1, "theirs")
                    other.knows("workers")
                    val call = async { failsWith<CommyException> { mesh.call<Unit>("theirs", "hold") } }
                    other.told("held")
                    other.begin(PeerCommand.Call("workers", payload = JsonPrimitive(1)))
                    assertEquals(0, other.exits())
                    call.await()
                    assertEquals("", other.complaints)
                    eventually("it is gone") { mesh.stats.peers == 0L }
                }
            }
        }

    @ParameterizedTest
    @MethodSource("impossible")
    fun `options that cannot work are refused with the rule`(option: Pair<List<String>, MeshBuilder.() -> Unit>) {
        val error = failsWith<CommyException.InvalidArgument> { Mesh(newName(), option.second) }
        option.first.forEach { assertTrue(it in error.reason) { "'${error.reason}' does not say '$it'" } }
    }

    @Test
    fun `an address that is taken fails the start`() =
        test {
            ServerSocket(0, 1, InetAddress.getLoopbackAddress()).use { taken ->
                val mesh = Mesh(newName()) { listen = listOf("tcp/127.0.0.1:${taken.localPort}") }
                failsWith<CommyException> { mesh.start() }
                assertFalse(mesh.isRunning)
            }
        }

    @Test
    fun `a certificate that is none fails the start`(
        @TempDir directory: Path,
    ) = test {
        val none = Files.writeString(directory.resolve("none.pem"), "this is no certificate").toString()
        val mesh =
            Mesh(newName()) {
                listen = listOf("tls/127.0.0.1:0")
                tls = TlsOptions(none, none, none)
            }
        failsWith<CommyException> { mesh.start() }
        assertFalse(mesh.isRunning)
    }

    companion object {
        /**
         * The runtime's own bound is 50 ms, from when a connection breaks. A killed virtual machine breaks its own
         * only once the kernel has freed its memory, so the time from the signal on is longer.
         */
        private val GONE_MAX = 250.milliseconds

        @JvmStatic
        fun impossible() =
            listOf<Pair<List<String>, MeshBuilder.() -> Unit>>(
                listOf("tcp/0.0.0.0:7447", "loopback", "allow_insecure") to { listen = listOf("tcp/0.0.0.0:7447") },
                listOf("tcp/example.org:7447", "allow_insecure") to { connect = listOf("tcp/example.org:7447") },
                listOf("tls/0.0.0.0:7447", "certificates") to { listen = listOf("tls/0.0.0.0:7447") },
                listOf("quic/example.org:7447", "certificates") to { connect = listOf("quic/example.org:7447") },
                listOf("udp/127.0.0.1:7447", "tcp/, tls/ or quic/") to { connect = listOf("udp/127.0.0.1:7447") },
                listOf("127.0.0.1:7447", "tcp/, tls/ or quic/") to { connect = listOf("127.0.0.1:7447") },
                listOf("tcp/127.0.0.1", "port") to { connect = listOf("tcp/127.0.0.1") },
                listOf("nothing else") to { connect = listOf("tcp/127.0.0.1:7447#iface=eth0") },
                listOf("client", "connect") to { mode = FabricMode.CLIENT },
                listOf("multicast", "listen") to { multicast = true },
                listOf("/nowhere/ca.pem") to
                    { tls = TlsOptions("/nowhere/ca.pem", "/nowhere/node.pem", "/nowhere/key.pem") },
                listOf("has a lone surrogate") to { connect = listOf("tcp/\udc00:1") },
                listOf("has a lone surrogate") to { tls = TlsOptions("ca\udc00", "node", "key") },
            )
    }
}
