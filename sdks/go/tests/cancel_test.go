package tests

import (
	"context"
	"errors"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"commy.dev/commy"
)

func TestCancel_ACancelledContextCancelsTheHandler(t *testing.T) {
	mesh := started(t)
	handler := newStuck()
	register(t, mesh, "stuck", handler)
	ctx, cancel := context.WithCancel(limited(t))
	answer := make(chan error, 1)
	go func() { _, err := mesh.Call(ctx, "stuck", "method", nil); answer <- err }()
	arrives(t, "the call", handler.begun)
	cancel()
	err := <-answer
	known := fails(t, err, commy.Cancelled)
	if !errors.Is(err, context.Canceled) || known.Service != "stuck" || known.Method != "method" {
		t.Errorf("got %+v", known)
	}
	arrives(t, "the cancellation", handler.ended)
	equal(t, "calls in flight", mesh.Stats().CallsInFlight, 0)
}

func TestCancel_ADeadlineThatPassesCancelsTheHandler(t *testing.T) {
	mesh := started(t)
	handler := newStuck()
	register(t, mesh, "stuck", handler)
	ctx, cancel := context.WithTimeout(limited(t), 30*time.Millisecond)
	defer cancel()
	_, err := mesh.Call(ctx, "stuck", "", nil)
	fails(t, err, commy.DeadlineExceeded)
	arrives(t, "the call", handler.begun)
	arrives(t, "the cancellation", handler.ended)
}

func TestCancel_CancellationPassesThroughAChainOfServices(t *testing.T) {
	mesh := started(t)
	handler := newStuck()
	register(t, mesh, "last", handler)
	pass := func(to string) commy.Handler {
		return commy.HandlerFunc(func(ctx context.Context, request *commy.Request) (commy.Message, error) {
			reply, err := mesh.Call(ctx, to, "", request.Message)
			if err != nil {
				return commy.Message{}, err
			}
			return reply.Message, nil
		})
	}
	register(t, mesh, "middle", pass("last"))
	register(t, mesh, "first", pass("middle"))
	ctx, cancel := context.WithCancel(limited(t))
	answer := make(chan error, 1)
	go func() { _, err := mesh.Call(ctx, "first", "", nil); answer <- err }()
	arrives(t, "the call", handler.begun)
	cancel()
	arrives(t, "the cancellation", handler.ended)
	fails(t, <-answer, commy.Cancelled)
}

func TestCancel_AHandlerThatGivesUpByItselfFailsItsCall(t *testing.T) {
	mesh := started(t)
	register(t, mesh, "gives-up", failing(context.Canceled))
	_, err := mesh.Call(limited(t), "gives-up", "", nil)
	if known := fails(t, err, commy.HandlerFailed); !strings.Contains(known.Reason, "canceled") || errors.Is(err, context.Canceled) {
		t.Errorf("got %+v", known)
	}
}

func TestCancel_AHandlerThatIgnoresItsCancellationHarmsNobody(t *testing.T) {
	mesh := started(t)
	begun, ended, mayEnd := make(chan struct{}, 2), make(chan struct{}, 2), make(chan struct{})
	register(t, mesh, "stubborn", commy.Func(func(context.Context, any) (string, error) {
		begun <- struct{}{}
		<-mayEnd
		ended <- struct{}{}
		return "late", nil
	}))
	ctx, cancel := context.WithCancel(limited(t))
	answer := make(chan error, 1)
	go func() { _, err := mesh.Call(ctx, "stubborn", "", nil); answer <- err }()
	arrives(t, "the call", begun)
	cancel()
	fails(t, <-answer, commy.Cancelled)
	close(mayEnd)
	arrives(t, "the end", ended)
	equal(t, "the next", must(commy.Call[string](limited(t), mesh, "stubborn", "", nil))(t), "late")
}

func TestCancel_CallsCancelledAtEveryMomentLeaveNothingBehind(t *testing.T) {
	mesh := started(t)
	var running, done, cancelled atomic.Int64
	register(t, mesh, "work", commy.Func(func(ctx context.Context, value int) (int, error) {
		running.Add(1)
		defer running.Add(-1)
		for range value % 4 {
			time.Sleep(50 * time.Microsecond)
		}
		return value, ctx.Err()
	}))
	const callers, turns = 16, 125
	finished := make(chan struct{}, callers)
	for caller := range callers {
		go func() {
			defer func() { finished <- struct{}{} }()
			for turn := range turns {
				ctx, cancel := context.WithCancel(limited(t))
				timer := time.AfterFunc(time.Duration(turn*(caller+1)%100)*200*time.Microsecond, cancel)
				_, err := mesh.Call(ctx, "work", "", turn)
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
		}()
	}
	for range callers {
		arrives(t, "a caller", finished)
	}
	equal(t, "answers", done.Load()+cancelled.Load(), callers*turns)
	if done.Load() == 0 || cancelled.Load() == 0 {
		t.Errorf("%d done, %d cancelled: nothing raced", done.Load(), cancelled.Load())
	}
	eventually(t, "no handler runs", func() bool { return running.Load() == 0 })
	eventually(t, "no request is in flight", func() bool { return mesh.Stats().RequestsInFlight == 0 })
	equal(t, "calls in flight", mesh.Stats().CallsInFlight, 0)
}

func TestCancel_AContextThatHasEndedRegistersAndPublishesNothing(t *testing.T) {
	mesh := started(t)
	ctx, cancel := context.WithCancel(limited(t))
	cancel()
	_, err := mesh.Register(ctx, commy.Service{Name: "echo"}, echo)
	fails(t, err, commy.Cancelled)
	fails(t, mesh.Publish(ctx, "topic", nil), commy.Cancelled)
	_, err = mesh.Subscribe(ctx, "topic")
	fails(t, err, commy.Cancelled)
	equal(t, "instances", len(must(mesh.Discover(commy.Query{}))(t)), 0)
	equal(t, "events", mesh.Stats().EventsPublished, 0)
}
