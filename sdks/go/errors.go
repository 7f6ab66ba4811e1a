package commy

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"commy.dev/commy/internal/generated/ffi"
)

// Error is any error of commy. errors.As finds it, and errors.Is its [Status].
type Error struct {
	// Status says what kind of failure it is.
	Status Status
	// Reason says what went wrong: the value and the rule that it broke.
	Reason string
	// Service is the service concerned, if one is.
	Service string
	// Method is the method concerned, if one is.
	Method string
	// InstanceID is the id of the instance that failed, if one was chosen.
	InstanceID string
	// Attempts is how many instances were tried.
	Attempts uint32
	// Code is the handler's own code, for HandlerFailed: for an error that is no
	// [HandlerError], the name of its type.
	Code string
	// Details are the handler's own details, for HandlerFailed, as JSON.
	Details json.RawMessage

	cause error
}

// Error gives the status and the reason.
func (e *Error) Error() string {
	return e.Status.String() + ": " + e.Reason
}

// Is says whether the target is the error's status, or what the standard library calls it.
func (e *Error) Is(target error) bool {
	return target == e.Status || e.Status == DeadlineExceeded && target == context.DeadlineExceeded
}

// Unwrap gives what ended the operation on this side, such as the context's error.
func (e *Error) Unwrap() error {
	return e.cause
}

// invalid says that a value breaks a rule.
func invalid(format string, arguments ...any) *Error {
	return &Error{Status: InvalidArgument, Reason: fmt.Sprintf(format, arguments...)}
}

// lift makes an [Error] of what the raw bindings give.
func lift(err error) error {
	if err == nil {
		return nil
	}
	var refused *ffi.InvalidValueError
	switch {
	case errors.Is(err, context.Canceled):
		return &Error{Status: Cancelled, Reason: err.Error(), cause: err}
	case errors.Is(err, context.DeadlineExceeded):
		return &Error{Status: DeadlineExceeded, Reason: err.Error(), cause: err}
	case errors.As(err, &refused):
		return &Error{Status: InvalidArgument, Reason: err.Error(), cause: err}
	}
	switch raw := err.(type) {
	case *ffi.CommyErrorCancelled:
		return liftInfo(Cancelled, raw.Info)
	case *ffi.CommyErrorInvalidArgument:
		return liftInfo(InvalidArgument, raw.Info)
	case *ffi.CommyErrorDeadlineExceeded:
		return liftInfo(DeadlineExceeded, raw.Info)
	case *ffi.CommyErrorNotFound:
		return liftInfo(NotFound, raw.Info)
	case *ffi.CommyErrorAlreadyExists:
		return liftInfo(AlreadyExists, raw.Info)
	case *ffi.CommyErrorPermissionDenied:
		return liftInfo(PermissionDenied, raw.Info)
	case *ffi.CommyErrorResourceExhausted:
		return liftInfo(ResourceExhausted, raw.Info)
	case *ffi.CommyErrorFailedPrecondition:
		return liftInfo(FailedPrecondition, raw.Info)
	case *ffi.CommyErrorUnimplemented:
		return liftInfo(Unimplemented, raw.Info)
	case *ffi.CommyErrorInternal:
		return liftInfo(Internal, raw.Info)
	case *ffi.CommyErrorUnavailable:
		return liftInfo(Unavailable, raw.Info)
	case *ffi.CommyErrorUnauthenticated:
		return liftInfo(Unauthenticated, raw.Info)
	case *ffi.CommyErrorHandlerFailed:
		return liftInfo(HandlerFailed, raw.Info)
	}
	return &Error{Status: Internal, Reason: "commy failed: " + err.Error(), cause: err}
}

func liftInfo(status Status, info ffi.ErrorInfo) *Error {
	lifted := &Error{
		Status:     status,
		Reason:     info.Reason,
		Service:    textOf(info.Service),
		Method:     textOf(info.Method),
		InstanceID: textOf(info.InstanceID),
		Attempts:   info.Attempts,
		Code:       textOf(info.Code),
	}
	if info.DetailsJSON != nil {
		lifted.Details = json.RawMessage(*info.DetailsJSON)
	}
	return lifted
}

// at says of which call an error is, where the library could not.
func at(err error, service, method string) error {
	var known *Error
	if errors.As(err, &known) {
		if known.Service == "" {
			known.Service = service
		}
		if known.Method == "" {
			known.Method = method
		}
	}
	return err
}
