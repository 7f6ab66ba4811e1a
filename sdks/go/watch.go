package commy

import (
	"context"
	"errors"
	"io"
	"iter"
	"sync/atomic"

	"commy.dev/commy/internal/generated/ffi"
)

// ChangeKind is what happened to an instance, as seen through a query.
type ChangeKind string

const (
	// Added means that it began to match the query.
	Added ChangeKind = "added"
	// Updated means that it still matches, and something about it changed.
	Updated ChangeKind = "updated"
	// Removed means that it is gone, or no longer matches the query.
	Removed ChangeKind = "removed"
)

var changeKinds = map[ChangeKind]ffi.ChangeKind{
	Added:   ffi.ChangeKindAdded,
	Updated: ffi.ChangeKindUpdated,
	Removed: ffi.ChangeKindRemoved,
}

// Change is a change to the instances that a watch sees.
type Change struct {
	// Kind is what happened.
	Kind ChangeKind
	// Instance is the instance after the change; for Removed, as it was last seen.
	Instance Instance
	// Revision is that of this node's service table in which the change was seen.
	Revision uint64
}

// Watch is the changes to the instances that match a query: first those that match now, as
// Added. An instance that changes faster than its changes are taken is told of once.
//
// Goroutines that share a watch get each change once.
type Watch struct {
	inner    *ffi.Watch
	isClosed atomic.Bool
}

// Watch watches the instances that [Mesh.Discover] would find.
func (m *Mesh) Watch(query Query) (*Watch, error) {
	lowered, err := lowerQuery(query)
	if err != nil {
		return nil, err
	}
	inner, err := m.inner.Watch(lowered)
	if err != nil {
		return nil, lift(err)
	}
	return &Watch{inner: inner}, nil
}

// Next waits for the next change; it is io.EOF when the watch is closed or its mesh stopped. A
// wait whose context ends loses no change.
func (w *Watch) Next(ctx context.Context) (Change, error) {
	change, err := w.inner.Next(ctx)
	if change == nil {
		return Change{}, ended(err, &w.isClosed)
	}
	return Change{
		Kind:     named(changeKinds, change.Kind),
		Instance: liftInstance(change.Instance),
		Revision: change.Revision,
	}, nil
}

// All gives the changes until the watch is closed or its mesh stopped. When the context ends,
// its error comes last.
func (w *Watch) All(ctx context.Context) iter.Seq2[Change, error] {
	return all(ctx, w.Next)
}

// Close ends the watch; whoever waits gets io.EOF. Doing it twice does nothing.
func (w *Watch) Close() error {
	if w.isClosed.CompareAndSwap(false, true) {
		w.inner.Close()
		w.inner.Destroy()
	}
	return nil
}

// ended says why there is no next item.
func ended(err error, isClosed *atomic.Bool) error {
	var refused *ffi.InvalidValueError
	if err == nil || isClosed.Load() && errors.As(err, &refused) {
		return io.EOF
	}
	return lift(err)
}

// all gives items until there are no more, or none can be had.
func all[T any](ctx context.Context, next func(context.Context) (T, error)) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		for {
			item, err := next(ctx)
			if err == io.EOF {
				return
			}
			if !yield(item, err) || err != nil {
				return
			}
		}
	}
}
