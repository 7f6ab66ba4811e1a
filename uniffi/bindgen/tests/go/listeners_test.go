package suite_test

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"time"

	"suite/listeners"
)

type oracle struct {
	answer    func(ctx context.Context, question string) (string, error)
	heard     []string
	cancelled atomic.Uint64
}

func (o *oracle) Answer(ctx context.Context, question string) (string, error) {
	if o.answer != nil {
		return o.answer(ctx, question)
	}
	switch question {
	case "slow":
		select {
		case <-ctx.Done():
			o.cancelled.Add(1)
			return "", ctx.Err()
		case <-time.After(10 * time.Second):
		}
	case "bad":
		return "", &listeners.AnswerErrorUnknown{Question: question}
	case "worse":
		return "", errors.New("broken")
	}
	return question + "!", nil
}

func (o *oracle) Add(_ context.Context, left uint64, right uint32) (uint64, error) {
	return left + uint64(right), nil
}

func (o *oracle) Told(_ context.Context, text string) error {
	o.heard = append(o.heard, text)
	return nil
}

func (o *oracle) Name() string { return "oracle" }

func TestRustAwaitsWhatWeAnswer(t *testing.T) {
	ours := new(oracle)
	if got, err := listeners.Ask(t.Context(), ours, "why"); got != "oracle: why!" || err != nil {
		t.Errorf("got %q, %v", got, err)
	}
	if got, err := listeners.AddUp(t.Context(), ours, []uint32{1, 2, 3}); got != 6 || err != nil {
		t.Errorf("got %d, %v", got, err)
	}
	if err := listeners.Notify(t.Context(), ours, "news"); err != nil || len(ours.heard) != 1 || ours.heard[0] != "news" {
		t.Errorf("got %v, %v", ours.heard, err)
	}
}

func TestWhatAMethodFailsWithReachesRust(t *testing.T) {
	_, err := listeners.Ask(t.Context(), new(oracle), "bad")
	var unknown *listeners.AnswerErrorUnknown
	if !errors.As(err, &unknown) || unknown.Question != "bad" {
		t.Errorf("got %v", err)
	}
	var unexpected *listeners.AnswerErrorUnexpected
	for want, ours := range map[string]*oracle{
		"broken":   {answer: func(context.Context, string) (string, error) { return "", errors.New("broken") }},
		"no voice": {answer: func(context.Context, string) (string, error) { panic("no voice") }},
	} {
		_, err = listeners.Ask(t.Context(), ours, "x")
		if !errors.As(err, &unexpected) || unexpected.Reason != want {
			t.Errorf("got %v", err)
		}
	}
}

func TestOurMethodLearnsThatRustWaitsNoMore(t *testing.T) {
	ours := new(oracle)
	_, err := listeners.AskWithin(t.Context(), ours, "slow", 10)
	var late *listeners.AnswerErrorTooLate
	if !errors.As(err, &late) || late.LimitMs != 10 {
		t.Errorf("got %v", err)
	}
	settles(t, ours.cancelled.Load, 1)
	if got, err := listeners.AskWithin(t.Context(), ours, "fast", 5000); got != "fast!" || err != nil {
		t.Errorf("got %q, %v", got, err)
	}
}

func TestCancellingTheCallReachesOurMethodThroughRust(t *testing.T) {
	ours := new(oracle)
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
	defer cancel()
	if _, err := listeners.Ask(ctx, ours, "slow"); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v", err)
	}
	settles(t, ours.cancelled.Load, 1)
}

func TestThreadsOfRustAskAtTheSameTime(t *testing.T) {
	if got, err := listeners.AskFromThreads(t.Context(), new(oracle), 64); got != 64 || err != nil {
		t.Errorf("got %d, %v", got, err)
	}
}

func TestTenThousandAsyncCallsFromRust(t *testing.T) {
	numbers := make([]uint32, 10_000)
	for index := range numbers {
		numbers[index] = 1
	}
	if got, err := listeners.AddUp(t.Context(), new(oracle), numbers); got != 10_000 || err != nil {
		t.Errorf("got %d, %v", got, err)
	}
}
