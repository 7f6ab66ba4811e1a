package commy

import "strconv"

// Status says why an operation failed, by gRPC's names. It is an error, so that
// errors.Is(err, commy.NotFound) asks for it.
type Status uint32

const (
	// Cancelled means that the caller gave up, or that somebody stopped the mesh.
	Cancelled Status = 1
	// InvalidArgument means that a value breaks a rule; the same request cannot succeed.
	InvalidArgument Status = 3
	// DeadlineExceeded means that the deadline passed before there was an answer. Such an
	// error is context.DeadlineExceeded, too.
	DeadlineExceeded Status = 4
	// NotFound means that there is no such service, or no instance that the call may use.
	NotFound Status = 5
	// AlreadyExists means that what was to be made exists.
	AlreadyExists Status = 6
	// PermissionDenied means that the caller may not do this.
	PermissionDenied Status = 7
	// ResourceExhausted means that a bound was reached: a queue, a payload size, calls in flight.
	ResourceExhausted Status = 8
	// FailedPrecondition means that the state does not allow it: a mesh that is not running, a
	// call to an advertised service.
	FailedPrecondition Status = 9
	// Unimplemented means that the service has no such method.
	Unimplemented Status = 12
	// Internal means that a handler panicked or broke its contract, or that commy has a defect.
	Internal Status = 13
	// Unavailable means that no instance can answer now; another try may succeed.
	Unavailable Status = 14
	// Unauthenticated means that the caller's identity is not known.
	Unauthenticated Status = 16
	// HandlerFailed means that the handler itself reported a failure; [Error.Code] and
	// [Error.Details] are its own.
	HandlerFailed Status = 100
)

var statusNames = map[Status]string{
	Cancelled:          "CANCELLED",
	InvalidArgument:    "INVALID_ARGUMENT",
	DeadlineExceeded:   "DEADLINE_EXCEEDED",
	NotFound:           "NOT_FOUND",
	AlreadyExists:      "ALREADY_EXISTS",
	PermissionDenied:   "PERMISSION_DENIED",
	ResourceExhausted:  "RESOURCE_EXHAUSTED",
	FailedPrecondition: "FAILED_PRECONDITION",
	Unimplemented:      "UNIMPLEMENTED",
	Internal:           "INTERNAL",
	Unavailable:        "UNAVAILABLE",
	Unauthenticated:    "UNAUTHENTICATED",
	HandlerFailed:      "HANDLER_FAILED",
}

// String gives gRPC's name, such as NOT_FOUND.
func (s Status) String() string {
	if name, ok := statusNames[s]; ok {
		return name
	}
	return "STATUS_" + strconv.FormatUint(uint64(s), 10)
}

// Error gives the name, too.
func (s Status) Error() string {
	return s.String()
}
