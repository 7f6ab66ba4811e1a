package tests

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"commy.dev/commy"
)

// together runs so many goroutines, and waits for all.
func together(count int, run func(number int)) {
	var all sync.WaitGroup
	for number := range count {
		all.Add(1)
		go func() {
			defer all.Done()
			run(number)
		}()
	}
	all.Wait()
}

var double = commy.Func(func(_ context.Context, value int) (int, error) { return 2 * value, nil })

func TestConcurrency_AThousandCallsAtOnceEachGetTheirOwnAnswer(t *testing.T) {
	mesh := started(t)
	register(t, mesh, "double", double)
	ctx := limited(t)
	together(1000, func(number int) {
		got, err := commy.Call[int](ctx, mesh, "double", "", number)
		if err != nil || got != 2*number {
			t.Errorf("%d: got %d, %v", number, got, err)
		}
	})
	equal(t, "calls in flight", mesh.Stats().CallsInFlight, 0)
}

func TestConcurrency_HandlersOfOneServiceRunAtOnce(t *testing.T) {
	mesh := started(t)
	var inside sync.WaitGroup
	inside.Add(8)
	register(t, mesh, "meet", commy.Func(func(_ context.Context, value int) (int, error) {
		inside.Done()
		inside.Wait()
		return value, nil
	}))
	ctx := limited(t)
	together(8, func(number int) {
		if got, err := commy.Call[int](ctx, mesh, "meet", "", number); err != nil || got != number {
			t.Errorf("got %d, %v", got, err)
		}
	})
}

func TestConcurrency_HandlersCallEachOtherFromManyGoroutines(t *testing.T) {
	mesh := started(t)
	ctx := limited(t)
	for member := range 4 {
		register(t, mesh, fmt.Sprintf("member-%d", member), commy.Func(func(ctx context.Context, value int) (int, error) {
			if value >= 100 {
				return 100*member + value - 100, nil
			}
			return commy.Call[int](ctx, mesh, fmt.Sprintf("member-%d", (member+1)%4), "", value+100)
		}))
	}
	together(100, func(number int) {
		member, value := number%4, number/4
		got, err := commy.Call[int](ctx, mesh, fmt.Sprintf("member-%d", member), "", value)
		if want := 100*((member+1)%4) + value; err != nil || got != want {
			t.Errorf("got %d, %v, want %d", got, err, want)
		}
	})
}

func TestConcurrency_MeshesStartAndStopInNumbers(t *testing.T) {
	ctx := limited(t)
	together(20, func(number int) {
		mesh, err := commy.Start(ctx, name())
		if err != nil {
			t.Error(err)
			return
		}
		defer mesh.Close()
		if _, err := mesh.Register(ctx, commy.Service{Name: "double"}, double); err != nil {
			t.Error(err)
		}
		if got, err := commy.Call[int](ctx, mesh, "double", "", number); err != nil || got != 2*number {
			t.Errorf("got %d, %v", got, err)
		}
	})
}

func TestConcurrency_RegisteringAndDeregisteringAmidCallsFailsNone(t *testing.T) {
	mesh := started(t)
	register(t, mesh, "double", double)
	ctx := limited(t)
	together(6, func(number int) {
		for turn := range 60 {
			if number < 2 {
				registration, err := mesh.Register(ctx, commy.Service{Name: "double"}, double)
				if err != nil {
					t.Error(err)
					return
				}
				if err := registration.Deregister(ctx); err != nil {
					t.Error(err)
				}
				continue
			}
			if got, err := commy.Call[int](ctx, mesh, "double", "", turn); err != nil || got != 2*turn {
				t.Errorf("got %d, %v", got, err)
			}
		}
	})
	equal(t, "instances", len(must(mesh.Discover(commy.Query{}))(t)), 1)
}

func TestConcurrency_ManyPublishersAndSubscribersLoseNothing(t *testing.T) {
	mesh := started(t)
	ctx := limited(t)
	const publishers, events = 8, 100
	var sum atomic.Int64
	var subscriptions []*commy.Subscription
	for range 4 {
		subscriptions = append(subscriptions, subscribed(t, mesh, "numbers/*", commy.WithCapacity(publishers*events)))
	}
	together(publishers+len(subscriptions), func(number int) {
		if number >= publishers {
			for range publishers * events {
				event, err := subscriptions[number-publishers].Next(ctx)
				if err != nil {
					t.Error(err)
					return
				}
				value, err := commy.Decode[int](event.Message)
				if err != nil {
					t.Error(err)
				}
				sum.Add(int64(value))
			}
			return
		}
		for value := range events {
			if err := mesh.Publish(ctx, fmt.Sprintf("numbers/%d", number), value); err != nil {
				t.Error(err)
			}
		}
	})
	equal(t, "the sum", sum.Load(), 4*publishers*events*(events-1)/2)
}

func TestConcurrency_StoppingAmidCallsHangsNobody(t *testing.T) {
	mesh := started(t, commy.WithDrainTimeout(time.Second))
	register(t, mesh, "double", double)
	ctx := limited(t)
	together(9, func(number int) {
		if number == 0 {
			time.Sleep(2 * time.Millisecond)
			if err := mesh.Stop(ctx); err != nil {
				t.Error(err)
			}
			return
		}
		for mesh.IsRunning() {
			_, _ = mesh.Call(ctx, "double", "", 1)
		}
	})
	equal(t, "calls in flight", mesh.Stats().CallsInFlight, 0)
}
