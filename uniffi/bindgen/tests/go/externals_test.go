package suite_test

import (
	"errors"
	"testing"

	"suite/enums"
	failing "suite/errors"
	"suite/externals"
	"suite/objects"
	"suite/records"
)

func TestValuesOfAnotherPackageCross(t *testing.T) {
	if got := externals.Mirrored(records.Point{X: 1, Y: -2}); got != (records.Point{X: -1, Y: 2}) {
		t.Errorf("got %v", got)
	}
	line := records.Line{To: records.Point{X: 3, Y: 4}}
	if got := externals.Corners(line); len(got) < 3 || got[1] != (records.Point{X: 3}) {
		t.Errorf("got %v", got)
	}
	if externals.Favourite(false) != nil || externals.Favourite(true) == nil {
		t.Error("an optional enum of another package did not cross")
	}
	drawing := externals.Drawing{Lines: []records.Line{line}, Colour: enums.ColourGreen}
	deeply(t, externals.EchoDrawing, drawing)
}

func TestObjectsOfAnotherPackageCross(t *testing.T) {
	settles(t, objects.LiveCounters, 0)
	counter := objects.NewCounter()
	if got := externals.Bump(counter); got != 1 || counter.Value() != 1 {
		t.Errorf("got %d", got)
	}
	fresh := externals.Fresh()
	fresh.Increment()
	fresh.Destroy()
	err := panics(t, func() { externals.Bump(fresh) })
	if err.Error() != "this Counter was destroyed" {
		t.Errorf("got %v", err)
	}
	counter.Destroy()
	if got := objects.LiveCounters(); got != 0 {
		t.Errorf("%d counters", got)
	}
}

func TestErrorsOfAnotherPackageAreReturned(t *testing.T) {
	var insufficient *failing.TransferErrorInsufficient
	if err := externals.Spend(1, 2); !errors.As(err, &insufficient) || insufficient.Needed != 2 {
		t.Errorf("got %v", err)
	}
	if err := externals.Spend(2, 1); err != nil {
		t.Error(err)
	}
}
