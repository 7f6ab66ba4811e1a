package suite_test

import (
	"testing"

	"suite/compounds"
)

func TestOptionalsCross(t *testing.T) {
	deeply(t, compounds.EchoOptional, nil, pointer[uint32](0), pointer[uint32](7))
	deeply(t, compounds.EchoOptionalString, nil, pointer(""), pointer("zwölf"))
	deeply(t, compounds.EchoOptionalBoolean, nil, pointer(false), pointer(true))
}

func TestSequencesCross(t *testing.T) {
	deeply(t, compounds.EchoSequence, []int32{}, []int32{-1, 0, 1})
	deeply(t, compounds.EchoStrings, []string{}, []string{"", "a", "🦀"})
	deeply(t, compounds.EchoGaps, []*string{nil, pointer("a"), nil})
	deeply(t, compounds.EchoGrid, [][]uint8{}, [][]uint8{{}, {1, 2, 255}})
	if got := compounds.EchoSequence(nil); got == nil || len(got) != 0 {
		t.Errorf("got %v for nil", got)
	}
	if got := compounds.Sum([]int64{1, -2, 1 << 40}); got != 1<<40-1 {
		t.Errorf("got %d", got)
	}
}

func TestMapsCross(t *testing.T) {
	deeply(t, compounds.EchoMap, map[string]uint64{}, map[string]uint64{"a": 1, "": 1 << 63})
	deeply(t, compounds.EchoNumbered, map[uint32]string{0: "a", 9: "b"})
}

func TestCompoundsNest(t *testing.T) {
	index := map[string][]compounds.Entry{
		"a": {{Key: "x", Position: pointer[uint32](3)}, {Key: "y"}},
		"b": {},
	}
	deeply(t, compounds.EchoIndex, nil, map[string][]compounds.Entry{}, index)
}

func TestALongSequenceCrosses(t *testing.T) {
	values := make([]int32, 1_000_000)
	for index := range values {
		values[index] = int32(index)
	}
	deeply(t, compounds.EchoSequence, values)
}
