package suite_test

import (
	"testing"

	"suite/macros"
)

func TestSetsCross(t *testing.T) {
	deeply(t, macros.EchoSet, map[string]struct{}{}, map[string]struct{}{"a": {}, "b": {}})
}

func TestAnEnumWithDiscriminantsHasTheirNumbers(t *testing.T) {
	echoes(t, macros.EchoPort, macros.PortHTTP, macros.PortNext, macros.PortLast)
	if macros.PortHTTP != 80 || macros.PortNext != 81 || macros.PortLast != 255 {
		t.Error("the numbers are others")
	}
	if err := panics(t, func() { macros.EchoPort(1) }); err.Error() != "Port(1) is none of the variants" {
		t.Errorf("got %v", err)
	}
}

func TestNamelessFieldsAreNumbered(t *testing.T) {
	echoes[macros.Measure](t, macros.EchoMeasure, macros.MeasureMetres{V1: 3}, macros.MeasureBetween{V1: 1, V2: 2})
}

func TestARecordThatBoxesItselfCrosses(t *testing.T) {
	if got := macros.Links(macros.Link{Value: 1, Next: &macros.Link{Value: 2}}); got != 2 {
		t.Errorf("got %d", got)
	}
}

func TestARecordHasMethods(t *testing.T) {
	if got := (macros.Celsius{Degrees: 100}).Fahrenheit(); got != 212 {
		t.Errorf("got %v", got)
	}
	if got := macros.NewCelsius().Fahrenheit(); got != 68 {
		t.Errorf("got %v", got)
	}
}
