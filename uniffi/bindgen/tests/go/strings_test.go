package suite_test

import (
	"testing"

	"suite/strings"
)

func TestStringsCrossUnchanged(t *testing.T) {
	for _, text := range []string{"", "a", "zwölf", "日本語", "🦀🦀", "a\x00b"} {
		if got := strings.Echo(text); got != text {
			t.Errorf("got %q, want %q", got, text)
		}
	}
}

func TestRustSeesTheUTF8ThatWasPassed(t *testing.T) {
	if got := strings.BytesIn("zwölf"); got != 6 {
		t.Errorf("got %d bytes", got)
	}
	if got := strings.ScalarsIn("🦀🦀"); got != 2 {
		t.Errorf("got %d scalars", got)
	}
	if !strings.IsEmpty("") || strings.IsEmpty(" ") {
		t.Error("Rust does not see which text is empty")
	}
}

func TestSeveralStringsCrossInOneCall(t *testing.T) {
	if got := strings.Join("left ", "right"); got != "left right" {
		t.Errorf("got %q", got)
	}
	if got := strings.Reversed("abc"); got != "cba" {
		t.Errorf("got %q", got)
	}
}

func TestALongStringCrosses(t *testing.T) {
	if got := len(strings.Repeat("0123456789", 100_000)); got != 1_000_000 {
		t.Errorf("got %d bytes", got)
	}
}
