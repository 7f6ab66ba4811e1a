package suite_test

import (
	"math"
	"strings"
	"testing"

	"suite/primitives"
)

func TestNumbersCrossAtTheirLimits(t *testing.T) {
	echoes(t, primitives.EchoU8, 0, math.MaxUint8)
	echoes(t, primitives.EchoI8, math.MinInt8, math.MaxInt8)
	echoes(t, primitives.EchoU16, 0, math.MaxUint16)
	echoes(t, primitives.EchoI16, math.MinInt16, math.MaxInt16)
	echoes(t, primitives.EchoU32, 0, math.MaxUint32)
	echoes(t, primitives.EchoI32, math.MinInt32, math.MaxInt32)
	echoes(t, primitives.EchoU64, 0, math.MaxUint64)
	echoes(t, primitives.EchoI64, math.MinInt64, math.MaxInt64)
	echoes(t, primitives.EchoF32, 0, 0.5, math.MaxFloat32, float32(math.Inf(-1)))
	echoes(t, primitives.EchoF64, 0, 0.5, math.MaxFloat64, math.Inf(1))
	if !math.IsNaN(primitives.EchoF64(math.NaN())) {
		t.Error("NaN did not cross")
	}
}

func TestBooleansCross(t *testing.T) {
	echoes(t, primitives.EchoBoolean, true, false)
}

func TestAFunctionWithoutAResultRuns(t *testing.T) {
	before := primitives.Ticks()
	primitives.Tick()
	if got := primitives.Ticks(); got != before+1 {
		t.Errorf("got %d ticks after %d", got, before)
	}
}

func TestAPanicInRustIsAPanicAndTheNextCallWorks(t *testing.T) {
	func() {
		defer func() {
			err, ok := recover().(*primitives.InternalError)
			if !ok || !strings.Contains(err.Error(), "the sum fits a u32") {
				t.Errorf("recovered %v", err)
			}
		}()
		primitives.Add(math.MaxUint32, 1)
	}()
	if got := primitives.Add(2, 3); got != 5 {
		t.Errorf("got %d", got)
	}
}

func TestAStringCrossesBothWays(t *testing.T) {
	if got := primitives.Greet("wörld"); got != "hello, wörld" {
		t.Errorf("got %q", got)
	}
}
