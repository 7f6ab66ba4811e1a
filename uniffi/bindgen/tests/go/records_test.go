package suite_test

import (
	"errors"
	"math"
	"reflect"
	"testing"

	"suite/records"
)

func TestRecordsCross(t *testing.T) {
	line := records.Line{From: records.Point{X: 1, Y: 2}, To: records.Point{X: 4, Y: 6}}
	echoes(t, records.EchoLine, line)
	echoes(t, records.EchoPoint, records.Point{X: -0.5})
	echoes(t, records.EchoNothing, records.Nothing{})
	if got := records.Length(line); got != 5 {
		t.Errorf("got %v", got)
	}
}

func TestEveryPrimitiveIsAField(t *testing.T) {
	echoes(t, records.EchoEverything, records.Everything{
		U8Value: math.MaxUint8, I8Value: math.MinInt8,
		U16Value: math.MaxUint16, I16Value: math.MinInt16,
		U32Value: math.MaxUint32, I32Value: math.MinInt32,
		U64Value: math.MaxUint64, I64Value: math.MinInt64,
		F32Value: 0.5, F64Value: math.SmallestNonzeroFloat64,
		BooleanValue: true, StringValue: "zwölf",
	})
}

func TestARecordIsMadeWithItsDefaults(t *testing.T) {
	settings := records.NewSettings("ada")
	title := "untitled"
	want := records.Settings{
		Name: "ada", Enabled: true, Offset: -7, Limit: 255, Ratio: 0.5, Label: "plain",
		Title: &title, Weights: map[string]uint32{}, Mode: records.ModeFast,
	}
	if !reflect.DeepEqual(settings, want) {
		t.Errorf("got %+v, want %+v", settings, want)
	}
	settings.Weights["a"] = 1
	settings.Tags = []string{"x", "y"}
	if got := records.EchoSettings(settings); !reflect.DeepEqual(got, settings) {
		t.Errorf("got %+v, want %+v", got, settings)
	}
}

func TestArgumentsHaveDefaults(t *testing.T) {
	if got := records.Describe("ada", nil); got != "ada x3 []" {
		t.Errorf("got %q", got)
	}
	options := records.NewDescribeOptions()
	options.Loud = true
	options.Tags = []string{"a", "b"}
	if got := records.Describe("ada", options); got != "ADA x3 [a,b]" {
		t.Errorf("got %q", got)
	}
}

func TestARecordMayContainItself(t *testing.T) {
	tree := records.Tree{Name: "a", Children: []records.Tree{
		{Name: "b", Children: []records.Tree{}},
		{Name: "c", Children: []records.Tree{{Name: "d", Children: []records.Tree{}}}},
	}}
	if got := records.EchoTree(tree); !reflect.DeepEqual(got, tree) {
		t.Errorf("got %+v, want %+v", got, tree)
	}
}

func TestAFieldThatIsNoGoodIsRefusedAndTheNextCallWorks(t *testing.T) {
	refused := func(settings records.Settings, want string) {
		t.Helper()
		err := panics(t, func() { records.EchoSettings(settings) })
		var invalid *records.InvalidValueError
		if !errors.As(err, &invalid) || err.Error() != want {
			t.Errorf("got %v, want %q", err, want)
		}
	}
	settings := records.NewSettings("a")
	settings.Mode = 0
	refused(settings, "Mode(0) is none of the variants")
	settings = records.NewSettings("\xff")
	refused(settings, `text must be UTF-8, got "\xff"`)
	if got := records.EchoSettings(records.NewSettings("b")).Name; got != "b" {
		t.Errorf("got %q", got)
	}
}
