package suite_test

import (
	"context"
	"errors"
	"math"
	"reflect"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"suite/futures"
)

func awaits[T any](t *testing.T, call func(context.Context, T) (T, error), value T) {
	t.Helper()
	if got, err := call(t.Context(), value); err != nil || !reflect.DeepEqual(got, value) {
		t.Errorf("got %v, %v, want %v", got, err, value)
	}
}

func TestFuturesThatAreReadyGiveResultsOfEveryKind(t *testing.T) {
	awaits(t, futures.ReadyU8, 255)
	awaits(t, futures.ReadyI64, math.MinInt64)
	awaits(t, futures.ReadyF32, 0.5)
	awaits(t, futures.ReadyF64, math.SmallestNonzeroFloat64)
	awaits(t, futures.ReadyBoolean, true)
	awaits(t, futures.ReadyString, "zwölf")
	awaits(t, futures.ReadySequence, []uint32{1, 2})
	if err := futures.Ready(t.Context()); err != nil {
		t.Error(err)
	}
}

func TestManyFuturesWaitAtOnce(t *testing.T) {
	var calls sync.WaitGroup
	for index := range 200 {
		calls.Add(1)
		go func() {
			defer calls.Done()
			got, err := futures.GreetAfter(t.Context(), strconv.Itoa(index), uint64(index%20))
			if err != nil || got != "hello, "+strconv.Itoa(index) {
				t.Errorf("got %q, %v", got, err)
			}
		}()
	}
	calls.Wait()
}

func TestAFutureMayWakeItsCallerOften(t *testing.T) {
	for _, times := range []uint32{0, 5000} {
		if got, err := futures.WakeOften(t.Context(), times); got != times || err != nil {
			t.Errorf("got %d, %v", got, err)
		}
	}
}

func TestNoWakeIsLostThatComesWhileAFutureIsPolled(t *testing.T) {
	var calls sync.WaitGroup
	for index := range 65 {
		calls.Add(1)
		go func() {
			defer calls.Done()
			times := uint32(2000)
			if index == 0 {
				times = 20_000
			}
			if got, err := futures.HopOften(t.Context(), times); got != times || err != nil {
				t.Errorf("got %d, %v", got, err)
			}
		}()
	}
	calls.Wait()
}

func TestAFailureIsReturnedAndSoIsAPanic(t *testing.T) {
	_, err := futures.FailAfter(t.Context(), "why", 1)
	var failed *futures.DelayErrorFailed
	if !errors.As(err, &failed) || failed.Reason != "why" {
		t.Errorf("got %v", err)
	}
	err = futures.ExplodeAfter(t.Context(), "boom", 1)
	var internal *futures.InternalError
	if !errors.As(err, &internal) || err.Error() != "boom" {
		t.Errorf("got %v", err)
	}
	_, err = futures.ReadyString(t.Context(), "\xff")
	var invalid *futures.InvalidValueError
	if !errors.As(err, &invalid) {
		t.Errorf("got %v", err)
	}
}

func TestObjectsHaveAsyncConstructorsAndMethods(t *testing.T) {
	ticker, err := futures.NewTickerPrepared(t.Context(), 2, 1)
	if err != nil {
		t.Fatal(err)
	}
	defer ticker.Destroy()
	if got, err := ticker.Remaining(t.Context()); got != 2 || err != nil {
		t.Errorf("got %d, %v", got, err)
	}
	if got, err := ticker.Next(t.Context()); *got != 0 || err != nil {
		t.Errorf("got %v, %v", got, err)
	}
	if got, err := ticker.NextOrFail(t.Context()); got != 1 || err != nil {
		t.Errorf("got %d, %v", got, err)
	}
	if got, err := ticker.Next(t.Context()); got != nil || err != nil {
		t.Errorf("got %v, %v", got, err)
	}
	if _, err := ticker.NextOrFail(t.Context()); !errors.Is(err, &futures.DelayErrorFailed{}) {
		t.Errorf("got %v", err)
	}
	if _, err := futures.NewTickerRefused(t.Context(), "no"); !errors.Is(err, &futures.DelayErrorFailed{}) {
		t.Errorf("got %v", err)
	}
	other, err := futures.TickerAfter(t.Context(), 1)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := other.Remaining(t.Context()); got != 3 || err != nil {
		t.Errorf("got %d, %v", got, err)
	}
}

func TestAnObjectMayBeDestroyedWhileItsFutureWaits(t *testing.T) {
	ticker := futures.NewTicker(1)
	time.AfterFunc(0, ticker.Destroy)
	if got, err := ticker.Next(t.Context()); err == nil && *got != 0 {
		t.Errorf("got %v, %v", got, err)
	}
	ticker.Destroy()
	if _, err := ticker.Next(t.Context()); err == nil || err.Error() != "this Ticker was destroyed" {
		t.Errorf("got %v", err)
	}
}

func TestCancellingReachesRust(t *testing.T) {
	settles(t, futures.LiveFutures, 0)
	before := futures.CancelledFutures()
	ctx, cancel := context.WithCancel(t.Context())
	time.AfterFunc(5*time.Millisecond, cancel)
	if err := futures.Never(ctx); err != context.Canceled {
		t.Errorf("got %v", err)
	}
	if got := futures.LiveFutures(); got != 0 {
		t.Errorf("%d futures are alive", got)
	}
	if got := futures.CancelledFutures(); got != before+1 {
		t.Errorf("%d futures were cancelled", got-before)
	}
	ctx, cancel = context.WithTimeout(t.Context(), time.Millisecond)
	defer cancel()
	if err := futures.Never(ctx); err != context.DeadlineExceeded {
		t.Errorf("got %v", err)
	}
}

func TestAContextThatHasEndedCallsNothing(t *testing.T) {
	before := futures.CancelledFutures()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := futures.Never(ctx); err != context.Canceled {
		t.Errorf("got %v", err)
	}
	if got := futures.CancelledFutures(); got != before {
		t.Errorf("%d futures were cancelled", got-before)
	}
}

func TestTenThousandCancellationsLeaveNothingBehind(t *testing.T) {
	settles(t, futures.LiveFutures, 0)
	before := futures.CancelledFutures()
	for range 10 {
		ctx, cancel := context.WithCancel(t.Context())
		var calls sync.WaitGroup
		for range 1000 {
			calls.Add(1)
			go func() {
				defer calls.Done()
				if err := futures.Never(ctx); err != context.Canceled {
					t.Errorf("got %v", err)
				}
			}()
		}
		settles(t, futures.LiveFutures, 1000)
		cancel()
		calls.Wait()
	}
	if got := futures.CancelledFutures(); got != before+10_000 {
		t.Errorf("%d futures were cancelled", got-before)
	}
	if got := futures.LiveFutures(); got != 0 {
		t.Errorf("%d futures are alive", got)
	}
}

func TestTenThousandCancellationsThatRaceCompletionLeaveNothingBehind(t *testing.T) {
	settles(t, futures.LiveFutures, 0)
	var done, cancelled atomic.Uint64
	for range 50 {
		var calls sync.WaitGroup
		for index := range 200 {
			calls.Add(1)
			go func() {
				defer calls.Done()
				ctx, cancel := context.WithTimeout(t.Context(), time.Duration(index%4)*time.Millisecond)
				defer cancel()
				got, err := futures.GreetAfter(ctx, "x", uint64(index%3))
				switch {
				case err == context.DeadlineExceeded:
					cancelled.Add(1)
				case err == nil && got == "hello, x":
					done.Add(1)
				default:
					t.Errorf("got %q, %v", got, err)
				}
			}()
		}
		calls.Wait()
	}
	if done.Load()+cancelled.Load() != 10_000 || cancelled.Load() == 0 {
		t.Errorf("%d done, %d cancelled", done.Load(), cancelled.Load())
	}
	settles(t, futures.LiveFutures, 0)
}

func TestAHundredThousandAsyncCallsLeaveNothingBehind(t *testing.T) {
	settles(t, futures.LiveFutures, 0)
	for turn := range 100_000 {
		if got, err := futures.ReadyU8(t.Context(), uint8(turn)); got != uint8(turn) || err != nil {
			t.Fatalf("got %d, %v", got, err)
		}
	}
	if got := futures.LiveFutures(); got != 0 {
		t.Errorf("%d futures are alive", got)
	}
}
