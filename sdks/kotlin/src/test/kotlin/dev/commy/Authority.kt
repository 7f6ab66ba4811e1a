package dev.commy

import java.net.InetAddress
import java.net.ServerSocket
import java.nio.file.Files
import java.nio.file.Path
import java.util.concurrent.TimeUnit

/** Signs certificates, by the command openssl. */
class Authority(
    directory: Path,
    name: String,
) {
    private val folder = Files.createDirectory(directory.resolve(name))

    init {
        openssl(
            "req -x509 $KEY -days 2 -subj /CN=$name -keyout ca-key.pem -out ca.pem " +
                "-addext keyUsage=critical,keyCertSign",
        )
    }

    /** The certificates of a node. */
    fun signs(node: String): Certificates {
        val names =
            listOf(
                "subjectAltName=DNS:localhost,IP:127.0.0.1",
                "extendedKeyUsage=serverAuth,clientAuth",
                "keyUsage=digitalSignature",
                "basicConstraints=CA:FALSE",
            )
        Files.write(folder.resolve("names"), names)
        openssl("req $KEY -subj /CN=$node -keyout $node-key.pem -out $node.csr")
        openssl(
            "x509 -req -in $node.csr -CA ca.pem -CAkey ca-key.pem -CAcreateserial -days 2 -extfile names -out $node.pem",
        )
        val path = { file: String -> folder.resolve(file).toString() }
        return Certificates(path("ca.pem"), path("$node.pem"), path("$node-key.pem"))
    }

    private fun openssl(arguments: String) {
        val process =
            ProcessBuilder(listOf("openssl") + arguments.split(" "))
                .directory(folder.toFile())
                .redirectErrorStream(true)
                .start()
        val said = process.inputStream.bufferedReader().readText()
        check(process.waitFor(20, TimeUnit.SECONDS) && process.exitValue() == 0) { said }
    }

    private companion object {
        const val KEY = "-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes"
    }
}

/** A port that nobody listens on. */
fun freePort(): Int = ServerSocket(0, 1, InetAddress.getLoopbackAddress()).use { it.localPort }

/** Another run-time directory, whose path is short, as that of a socket must be. */
inline fun <T> elsewhere(block: (Path) -> T): T {
    val directory = Files.createTempDirectory("commy-")
    try {
        return block(directory)
    } finally {
        directory.toFile().deleteRecursively()
    }
}
