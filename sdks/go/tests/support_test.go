// Package tests holds the conformance topics, the same in every language, a file each. A test
// is called Test<Topic>_<fact>.
package tests

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync/atomic"
	"testing"
	"time"

	"commy.dev/commy"
)

// Few tests take a tenth of it: whoever waits longer waits for what will never come.
const timeMax = 30 * time.Second

var meshes atomic.Uint64

// name is that of a mesh that no other test uses.
func name() string {
	return fmt.Sprintf("test-%d-%d", os.Getpid(), meshes.Add(1))
}

// limited is a context that ends before the test would wait forever.
func limited(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), timeMax)
	t.Cleanup(cancel)
	return ctx
}

// started is a mesh that is stopped when the test ends.
func started(t *testing.T, options ...commy.Option) *commy.Mesh {
	t.Helper()
	return startedAs(t, name(), options...)
}

func startedAs(t *testing.T, called string, options ...commy.Option) *commy.Mesh {
	t.Helper()
	mesh, err := commy.Start(limited(t), called, options...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := mesh.Close(); err != nil {
			t.Error(err)
		}
	})
	return mesh
}

// register registers a service by its name.
func register(t *testing.T, mesh *commy.Mesh, service string, handler commy.Handler) *commy.Registration {
	t.Helper()
	return registerAs(t, mesh, commy.Service{Name: service}, handler)
}

func registerAs(t *testing.T, mesh *commy.Mesh, service commy.Service, handler commy.Handler) *commy.Registration {
	t.Helper()
	registration, err := mesh.Register(limited(t), service, handler)
	if err != nil {
		t.Fatal(err)
	}
	return registration
}

// echo answers with what it is sent.
var echo = commy.HandlerFunc(func(_ context.Context, request *commy.Request) (commy.Message, error) {
	return request.Message, nil
})

// must fails the test on an error.
func must[T any](value T, err error) func(t *testing.T) T {
	return func(t *testing.T) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return value
	}
}

func no(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func equal[T comparable](t *testing.T, what string, got, want T) {
	t.Helper()
	if got != want {
		t.Errorf("%s: got %v, want %v", what, got, want)
	}
}

// fails is the error, which must have the status.
func fails(t *testing.T, err error, status commy.Status) *commy.Error {
	t.Helper()
	var known *commy.Error
	if !errors.As(err, &known) || !errors.Is(err, status) || known.Status != status {
		t.Fatalf("got %v, want %v", err, status)
	}
	return known
}

// eventually waits until it is so.
func eventually(t *testing.T, what string, is func() bool) {
	t.Helper()
	deadline := time.Now().Add(timeMax)
	for !is() {
		if time.Now().After(deadline) {
			t.Fatalf("it never was so that %s", what)
		}
		time.Sleep(time.Millisecond)
	}
}

// stuck is a handler that waits for its cancellation, and tells.
type stuck struct {
	begun, ended chan struct{}
}

func newStuck() *stuck {
	return &stuck{make(chan struct{}, 10_000), make(chan struct{}, 10_000)}
}

func (s *stuck) Serve(ctx context.Context, _ *commy.Request) (commy.Message, error) {
	s.begun <- struct{}{}
	<-ctx.Done()
	s.ended <- struct{}{}
	return commy.Message{}, ctx.Err()
}

func arrives(t *testing.T, what string, signal <-chan struct{}) {
	t.Helper()
	select {
	case <-signal:
	case <-time.After(timeMax):
		t.Fatalf("waited in vain for %s", what)
	}
}
