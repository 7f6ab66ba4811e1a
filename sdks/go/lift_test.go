package commy

import (
	"context"
	"errors"
	"reflect"
	"testing"
	"time"

	"commy.dev/commy/internal/generated/ffi"
)

func TestErrors_EveryRawErrorBecomesItsStatusWithAllFields(t *testing.T) {
	text := func(text string) *string { return &text }
	info := ffi.ErrorInfo{
		Reason: "why", Service: text("s"), Method: text("m"), InstanceID: text("i"), Attempts: 2,
		Code: text("C"), DetailsJSON: text(`{"a":1}`),
	}
	raw := map[Status]error{
		Cancelled:          &ffi.CommyErrorCancelled{Info: info},
		InvalidArgument:    &ffi.CommyErrorInvalidArgument{Info: info},
		DeadlineExceeded:   &ffi.CommyErrorDeadlineExceeded{Info: info},
		NotFound:           &ffi.CommyErrorNotFound{Info: info},
		AlreadyExists:      &ffi.CommyErrorAlreadyExists{Info: info},
		PermissionDenied:   &ffi.CommyErrorPermissionDenied{Info: info},
		ResourceExhausted:  &ffi.CommyErrorResourceExhausted{Info: info},
		FailedPrecondition: &ffi.CommyErrorFailedPrecondition{Info: info},
		Unimplemented:      &ffi.CommyErrorUnimplemented{Info: info},
		Internal:           &ffi.CommyErrorInternal{Info: info},
		Unavailable:        &ffi.CommyErrorUnavailable{Info: info},
		Unauthenticated:    &ffi.CommyErrorUnauthenticated{Info: info},
		HandlerFailed:      &ffi.CommyErrorHandlerFailed{Info: info},
	}
	if len(raw) != len(statusNames) {
		t.Errorf("%d raw errors, %d statuses", len(raw), len(statusNames))
	}
	for status, err := range raw {
		want := &Error{
			Status: status, Reason: "why", Service: "s", Method: "m", InstanceID: "i", Attempts: 2,
			Code: "C", Details: []byte(`{"a":1}`),
		}
		if got := lift(err); !reflect.DeepEqual(got, want) {
			t.Errorf("got %+v, want %+v", got, want)
		}
	}
}

func TestErrors_WhatTheBindingsRefuseOrPanicWithHasAStatus(t *testing.T) {
	if got := lift(nil); got != nil {
		t.Errorf("got %v", got)
	}
	for _, one := range []struct {
		err  error
		want Status
	}{
		{new(ffi.InvalidValueError), InvalidArgument},
		{new(ffi.InternalError), Internal},
		{context.Canceled, Cancelled},
		{context.DeadlineExceeded, DeadlineExceeded},
	} {
		if got := lift(one.err); !errors.Is(got, one.want) || !errors.Is(got, one.err) {
			t.Errorf("%T became %v", one.err, got)
		}
	}
}

func TestPayload_TimesAreWholeMillisecondsAndNoneButZeroIsZero(t *testing.T) {
	for given, want := range map[time.Duration]uint64{
		0: 0, 1: 1, time.Millisecond: 1, time.Millisecond + 1: 2, time.Second: 1000, longest: uint64(longest/time.Millisecond) + 1,
	} {
		if got, err := milliseconds("a time", given); got != want || err != nil {
			t.Errorf("%v: got %d, %v", given, got, err)
		}
	}
	if _, err := milliseconds("a time", -1); !errors.Is(err, InvalidArgument) {
		t.Errorf("got %v", err)
	}
	for given, want := range map[uint64]time.Duration{0: 0, 5: 5 * time.Millisecond, 1<<64 - 1: longest} {
		if got := duration(given); got != want {
			t.Errorf("%d: got %v", given, got)
		}
	}
}

func TestErrors_AChoiceThatIsNoneIsRefusedAndEveryRawOneIsNamed(t *testing.T) {
	if _, err := choose("a health", healths, "splendid"); !errors.Is(err, InvalidArgument) {
		t.Errorf("got %v", err)
	}
	for health, raw := range healths {
		if named(healths, raw) != health {
			t.Errorf("%v is not itself", health)
		}
	}
	for kind, raw := range changeKinds {
		if named(changeKinds, raw) != kind {
			t.Errorf("%v is not itself", kind)
		}
	}
	for reach, raw := range reaches {
		if named(reaches, raw) != reach {
			t.Errorf("%v is not itself", reach)
		}
	}
	for mode, raw := range fabricModes {
		if named(fabricModes, raw) != mode {
			t.Errorf("%v is not itself", mode)
		}
	}
}
