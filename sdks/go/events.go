package commy

import (
	"context"
	"iter"
	"sync"
	"sync/atomic"

	"commy.dev/commy/internal/generated/ffi"
)

// Overflow is what happens to an event when a subscriber's queue is full.
type Overflow string

const (
	// DropOldest makes room by dropping the oldest queued event.
	DropOldest Overflow = "drop_oldest"
	// DropNewest drops the new event.
	DropNewest Overflow = "drop_newest"
	// Block has the publisher wait for room, at most its mesh's call timeout.
	Block Overflow = "block"
)

var overflows = map[Overflow]ffi.Overflow{
	DropOldest: ffi.OverflowDropOldest,
	DropNewest: ffi.OverflowDropNewest,
	Block:      ffi.OverflowBlock,
}

// SubscribeOption says how events are queued for a subscriber.
type SubscribeOption func(*ffi.SubscribeOptions) error

// WithCapacity sets how many events may wait: 1 to 65,536, 256 by default.
func WithCapacity(events uint32) SubscribeOption {
	return func(options *ffi.SubscribeOptions) error {
		options.Capacity = events
		return nil
	}
}

// OnOverflow sets what happens to one more: DropOldest by default.
func OnOverflow(overflow Overflow) SubscribeOption {
	return func(options *ffi.SubscribeOptions) (err error) {
		options.Overflow, err = choose("an overflow", overflows, overflow)
		return err
	}
}

// Event is an event as its subscriber receives it; [Decode] gives what it holds.
type Event struct {
	Message
	// Topic is the topic that it was published on.
	Topic string
	// Publisher is the id of the node that published it.
	Publisher string
	// Sequence is the number of the event, rising for each event of one publisher.
	Sequence uint64
	// Missed is how many events this subscription lost, by its own overflow policy, just
	// before this one.
	Missed uint64
}

// Publish publishes an event, whose payload is encoded by [Encode]. The topic is 1 to 256
// bytes of segments joined by /, each of ASCII letters, digits and _-.:
func (m *Mesh) Publish(ctx context.Context, topic string, payload any) error {
	message, err := Encode(payload)
	if err != nil {
		return err
	}
	return lift(m.inner.Publish(ctx, topic, lowerMessage(message)))
}

// Subscription is a queue of events whose topics match a filter. Goroutines that share one get
// each event once.
type Subscription struct {
	inner    *ffi.Subscription
	isClosed atomic.Bool
	mutex    sync.Mutex
	// How many events were lost when it was closed.
	dropped uint64
}

// Subscribe subscribes to the topics that match a filter, in which a segment * stands for any
// one segment and ** for any number of them, also none.
func (m *Mesh) Subscribe(ctx context.Context, filter string, options ...SubscribeOption) (*Subscription, error) {
	lowered := ffi.NewSubscribeOptions()
	for _, option := range options {
		if err := option(&lowered); err != nil {
			return nil, err
		}
	}
	inner, err := m.inner.Subscribe(ctx, filter, lowered)
	if err != nil {
		return nil, lift(err)
	}
	return &Subscription{inner: inner}, nil
}

// Next waits for the next event; it is io.EOF when the subscription is closed, or when its mesh
// is stopped and all that was queued has been taken. A wait whose context ends loses no event.
func (s *Subscription) Next(ctx context.Context) (Event, error) {
	event, err := s.inner.Next(ctx)
	if event == nil {
		return Event{}, ended(err, &s.isClosed)
	}
	return Event{
		Message:   liftMessage(event.Message),
		Topic:     event.Topic,
		Publisher: event.Publisher,
		Sequence:  event.Sequence,
		Missed:    event.Missed,
	}, nil
}

// All gives the events until the subscription ends. When the context ends, its error comes
// last.
func (s *Subscription) All(ctx context.Context) iter.Seq2[Event, error] {
	return all(ctx, s.Next)
}

// Dropped gives how many events this subscription has lost by its overflow policy so far.
func (s *Subscription) Dropped() uint64 {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	if s.isClosed.Load() {
		return s.dropped
	}
	return s.inner.Dropped()
}

// Close ends the subscription, and forgets what is queued; whoever waits gets io.EOF. Doing it
// twice does nothing.
func (s *Subscription) Close() error {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	if s.isClosed.CompareAndSwap(false, true) {
		s.dropped = s.inner.Dropped()
		s.inner.Close()
		s.inner.Destroy()
	}
	return nil
}

// Values gives what the events of a subscription hold. An event that cannot be decoded gives
// its error, and does not end the sequence.
func Values[T any](ctx context.Context, subscription *Subscription) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		for event, err := range subscription.All(ctx) {
			var value T
			if err == nil {
				value, err = Decode[T](event.Message)
			}
			if !yield(value, err) {
				return
			}
		}
	}
}
