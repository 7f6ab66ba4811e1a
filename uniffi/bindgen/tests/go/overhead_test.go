package suite_test

import (
	"strings"
	"testing"
	"time"

	"suite/bare"
	"suite/objects"
	"suite/primitives"
	suitestrings "suite/strings"
)

// most is how many times a bare call a generated one may take.
const most = 1.5

// A round is long enough to be measured, and short enough that some are not disturbed.
const (
	rounds = 200
	calls  = 2000
)

// quickest is the shortest of many rounds of each, taken in turns: what the machine does beside
// makes a round longer, and none shorter.
func quickest(functions ...func()) []time.Duration {
	shortest := make([]time.Duration, len(functions))
	for round := range rounds {
		for index, call := range functions {
			start := time.Now()
			for range calls {
				call()
			}
			if elapsed := time.Since(start); round == 0 || elapsed < shortest[index] {
				shortest[index] = elapsed
			}
		}
	}
	return shortest
}

func TestASyncCallCostsLittleMoreThanABareOne(t *testing.T) {
	text := strings.Repeat("commy", 20)
	counter, bareCounter := objects.NewCounter(), bare.NewCounter()
	for what, functions := range map[string][]func(){
		"a number": {
			func() { primitives.EchoU64(7) },
			func() { bare.EchoU64(7) },
		},
		"a text of 100 bytes": {
			func() { suitestrings.Echo(text) },
			func() { bare.Echo(text) },
		},
		"a method": {
			func() { counter.Value() },
			func() { bareCounter.Value() },
		},
	} {
		times := quickest(functions...)
		generated, byHand := times[0]/calls, times[1]/calls
		ratio := float64(times[0]) / float64(times[1])
		t.Logf("%s: %v, by hand %v: %.2f times", what, generated, byHand, ratio)
		if ratio > most {
			t.Errorf("%s costs %.2f times a bare call, more than %.1f", what, ratio, most)
		}
	}
}
