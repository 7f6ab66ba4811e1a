package suite_test

import (
	"reflect"
	"runtime"
	"testing"
	"time"
)

func echoes[T comparable](t *testing.T, echo func(T) T, values ...T) {
	t.Helper()
	for _, value := range values {
		if got := echo(value); got != value {
			t.Errorf("got %v, want %v", got, value)
		}
	}
}

func deeply[T any](t *testing.T, echo func(T) T, values ...T) {
	t.Helper()
	for _, value := range values {
		if got := echo(value); !reflect.DeepEqual(got, value) {
			t.Errorf("got %v, want %v", got, value)
		}
	}
}

func pointer[T any](value T) *T {
	return &value
}

// settles collects garbage until the count is as it should be.
func settles(t *testing.T, count func() uint64, want uint64) {
	t.Helper()
	deadline := time.Now().Add(10 * time.Second)
	for count() != want && time.Now().Before(deadline) {
		runtime.GC()
		time.Sleep(5 * time.Millisecond)
	}
	if got := count(); got != want {
		t.Fatalf("%d are alive, want %d", got, want)
	}
}

// panics gives what the function panics with.
func panics(t *testing.T, run func()) (err error) {
	t.Helper()
	defer func() {
		t.Helper()
		failure := recover()
		var ok bool
		if err, ok = failure.(error); !ok {
			t.Fatalf("recovered %v, which is no error", failure)
		}
	}()
	run()
	return nil
}
