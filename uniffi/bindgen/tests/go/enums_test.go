package suite_test

import (
	"fmt"
	"math"
	"reflect"
	"testing"

	"suite/enums"
)

func TestFlatEnumsCross(t *testing.T) {
	echoes(t, enums.EchoColour, enums.ColourRed, enums.ColourGreen, enums.ColourDarkBlue)
	if got := enums.Next(enums.ColourGreen); got != enums.ColourDarkBlue {
		t.Errorf("got %v", got)
	}
}

func TestAVariantHasItsName(t *testing.T) {
	if got := fmt.Sprint(enums.ColourDarkBlue, enums.Colour(9)); got != "DarkBlue Colour(9)" {
		t.Errorf("got %q", got)
	}
}

func TestAValueThatIsNoVariantIsRefused(t *testing.T) {
	err := panics(t, func() { enums.EchoColour(9) })
	if err.Error() != "Colour(9) is none of the variants" {
		t.Errorf("got %v", err)
	}
	err = panics(t, func() { enums.EchoShape(nil) })
	if _, ok := err.(*enums.InvalidValueError); !ok {
		t.Errorf("got %v", err)
	}
	err = panics(t, func() { enums.EchoShape(&enums.ShapeEmpty{}) })
	want := "*enums.ShapeEmpty is none of the variants of Shape: they are structs, not pointers"
	if err.Error() != want {
		t.Errorf("got %v", err)
	}
}

func TestRichEnumsCross(t *testing.T) {
	echoes[enums.Shape](t, enums.EchoShape,
		enums.ShapeEmpty{},
		enums.ShapeCircle{Radius: 0.5},
		enums.ShapeRectangle{Width: 2, Height: 3},
		enums.ShapeLabelled{Label: "zwölf", Colour: enums.ColourDarkBlue},
	)
	if got := enums.Area(enums.ShapeRectangle{Width: 2, Height: 3}); got != 6 {
		t.Errorf("got %v", got)
	}
	if got := enums.Area(enums.ShapeCircle{Radius: 1}); got != math.Pi {
		t.Errorf("got %v", got)
	}
}

func TestAnEnumMayContainItself(t *testing.T) {
	var sum enums.Expression = enums.ExpressionSum{Terms: []enums.Expression{
		enums.ExpressionNumber{Value: 1},
		enums.ExpressionSum{Terms: []enums.Expression{enums.ExpressionNumber{Value: -3}}},
	}}
	if got := enums.EchoExpression(sum); !reflect.DeepEqual(got, sum) {
		t.Errorf("got %v", got)
	}
	if got := enums.Evaluate(sum); got != -2 {
		t.Errorf("got %d", got)
	}
}

func TestAnEnumThatWasDeclaredRichIsFlatWithoutFields(t *testing.T) {
	echoes(t, enums.EchoSignal, enums.SignalStop, enums.SignalGo)
}
