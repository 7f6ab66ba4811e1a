package commy

import (
	"context"
	"encoding/json"
	"fmt"

	"commy.dev/commy/internal/generated/ffi"
)

// Handler answers the requests of a service. Each request is answered in a goroutine of its
// own. The context ends when the caller gave up or its deadline passed; it holds the values of
// the context with which the service was registered.
//
// The error is told to the caller: a [HandlerError] with its code, [BadRequest] as
// InvalidArgument, [UnknownMethod] as Unimplemented, any other as HandlerFailed with the name
// of its type as the code. A panic is logged, and Internal to the caller.
type Handler interface {
	Serve(ctx context.Context, request *Request) (Message, error)
}

// HandlerFunc is a function that is a [Handler].
type HandlerFunc func(ctx context.Context, request *Request) (Message, error)

// Serve calls the function.
func (f HandlerFunc) Serve(ctx context.Context, request *Request) (Message, error) {
	return f(ctx, request)
}

// Request is a request as its handler receives it.
type Request struct {
	// Service is the service that was called.
	Service string
	// Method is the method that is asked for.
	Method string
	// Message is the content.
	Message Message
	// Caller is the id of the node that calls.
	Caller string
	// Attempt is which attempt of the call this is, from 1.
	Attempt uint32
}

type requestKey struct{}

// RequestFrom gives the request that a handler's context belongs to, nil for another context:
// handlers of [Func] learn of headers, method and caller by it.
func RequestFrom(ctx context.Context) *Request {
	request, _ := ctx.Value(requestKey{}).(*Request)
	return request
}

// Func makes a handler of a function with typed payloads, by the rules of [Decode] and
// [Encode]. A request that cannot be decoded is InvalidArgument to its caller.
func Func[In, Out any](function func(ctx context.Context, in In) (Out, error)) Handler {
	return HandlerFunc(func(ctx context.Context, request *Request) (Message, error) {
		in, err := Decode[In](request.Message)
		if err != nil {
			return Message{}, BadRequest(err.(*Error).Reason)
		}
		out, err := function(ctx, in)
		if err != nil {
			return Message{}, err
		}
		message, err := Encode(out)
		if err != nil {
			return Message{}, &brokenReply{err.(*Error).Reason}
		}
		return message, nil
	})
}

// Methods is a service of several methods, each with its handler. Any other method is
// Unimplemented to its caller.
type Methods map[string]Handler

// Serve calls the handler of the request's method.
func (m Methods) Serve(ctx context.Context, request *Request) (Message, error) {
	handler := m[request.Method]
	if handler == nil {
		return Message{}, UnknownMethod(fmt.Sprintf("%s has no method %q", request.Service, request.Method))
	}
	return handler.Serve(ctx, request)
}

// HandlerError is a handler's own failure: its caller gets an [Error] of HandlerFailed with the
// same fields.
type HandlerError struct {
	// Code is the application's own code, such as OUT_OF_STOCK, at most 128 bytes.
	Code string
	// Reason says what happened, for people.
	Reason string
	// Details are any value that JSON can express.
	Details any
}

// Error gives the code and the reason.
func (e *HandlerError) Error() string {
	return e.Code + ": " + e.Reason
}

// BadRequest is the error of a handler that cannot make sense of its request.
func BadRequest(reason string) error {
	return &refusal{ffi.FailureKindBadRequest, reason}
}

// UnknownMethod is the error of a handler that has not the method that is asked for.
func UnknownMethod(reason string) error {
	return &refusal{ffi.FailureKindUnknownMethod, reason}
}

type refusal struct {
	kind   ffi.FailureKind
	reason string
}

func (e *refusal) Error() string {
	return e.reason
}

// brokenReply is the error of a handler whose reply cannot be sent.
type brokenReply struct {
	reason string
}

func (e *brokenReply) Error() string {
	return "the reply cannot be sent: " + e.reason
}

func lowerDetails(details any) (*string, error) {
	switch details := details.(type) {
	case nil:
		return nil, nil
	case json.RawMessage:
		text := string(details)
		return &text, nil
	}
	message, err := Encode(details)
	if err != nil {
		return nil, err
	}
	if !message.isJSON() {
		return nil, invalid("details must be a value that JSON can express, not %T", details)
	}
	text := string(message.Payload)
	return &text, nil
}
