package tests

import (
	"bytes"
	"context"
	"errors"
	"runtime"
	"runtime/debug"
	"sync/atomic"
	"testing"
	"time"

	"commy.dev/commy"
)

// usedKiB is the memory that is in use once all that can be let go is.
func usedKiB(t *testing.T) int {
	t.Helper()
	// What is collected is freed by the library a moment later.
	for range 3 {
		runtime.GC()
		time.Sleep(10 * time.Millisecond)
	}
	debug.FreeOSMemory()
	return residentKiB(t)
}

// heapKiB is what Go's heap holds.
func heapKiB() int {
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	return int(stats.HeapInuse / 1024)
}

// steady fails if the rounds after the first ones need more memory than those, in KiB.
func steady(t *testing.T, most int, round func()) {
	t.Helper()
	// The first fill caches and the allocators' arenas; growth shows after them.
	round()
	goroutines := runtime.NumGoroutine()
	before := usedKiB(t)
	round()
	round()
	after := usedKiB(t)
	if after-before > most {
		t.Errorf("%d KiB grew to %d KiB", before, after)
	}
	eventually(t, "no goroutine is left", func() bool {
		runtime.GC()
		return runtime.NumGoroutine() <= goroutines
	})
}

func TestMemory_AHundredThousandCallsLeaveNoGrowth(t *testing.T) {
	mesh := started(t)
	register(t, mesh, "echo", echo)
	payload := []byte("0123456789abcdef")
	ctx := context.Background()
	steady(t, 4*1024, func() {
		together(16, func(int) {
			for range 100_000 / 3 / 16 {
				reply, err := mesh.Call(ctx, "echo", "", payload)
				if err != nil || !bytes.Equal(reply.Payload, payload) {
					t.Errorf("got %v, %v", reply, err)
					return
				}
			}
		})
	})
	equal(t, "calls in flight", mesh.Stats().CallsInFlight, 0)
}

func TestMemory_TheLessUsualWaysLeaveNoGrowthEither(t *testing.T) {
	mesh := started(t, commy.WithMaxPayload(mib))
	handler := newStuck()
	register(t, mesh, "service", commy.Methods{
		"fails": failing(&commy.HandlerError{Code: "CODE", Reason: "reason", Details: 1}),
		"stuck": handler,
		"echo":  echo,
	})
	ctx := context.Background()
	large := make([]byte, mib+1)
	for what, once := range map[string]func(){
		"fails":   func() { _, err := mesh.Call(ctx, "service", "fails", nil); fails(t, err, commy.HandlerFailed) },
		"unknown": func() { _, err := mesh.Call(ctx, "nobody", "", nil); fails(t, err, commy.NotFound) },
		"refused": func() { _, err := mesh.Call(ctx, "\xff", "", nil); fails(t, err, commy.InvalidArgument) },
		"cancelled": func() {
			ctx, cancel := context.WithCancel(ctx)
			time.AfterFunc(100*time.Microsecond, cancel)
			_, err := mesh.Call(ctx, "service", "stuck", nil)
			fails(t, err, commy.Cancelled)
		},
		"timeout": func() {
			ctx, cancel := context.WithTimeout(ctx, 200*time.Microsecond)
			defer cancel()
			_, err := mesh.Call(ctx, "service", "stuck", nil)
			fails(t, err, commy.DeadlineExceeded)
		},
		"subscribe": func() {
			events := must(mesh.Subscribe(ctx, "topic"))(t)
			defer events.Close()
			no(t, mesh.Publish(ctx, "topic", large[:1000]))
			must(events.Next(ctx))(t)
		},
		"register": func() {
			no(t, must(mesh.Register(ctx, commy.Service{Name: "passing"}, echo))(t).Close())
		},
		"watch": func() {
			watch := must(mesh.Watch(commy.Query{Service: "service"}))(t)
			defer watch.Close()
			must(watch.Next(ctx))(t)
		},
	} {
		t.Run(what, func(t *testing.T) {
			steady(t, 3*1024, func() {
				for range 400 {
					once()
				}
				for len(handler.begun) > 0 {
					<-handler.begun
				}
				for len(handler.ended) > 0 {
					<-handler.ended
				}
			})
		})
	}
	t.Run("large", func(t *testing.T) {
		steady(t, 6*1024, func() {
			for range 40 {
				_, err := mesh.Call(ctx, "service", "echo", large)
				fails(t, err, commy.ResourceExhausted)
			}
		})
	})
	eventually(t, "no request is in flight", func() bool { return mesh.Stats().RequestsInFlight == 0 })
}

func TestMemory_TenThousandCancellationsLeaveNoGrowth(t *testing.T) {
	mesh := started(t)
	register(t, mesh, "work", commy.Func(func(ctx context.Context, length time.Duration) (any, error) {
		select {
		case <-time.After(length):
			return nil, nil
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}))
	const callers, rounds, most = 16, 3, time.Millisecond
	var done, cancelled atomic.Int64
	steady(t, 3*1024, func() {
		together(callers, func(caller int) {
			for turn := range 10_000/rounds/callers + 1 {
				// Some are cancelled before they arrive, some at work, some as they are answered.
				ctx, cancel := context.WithCancel(context.Background())
				timer := time.AfterFunc(most*time.Duration(turn%10)/10, cancel)
				_, err := mesh.Call(ctx, "work", "", most*time.Duration((turn+caller)%10)/10)
				switch {
				case err == nil:
					done.Add(1)
				case errors.Is(err, commy.Cancelled):
					cancelled.Add(1)
				default:
					t.Errorf("got %v", err)
				}
				timer.Stop()
				cancel()
			}
		})
	})
	if done.Load() == 0 || cancelled.Load() == 0 || done.Load()+cancelled.Load() < 10_000 {
		t.Errorf("%d done, %d cancelled", done.Load(), cancelled.Load())
	}
	eventually(t, "no request is in flight", func() bool { return mesh.Stats().RequestsInFlight == 0 })
	equal(t, "calls in flight", mesh.Stats().CallsInFlight, 0)
}

type held struct{ _ [1024]byte }

func (h *held) Serve(_ context.Context, request *commy.Request) (commy.Message, error) {
	return request.Message, nil
}

// watched is a handler, and whether it was collected.
func watched(gone *atomic.Int64) *held {
	handler := new(held)
	runtime.AddCleanup(handler, func(gone *atomic.Int64) { gone.Add(1) }, gone)
	return handler
}

// collected waits until so many are.
func collected(t *testing.T, gone *atomic.Int64, count int64) {
	t.Helper()
	eventually(t, "what is held by nobody is collected", func() bool {
		runtime.GC()
		return gone.Load() == count
	})
}

func TestMemory_ADeregisteredHandlerIsLetGo(t *testing.T) {
	mesh := started(t)
	var gone atomic.Int64
	registration := register(t, mesh, "held", watched(&gone))
	must(mesh.Call(limited(t), "held", "", nil))(t)
	runtime.GC()
	equal(t, "collected while registered", gone.Load(), 0)
	no(t, registration.Close())
	collected(t, &gone, 1)
}

func TestMemory_AStoppedMeshIsLetGoWithAllThatItHeld(t *testing.T) {
	var gone atomic.Int64
	func() {
		mesh := must(commy.Start(limited(t), name()))(t)
		for range 10 {
			register(t, mesh, "held", watched(&gone))
		}
		must(mesh.Watch(commy.Query{}))(t)
		must(mesh.Subscribe(limited(t), "**"))(t)
		no(t, mesh.Close())
		runtime.AddCleanup(mesh, func(gone *atomic.Int64) { gone.Add(1) }, &gone)
	}()
	collected(t, &gone, 11)
}
