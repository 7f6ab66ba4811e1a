package suite_test

import (
	"encoding/binary"
	"errors"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"suite/callbacks"
)

type recorder struct {
	apply func(text string) string
	mutex sync.Mutex
	calls []seen
}

type seen struct {
	index   uint64
	payload []byte
}

func (r *recorder) Apply(text string) string {
	if r.apply != nil {
		return r.apply(text)
	}
	return strings.ToUpper(text)
}

func (r *recorder) TryApply(text string) (string, error) {
	switch text {
	case "bad":
		return "", &callbacks.TransformErrorRejected{Text: text, Position: 3}
	case "worse":
		return "", errors.New("broken")
	}
	return text + text, nil
}

func (r *recorder) Seen(index uint64, payload []byte) {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	r.calls = append(r.calls, seen{index, payload})
}

func TestRustCallsBackOnThisThread(t *testing.T) {
	if got := callbacks.Transform(new(recorder), "zwölf"); got != "ZWÖLF" {
		t.Errorf("got %q", got)
	}
	if got, err := callbacks.TryTransform(new(recorder), "ab"); got != "abab" || err != nil {
		t.Errorf("got %q, %v", got, err)
	}
}

func TestACallbackMayCallRust(t *testing.T) {
	ours := new(recorder)
	ours.apply = func(text string) string {
		if len(text) < 20 {
			return callbacks.Transform(ours, text+text)
		}
		return text
	}
	if got := callbacks.Transform(ours, "ab"); got != strings.Repeat("ab", 16) {
		t.Errorf("got %q", got)
	}
}

func TestTheErrorOfACallbackIsThatOfTheCall(t *testing.T) {
	_, err := callbacks.TryTransform(new(recorder), "bad")
	var rejected *callbacks.TransformErrorRejected
	if !errors.As(err, &rejected) || rejected.Text != "bad" || rejected.Position != 3 {
		t.Errorf("got %v", err)
	}
	_, err = callbacks.TryTransform(new(recorder), "worse")
	var unexpected *callbacks.TransformErrorUnexpected
	if !errors.As(err, &unexpected) || unexpected.Reason != "broken" {
		t.Errorf("got %v", err)
	}
}

func TestTenThousandCallsArriveFromThreadsOfRust(t *testing.T) {
	ours := new(recorder)
	pump := callbacks.NewPump(ours)
	defer pump.Destroy()
	pump.Run(8, 1250)
	if pump.Finished() != 10_000 || len(ours.calls) != 10_000 {
		t.Fatalf("%d finished, %d seen", pump.Finished(), len(ours.calls))
	}
	for _, call := range ours.calls {
		if call.index%2 != 0 {
			if call.payload != nil {
				t.Fatalf("got %v", call)
			}
		} else if uint64(binary.BigEndian.Uint32(call.payload)) != call.index {
			t.Fatalf("got %v", call)
		}
	}
}

func TestCallsArriveAfterTheCallThatCausedThem(t *testing.T) {
	ours := new(recorder)
	pump := callbacks.NewPump(ours)
	defer pump.Destroy()
	pump.RunLater(50, 5)
	for turn := 0; turn < 1000 && pump.Finished() < 50; turn++ {
		time.Sleep(5 * time.Millisecond)
	}
	ours.mutex.Lock()
	defer ours.mutex.Unlock()
	if len(ours.calls) != 50 {
		t.Errorf("%d calls", len(ours.calls))
	}
}

func TestRustLetsGoOfACallback(t *testing.T) {
	var finalized atomic.Uint64
	pump := func() *callbacks.Pump {
		ours := new(recorder)
		runtime.AddCleanup(ours, func(count *atomic.Uint64) { count.Add(1) }, &finalized)
		return callbacks.NewPump(ours)
	}()
	pump.Destroy()
	settles(t, finalized.Load, 1)
}
