package suite_test

import (
	"errors"
	"testing"
	"time"

	"suite/moments"
)

func TestTimesCrossToTheNanosecond(t *testing.T) {
	for _, at := range []time.Time{
		time.Unix(0, 0),
		time.Unix(1_700_000_000, 123_456_789),
		time.Unix(-1, 0),
		time.Unix(-2, 999_999_999),
		time.Unix(-1000, 1),
	} {
		if got := moments.EchoTimestamp(at); !got.Equal(at) {
			t.Errorf("got %v, want %v", got, at)
		}
		if got := moments.Nanoseconds(at); got != at.UnixNano() {
			t.Errorf("got %d, want %d", got, at.UnixNano())
		}
	}
	if !moments.Epoch().Equal(time.Unix(0, 0)) || moments.EchoOptional(nil) != nil {
		t.Error("the epoch, or no time, did not cross")
	}
	zone := time.FixedZone("here", 3600)
	at := time.Date(2024, 2, 29, 12, 0, 0, 0, zone)
	if got := moments.EchoOptional(&at); !got.Equal(at) || got.Location() != time.UTC {
		t.Errorf("got %v", got)
	}
}

func TestWhatUniFFIHasNoSignForIsRefused(t *testing.T) {
	err := panics(t, func() { moments.EchoTimestamp(time.Unix(-1, 999_999_999)) })
	if err.Error() != "a time cannot lie less than a second before 1970, got -1 ns" {
		t.Errorf("got %v", err)
	}
	if err := panics(t, func() { moments.EchoDuration(-1) }); err.Error() != "a duration must not be negative, got -1ns" {
		t.Errorf("got %v", err)
	}
}

func TestDurationsCrossToTheNanosecond(t *testing.T) {
	echoes(t, moments.EchoDuration, 0, 1, 3*time.Second+1, 1<<63-1)
	err := panics(t, func() { moments.Longest() })
	var internal *moments.InternalError
	if !errors.As(err, &internal) {
		t.Errorf("a duration of more than 292 years gives %v", err)
	}
	appointment := moments.Appointment{At: time.Unix(9, 0).UTC(), Takes: time.Millisecond}
	if got := moments.EchoAppointment(appointment); got != appointment {
		t.Errorf("got %v", got)
	}
}

func TestTheyAreReckonedWithInRust(t *testing.T) {
	at := time.Unix(10, 0)
	later, err := moments.Later(at, 5*time.Second+5)
	if err != nil || !later.Equal(time.Unix(15, 5)) {
		t.Errorf("got %v, %v", later, err)
	}
	if got, err := moments.Between(at, later); got != 5*time.Second+5 || err != nil {
		t.Errorf("got %v, %v", got, err)
	}
	if _, err := moments.Between(later, at); !errors.Is(err, &moments.MomentErrorBackwards{}) {
		t.Errorf("got %v", err)
	}
	if _, err := moments.Later(time.Unix(1<<62+1<<62-1, 0), 1<<63-1); !errors.Is(err, &moments.MomentErrorOverflow{}) {
		t.Errorf("got %v", err)
	}
}
