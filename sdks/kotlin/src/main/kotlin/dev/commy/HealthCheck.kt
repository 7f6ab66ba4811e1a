package dev.commy

import kotlin.time.Duration
import kotlin.time.Duration.Companion.seconds
import dev.commy.ffi.Probe as RawProbe

/**
 * When and how an advertised endpoint is probed.
 *
 * @property interval the time between two probes: 10 milliseconds to an hour
 * @property timeout the time after which a probe has failed: 1 millisecond to a minute
 * @property rise how many successes in a row make an instance healthy: 1 to 100
 * @property fall how many failures in a row make an instance unhealthy: 1 to 100
 */
public sealed class HealthCheck {
    public abstract val interval: Duration
    public abstract val timeout: Duration
    public abstract val rise: Int
    public abstract val fall: Int

    /** Healthy when a TCP connection to the endpoint's host and port is accepted. */
    public data class Tcp(
        override val interval: Duration = 5.seconds,
        override val timeout: Duration = 1.seconds,
        override val rise: Int = 1,
        override val fall: Int = 3,
    ) : HealthCheck()

    /**
     * Healthy when an HTTP GET of a path is answered with a 2xx status.
     *
     * @property path the path, which begins with `/`
     */
    public data class Http(
        val path: String,
        override val interval: Duration = 5.seconds,
        override val timeout: Duration = 1.seconds,
        override val rise: Int = 1,
        override val fall: Int = 3,
    ) : HealthCheck()

    internal fun lower() =
        dev.commy.ffi.HealthCheck(
            probe =
                when (this) {
                    is Tcp -> RawProbe.Tcp
                    is Http -> RawProbe.Http(text("the path of the check", path))
                },
            intervalMs = milliseconds("the interval of the check", interval),
            timeoutMs = milliseconds("the timeout of the check", timeout),
            rise = count("rise", rise),
            fall = count("fall", fall),
        )
}
