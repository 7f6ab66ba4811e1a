package suite_test

import (
	"errors"
	"fmt"
	"testing"

	failing "suite/errors"
)

func TestAFlatErrorIsItsVariantWithTheMessageOfRust(t *testing.T) {
	if got, err := failing.Parse("12"); got != 12 || err != nil {
		t.Fatalf("got %d, %v", got, err)
	}
	_, err := failing.Parse("x")
	var unreadable *failing.ParseErrorUnreadable
	if !errors.As(err, &unreadable) || err.Error() != "not a number: x" {
		t.Errorf("got %v", err)
	}
	_, err = failing.Parse("101")
	var anyOfThem failing.ParseError
	if !errors.Is(err, &failing.ParseErrorOutOfRange{}) || !errors.As(err, &anyOfThem) {
		t.Errorf("got %v", err)
	}
	if errors.Is(err, &failing.ParseErrorUnreadable{}) {
		t.Error("one variant is another")
	}
	if err := failing.Require("7"); err != nil {
		t.Error(err)
	}
	if err := failing.Require("x"); !errors.Is(err, &failing.ParseErrorUnreadable{}) {
		t.Errorf("got %v", err)
	}
}

func TestARichErrorHasItsFields(t *testing.T) {
	if got, err := failing.Transfer(5, 3, false); got != 2 || err != nil {
		t.Fatalf("got %d, %v", got, err)
	}
	_, err := failing.Transfer(5, 8, false)
	var insufficient *failing.TransferErrorInsufficient
	if !errors.As(fmt.Errorf("wrapped: %w", err), &insufficient) {
		t.Fatalf("got %v", err)
	}
	if insufficient.Balance != 5 || insufficient.Needed != 8 {
		t.Errorf("got %+v", insufficient)
	}
	if got := err.Error(); got != "TransferError.Insufficient: balance=5, needed=8" && got != "TransferError.Insufficient: Balance=5, Needed=8" {
		t.Errorf("got %q", got)
	}
	_, err = failing.Transfer(5, 3, true)
	if !errors.Is(err, &failing.TransferErrorLocked{}) || err.Error() != "TransferError.Locked" {
		t.Errorf("got %v", err)
	}
	_, err = failing.Transfer(5, 0, false)
	var refused *failing.TransferErrorRefused
	if !errors.As(err, &refused) || refused.Detail.Line != 1 || *refused.Detail.Column != "amount" {
		t.Errorf("got %+v", refused)
	}
}

func TestAnErrorMayBeAnObject(t *testing.T) {
	settles(t, failing.LiveIncidents, 0)
	if err := failing.Provoke("fire", 0); err != nil {
		t.Fatal(err)
	}
	err := failing.Provoke("fire", 3)
	var incident *failing.Incident
	if !errors.As(err, &incident) || incident.What() != "fire" || incident.Severity() != 3 {
		t.Fatalf("got %v", err)
	}
	if err.Error() != "incident of severity 3: fire" {
		t.Errorf("got %q", err.Error())
	}
	if got := failing.LiveIncidents(); got != 1 {
		t.Errorf("%d incidents", got)
	}
	incident.Destroy()
	if got := failing.LiveIncidents(); got != 0 {
		t.Errorf("%d incidents", got)
	}
	for range 100 {
		if failing.Provoke("smoke", 1) == nil {
			t.Fatal("no incident")
		}
	}
	settles(t, failing.LiveIncidents, 0)
}

func TestAPanicKeepsItsMessage(t *testing.T) {
	err := panics(t, func() { failing.Explode("zwölf") })
	var internal *failing.InternalError
	if !errors.As(err, &internal) || err.Error() != "zwölf" {
		t.Errorf("got %v", err)
	}
}

func TestACallThatFailsGivesWhatItRefusesAsAnError(t *testing.T) {
	_, err := failing.Parse("\xff")
	var invalid *failing.InvalidValueError
	if !errors.As(err, &invalid) || err.Error() != `text must be UTF-8, got "\xff"` {
		t.Errorf("got %v", err)
	}
}
