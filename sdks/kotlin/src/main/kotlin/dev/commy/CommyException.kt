package dev.commy

import kotlinx.serialization.json.JsonElement

/**
 * Where a call failed, as far as that is known.
 *
 * @property service the service concerned, if one is
 * @property method the method concerned, if one is
 * @property instanceId the id of the instance that failed, if one was chosen
 * @property attempts how many instances were tried
 */
public data class Place(
    val service: String? = null,
    val method: String? = null,
    val instanceId: String? = null,
    val attempts: Int = 0,
)

/**
 * Why an operation failed: one subclass a status, so that `when` and `catch` tell them apart.
 *
 * ```
 * try {
 *     mesh.call<Receipt>("orders", "create", Order(1))
 * } catch (error: CommyException.HandlerFailed) {
 *     println("${error.code}: ${error.reason}")
 * } catch (error: CommyException) {
 *     println("${error.status} from ${error.service}: ${error.reason}")
 * }
 * ```
 *
 * A coroutine that is cancelled while it waits throws its own `CancellationException` instead.
 *
 * @property status the status that the subclass stands for
 * @property reason what went wrong: the value and the rule that it broke
 * @property place where it went wrong
 */
public sealed class CommyException(
    public val status: Status,
    public val reason: String,
    public val place: Place,
) : RuntimeException(reason) {
    /** The service concerned, if one is. */
    public val service: String? get() = place.service

    /** The method concerned, if one is. */
    public val method: String? get() = place.method

    /** The id of the instance that failed, if one was chosen. */
    public val instanceId: String? get() = place.instanceId

    /** How many instances were tried. */
    public val attempts: Int get() = place.attempts

    /** The operation was cancelled by someone other than its caller's coroutine, such as a stop. Code 1. */
    public class Cancelled(
        reason: String,
        place: Place = Place(),
    ) : CommyException(Status.CANCELLED, reason, place)

    /** A value breaks a rule; the same request cannot succeed. Code 3. */
    public class InvalidArgument(
        reason: String,
        place: Place = Place(),
    ) : CommyException(Status.INVALID_ARGUMENT, reason, place)

    /** The deadline passed before there was an answer. Code 4. */
    public class DeadlineExceeded(
        reason: String,
        place: Place = Place(),
    ) : CommyException(Status.DEADLINE_EXCEEDED, reason, place)

    /** There is no such service, or no instance of it that the call may use. Code 5. */
    public class NotFound(
        reason: String,
        place: Place = Place(),
    ) : CommyException(Status.NOT_FOUND, reason, place)

    /** What was to be made exists. Code 6. */
    public class AlreadyExists(
        reason: String,
        place: Place = Place(),
    ) : CommyException(Status.ALREADY_EXISTS, reason, place)

    /** The caller may not do this. Code 7. */
    public class PermissionDenied(
        reason: String,
        place: Place = Place(),
    ) : CommyException(Status.PERMISSION_DENIED, reason, place)

    /** A bound was reached: a queue, a payload size, calls in flight. Code 8. */
    public class ResourceExhausted(
        reason: String,
        place: Place = Place(),
    ) : CommyException(Status.RESOURCE_EXHAUSTED, reason, place)

    /** The state does not allow it: a mesh that is not running, a call to an advertised service. Code 9. */
    public class FailedPrecondition(
        reason: String,
        place: Place = Place(),
    ) : CommyException(Status.FAILED_PRECONDITION, reason, place)

    /** The service has no such method. Code 12. */
    public class Unimplemented(
        reason: String,
        place: Place = Place(),
    ) : CommyException(Status.UNIMPLEMENTED, reason, place)

    /** A handler broke its contract, or commy has a defect. Code 13. */
    public class Internal(
        reason: String,
        place: Place = Place(),
    ) : CommyException(Status.INTERNAL, reason, place)

    /** No instance can answer now; another try may succeed. Code 14. */
    public class Unavailable(
        reason: String,
        place: Place = Place(),
    ) : CommyException(Status.UNAVAILABLE, reason, place)

    /** The caller's identity is not known. Code 16. */
    public class Unauthenticated(
        reason: String,
        place: Place = Place(),
    ) : CommyException(Status.UNAUTHENTICATED, reason, place)

    /**
     * The handler itself reported a failure, or threw an exception that it did not catch. Code 100.
     *
     * @property code the handler's own code; for an exception that it did not catch, the name of its class
     * @property details the handler's own details, if it gave any
     */
    public class HandlerFailed(
        reason: String,
        public val code: String,
        public val details: JsonElement? = null,
        place: Place = Place(),
    ) : CommyException(Status.HANDLER_FAILED, reason, place)
}
