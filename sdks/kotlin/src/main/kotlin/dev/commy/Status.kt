package dev.commy

/**
 * The status of an error: its name is gRPC's, its code a stable number.
 *
 * @property code the number that stands for the status in every language
 */
public enum class Status(
    public val code: Int,
) {
    /** The operation was cancelled by someone other than its caller's coroutine, such as a stop. */
    CANCELLED(1),

    /** A value breaks a rule; the same request cannot succeed. */
    INVALID_ARGUMENT(3),

    /** The deadline passed before there was an answer. */
    DEADLINE_EXCEEDED(4),

    /** There is no such service, or no instance of it that the call may use. */
    NOT_FOUND(5),

    /** What was to be made exists. */
    ALREADY_EXISTS(6),

    /** The caller may not do this. */
    PERMISSION_DENIED(7),

    /** A bound was reached: a queue, a payload size, calls in flight. */
    RESOURCE_EXHAUSTED(8),

    /** The state does not allow it: a mesh that is not running, a call to an advertised service. */
    FAILED_PRECONDITION(9),

    /** The service has no such method. */
    UNIMPLEMENTED(12),

    /** A handler broke its contract, or commy has a defect. */
    INTERNAL(13),

    /** No instance can answer now; another try may succeed. */
    UNAVAILABLE(14),

    /** The caller's identity is not known. */
    UNAUTHENTICATED(16),

    /** The handler itself reported a failure, or threw an exception that it did not catch. */
    HANDLER_FAILED(100),
}
