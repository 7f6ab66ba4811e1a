package commy

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"reflect"
	"runtime/debug"
	"strings"
	"sync"
	"time"

	"commy.dev/commy/internal/generated/ffi"
)

// dispatcher runs the handler of one registration: a goroutine for each request.
type dispatcher struct {
	handler Handler
	// The values that every request's context has.
	base context.Context

	mutex   sync.Mutex
	cancels map[uint64]context.CancelFunc
}

func newDispatcher(ctx context.Context, handler Handler) *dispatcher {
	return &dispatcher{
		handler: handler,
		base:    context.WithoutCancel(ctx),
		cancels: make(map[uint64]context.CancelFunc),
	}
}

// Start is called by the library, and must not block.
func (d *dispatcher) Start(invocation *ffi.Invocation, incoming ffi.IncomingRequest) error {
	deadline := time.Now().Add(duration(incoming.TimeLeftMs))
	ctx, cancel := context.WithCancel(d.base)
	d.mutex.Lock()
	d.cancels[incoming.InvocationID] = cancel
	d.mutex.Unlock()
	go func() {
		defer d.forget(incoming.InvocationID)
		defer invocation.Destroy()
		request := &Request{
			Service: incoming.Service,
			Method:  incoming.Method,
			Message: liftMessage(incoming.Message),
			Caller:  incoming.Caller,
			Attempt: incoming.Attempt,
		}
		d.answer(&requestContext{ctx, deadline, request}, invocation, request)
	}()
	return nil
}

// requestContext knows when the caller stops waiting, and ends when the library says so: not by
// a timer of its own, which could be early, and have the handler answer what nobody asked.
type requestContext struct {
	context.Context
	deadline time.Time
	request  *Request
}

func (c *requestContext) Deadline() (time.Time, bool) {
	return c.deadline, true
}

func (c *requestContext) Err() error {
	err := c.Context.Err()
	if err != nil && !time.Now().Before(c.deadline) {
		return context.DeadlineExceeded
	}
	return err
}

func (c *requestContext) Value(key any) any {
	if key == (requestKey{}) {
		return c.request
	}
	return c.Context.Value(key)
}

// Cancel is called by the library, and must not block.
func (d *dispatcher) Cancel(invocation uint64) error {
	d.forget(invocation)
	return nil
}

func (d *dispatcher) forget(invocation uint64) {
	d.mutex.Lock()
	cancel := d.cancels[invocation]
	delete(d.cancels, invocation)
	d.mutex.Unlock()
	if cancel != nil {
		cancel()
	}
}

// answer answers the invocation once, whatever the handler does.
func (d *dispatcher) answer(ctx context.Context, invocation *ffi.Invocation, request *Request) {
	failure := internal("the handler ended its goroutine without an answer")
	var reply *ffi.Message
	defer func() {
		if cause := recover(); cause != nil {
			failure = internal(fmt.Sprintf("the handler panicked: %v", cause))
			reply = nil
			slog.ErrorContext(ctx, "a handler panicked",
				"service", request.Service, "method", request.Method,
				"panic", cause, "stack", string(debug.Stack()))
		}
		if reply != nil {
			err := complete(invocation, *reply)
			if err == nil {
				return
			}
			failure = internal((&brokenReply{err.Error()}).Error())
		}
		invocation.Fail(failure)
	}()
	message, err := d.handler.Serve(ctx, request)
	if err != nil {
		failure = lowerFailure(err)
		return
	}
	lowered := lowerMessage(message)
	reply = &lowered
}

// complete gives why a reply cannot cross, such as a header that is not UTF-8.
func complete(invocation *ffi.Invocation, reply ffi.Message) (err error) {
	defer func() {
		if cause := recover(); cause != nil {
			err = fmt.Errorf("%v", cause)
		}
	}()
	invocation.Complete(reply)
	return nil
}

func internal(reason string) ffi.Failure {
	return failureOf(ffi.FailureKindInternal, "", reason)
}

func failureOf(kind ffi.FailureKind, code, reason string) ffi.Failure {
	failure := ffi.NewFailure(printable(reason))
	failure.Kind = kind
	failure.Code = printable(code)
	return failure
}

// lowerFailure is what a caller is told of a handler's error.
func lowerFailure(err error) ffi.Failure {
	var own *HandlerError
	var refused *refusal
	var broken *brokenReply
	switch {
	case errors.As(err, &own):
		failure := failureOf(ffi.FailureKindApplication, own.Code, own.Reason)
		details, err := lowerDetails(own.Details)
		if err != nil {
			return internal("the handler's details cannot be sent: " + err.Error())
		}
		failure.DetailsJSON = details
		return failure
	case errors.As(err, &refused):
		return failureOf(refused.kind, "", err.Error())
	case errors.As(err, &broken):
		return internal(err.Error())
	}
	return failureOf(ffi.FailureKindApplication, typeName(err), err.Error())
}

// typeName is the name of an error's type, without its package.
func typeName(err error) string {
	kind := reflect.TypeOf(err)
	if kind.Kind() == reflect.Pointer {
		kind = kind.Elem()
	}
	if name := kind.Name(); name != "" {
		return name
	}
	return kind.String()
}

// printable is text that UTF-8 can carry: telling of a failure must not fail.
func printable(text string) string {
	return strings.ToValidUTF8(text, "\uFFFD")
}
