import dev.commy.Commy
import dev.commy.Mesh
import kotlin.time.Duration.Companion.seconds

// The tour: the nine steps that every SDK's tour takes, checked as they are taken.

private const val STEPS = 9

/** Counts the steps, and says what each of them showed. */
private class Tour {
    var taken = 0

    fun step(
        title: String,
        shown: Any,
        holds: Boolean,
    ) {
        check(holds) { "${taken + 1}. $title: $shown is not what was expected" }
        taken++
        println("$taken. $title: $shown")
    }
}

suspend fun main() {
    val tour = Tour()

    tour.step("library version", Commy.version, Commy.version.count { it == '.' } == 2)

    val mesh = Mesh("tour") { localOnly = true }
    tour.step("create a mesh", mesh, mesh.name == "tour")

    mesh.start()
    tour.step("start it", mesh, mesh.isRunning)

    tour.step("status", "running as node ${mesh.nodeId}", mesh.isRunning && mesh.nodeId.isNotEmpty())

    mesh.service("greeter", version = "1.0.0", tags = listOf("tour")) {
        method("greet") { name: String -> "hello $name" }
    }
    mesh.service("adder", version = "1.1.0", tags = listOf("tour")) {
        anyMethod { numbers: List<Int> -> numbers.sum() }
    }
    mesh.service("reverser", version = "2.0.0", tags = listOf("tour")) {
        anyMethod { bytes: ByteArray -> bytes.reversedArray() }
    }
    val names = mesh.registrations.map { it.instance.service }
    tour.step("register three services", names, names == listOf("greeter", "adder", "reverser"))

    val found = mesh.discover(tags = listOf("tour")).map { "${it.service} ${it.version}" }
    tour.step("find all three", found, found == listOf("adder 1.1.0", "greeter 1.0.0", "reverser 2.0.0"))

    val count = mesh.activeServiceCount()
    tour.step("count the active ones", count, count == 3L)

    val greeting = mesh.call<String>("greeter", "greet", "Ann", timeout = 2.seconds)
    val sum = mesh.call<Int>("adder", payload = listOf(1, 2, 3), timeout = 2.seconds)
    val reversed = mesh.call<ByteArray>("reverser", payload = "abc".encodeToByteArray(), timeout = 2.seconds)
    val answers = listOf(greeting, sum, reversed.decodeToString())
    tour.step("call each", answers, answers == listOf("hello Ann", 6, "cba"))

    mesh.registrations.forEach { it.deregister() }
    val left = mesh.discover()
    mesh.stop()
    tour.step("clean up", mesh, left.isEmpty() && !mesh.isRunning)

    println("${tour.taken}/$STEPS")
    check(tour.taken == STEPS)
}
