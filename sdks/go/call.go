package commy

import (
	"context"
	"maps"
	"time"

	"commy.dev/commy/internal/generated/ffi"
)

// CallOption is what a call asks for beyond its request.
type CallOption func(*call) error

type call struct {
	options ffi.CallOptions
	headers map[string]string
}

// WithHeaders sends headers along, beside those of a payload that is a [Message].
func WithHeaders(headers map[string]string) CallOption {
	return func(call *call) error {
		call.headers = headers
		return nil
	}
}

// Idempotent says that executing the call twice does no harm, so that it may be retried on
// another instance.
func Idempotent() CallOption {
	return func(call *call) error {
		call.options.Idempotent = true
		return nil
	}
}

// WithRoutingKey sets the key by which ConsistentHash chooses the instance, of at most 1,024
// bytes.
func WithRoutingKey(key string) CallOption {
	return func(call *call) error {
		call.options.RoutingKey = &key
		return nil
	}
}

// BalancedBy says how this call is balanced, instead of as the mesh is.
func BalancedBy(balance Balance) CallOption {
	return func(call *call) error {
		raw, err := choose("a balance", balances, balance)
		call.options.Balance = &raw
		return err
	}
}

// InAnyZone has instances in the mesh's own zone not be preferred.
func InAnyZone() CallOption {
	return func(call *call) error {
		call.options.ZoneFirst = false
		return nil
	}
}

// OfVersion is a requirement on the instance's version in Cargo's syntax, such as ^1.2.
func OfVersion(requirement string) CallOption {
	return func(call *call) error {
		call.options.Version = &requirement
		return nil
	}
}

// WithTags names tags that the instance must all have.
func WithTags(tags ...string) CallOption {
	return func(call *call) error {
		call.options.Tags = tags
		return nil
	}
}

// WithMetadata names metadata that the instance must all have.
func WithMetadata(metadata map[string]string) CallOption {
	return func(call *call) error {
		call.options.Metadata = metadata
		return nil
	}
}

// Reply is the answer to a call, with all that came along; [Decode] gives what it holds.
type Reply struct {
	Message
	// ServedBy is the id of the instance that answered.
	ServedBy string
}

// Call calls a service and decodes its reply, by the rules of [Encode] and [Decode]. See
// [Mesh.Call].
func Call[Out any](ctx context.Context, mesh *Mesh, service, method string, payload any, options ...CallOption) (Out, error) {
	reply, err := mesh.Call(ctx, service, method, payload, options...)
	if err != nil {
		return *new(Out), err
	}
	out, err := Decode[Out](reply.Message)
	if err != nil {
		return *new(Out), &Error{
			Status:     Internal,
			Reason:     service + " answered " + method + " with what cannot be read: " + err.(*Error).Reason,
			Service:    service,
			Method:     method,
			InstanceID: reply.ServedBy,
			Attempts:   1,
		}
	}
	return out, nil
}

// Call calls a service and waits for its reply. The payload is encoded by [Encode]; the method
// is at most 128 bytes of ASCII letters, digits and _-./, and may be empty.
//
// The call takes at most until the context's deadline, which the handler sees, or as long as
// the mesh's call timeout if it has none. The end of the context cancels the handler's work.
func (m *Mesh) Call(ctx context.Context, service, method string, payload any, options ...CallOption) (*Reply, error) {
	call := call{options: ffi.NewCallOptions()}
	for _, option := range options {
		if err := option(&call); err != nil {
			return nil, err
		}
	}
	message, err := Encode(payload)
	if err != nil {
		return nil, err
	}
	if len(call.headers) > 0 {
		headers := maps.Clone(call.headers)
		maps.Copy(headers, message.Headers)
		message.Headers = headers
	}
	if deadline, ok := ctx.Deadline(); ok {
		left, err := milliseconds("the time left", max(0, time.Until(deadline)))
		if err != nil {
			return nil, err
		}
		call.options.TimeoutMs = &left
	}
	request := ffi.Request{Method: method, Message: lowerMessage(message)}
	reply, err := m.inner.Call(ctx, service, request, call.options)
	if err != nil {
		return nil, at(lift(err), service, method)
	}
	return &Reply{Message: liftMessage(reply.Message), ServedBy: reply.ServedBy}, nil
}
