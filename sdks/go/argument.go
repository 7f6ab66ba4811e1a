package commy

import (
	"time"
)

// What the library counts in milliseconds is at most so long in Go.
const longest = time.Duration(1<<63 - 1)

// milliseconds rounds up, so that no time but none becomes zero.
func milliseconds(what string, length time.Duration) (uint64, error) {
	if length < 0 {
		return 0, invalid("%s must be at least 0, not %v", what, length)
	}
	whole := uint64(length / time.Millisecond)
	if length%time.Millisecond > 0 {
		whole++
	}
	return whole, nil
}

// duration is what the library says in milliseconds.
func duration(milliseconds uint64) time.Duration {
	if milliseconds > uint64(longest/time.Millisecond) {
		return longest
	}
	return time.Duration(milliseconds) * time.Millisecond
}

func textOf(text *string) string {
	if text == nil {
		return ""
	}
	return *text
}

// optional takes the empty text for none.
func optional(text string) *string {
	if text == "" {
		return nil
	}
	return &text
}

// choose finds the raw value of a choice.
func choose[K ~string, V any](what string, choices map[K]V, chosen K) (V, error) {
	value, ok := choices[chosen]
	if !ok {
		return value, invalid("%s must be one that is named by a constant of its type, not %q", what, string(chosen))
	}
	return value, nil
}

// named finds the choice that a raw value stands for.
func named[K ~string, V comparable](choices map[K]V, raw V) K {
	for choice, value := range choices {
		if value == raw {
			return choice
		}
	}
	return ""
}
