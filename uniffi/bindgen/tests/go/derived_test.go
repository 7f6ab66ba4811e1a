package suite_test

import (
	"fmt"
	"testing"

	"suite/derived"
)

func TestObjectsHaveTheTraitsOfRustAsMethods(t *testing.T) {
	one, same, later := derived.NewVersion(1, 2), derived.NewVersion(1, 2), derived.NewVersion(1, 10)
	if got := fmt.Sprintf("%v %#v", one, one); got != "v1.2 Version { major: 1, minor: 2 }" {
		t.Errorf("got %q", got)
	}
	if !one.Equal(same) || one.Equal(later) {
		t.Error("what is equal is not")
	}
	if one.Compare(later) != -1 || one.Compare(same) != 0 || later.Compare(one) != 1 {
		t.Error("the order is wrong")
	}
	if one.Hash() != same.Hash() {
		t.Error("equal objects have different hashes")
	}
	if got := fmt.Sprint(derived.Sorted([]*derived.Version{later, one})); got != "[v1.2 v1.10]" {
		t.Errorf("got %q", got)
	}
}

func TestAnObjectMayHaveSomeOfThem(t *testing.T) {
	token := derived.NewToken("a")
	if !token.Equal(derived.NewToken("a")) || token.Equal(derived.NewToken("b")) {
		t.Error("what is equal is not")
	}
}

func TestValuesHaveThemToo(t *testing.T) {
	span := derived.EchoSpan(derived.Span{From: 1, To: 5})
	if got := fmt.Sprintf("%v %#v", span, span); got != "1..5 Span { from: 1, to: 5 }" {
		t.Errorf("got %q", got)
	}
	if !span.Equal(derived.Span{From: 1, To: 5}) || span.Compare(derived.Span{From: 1, To: 6}) != -1 {
		t.Error("the order is wrong")
	}
	if span.Hash() != (derived.Span{From: 1, To: 5}).Hash() {
		t.Error("equal values have different hashes")
	}
	level := derived.EchoLevel(derived.LevelHigh{By: 2})
	if got := fmt.Sprint(level); got != "high by 2" {
		t.Errorf("got %q", got)
	}
	if level.Equal(derived.LevelLow{}) || level.Compare(derived.LevelLow{}) != 1 {
		t.Error("the order is wrong")
	}
}
