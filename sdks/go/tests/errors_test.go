package tests

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime"
	"strings"
	"testing"

	"commy.dev/commy"
)

type CustomError struct{ what string }

func (e *CustomError) Error() string { return e.what }

func failing(err error) commy.Handler {
	return commy.Func(func(context.Context, any) (any, error) { return nil, err })
}

var failures = commy.Methods{
	"custom":   failing(&CustomError{"it broke: ä"}),
	"wrapped":  failing(fmt.Errorf("while ordering: %w", &commy.HandlerError{Code: "OUT_OF_STOCK", Reason: "2 left"})),
	"told":     failing(&commy.HandlerError{Code: "OUT_OF_STOCK", Reason: "2 left", Details: map[string]any{"left": 2, "of": []string{"ä"}}}),
	"bad":      failing(commy.BadRequest("an order needs an id")),
	"unknown":  failing(commy.UnknownMethod("picky has no wish")),
	"bytes":    failing(errors.New("half \xff")),
	"long":     failing(&commy.HandlerError{Code: strings.Repeat("C", 1000), Reason: strings.Repeat("r", 100_000)}),
	"details":  failing(&commy.HandlerError{Code: "CODE", Reason: "reason", Details: make(chan int)}),
	"forwards": failing(&commy.Error{Status: commy.NotFound, Reason: "no such order", Service: "other"}),
	"panics":   commy.Func(func(context.Context, any) (any, error) { panic("at the disco") }),
	"exits": commy.Func(func(context.Context, any) (any, error) {
		runtime.Goexit()
		return nil, nil
	}),
	"fine": commy.Func(func(context.Context, any) (string, error) { return "fine", nil }),
}

// failure is that of a method, after which the service goes on.
func failure(t *testing.T, mesh *commy.Mesh, method string, status commy.Status) *commy.Error {
	t.Helper()
	_, err := mesh.Call(limited(t), "fails", method, nil)
	known := fails(t, err, status)
	equal(t, "the other", must(commy.Call[string](limited(t), mesh, "fails", "fine", nil))(t), "fine")
	return known
}

func TestErrors_AnErrorIsToldByItsTypeAndMessage(t *testing.T) {
	mesh := started(t)
	registration := register(t, mesh, "fails", failures)
	known := failure(t, mesh, "custom", commy.HandlerFailed)
	equal(t, "code", known.Code, "CustomError")
	equal(t, "reason", known.Reason, "it broke: ä")
	equal(t, "where", known.Service+"."+known.Method, "fails.custom")
	equal(t, "instance", known.InstanceID, registration.Instance().ID)
	equal(t, "attempts", known.Attempts, 1)
	equal(t, "details", len(known.Details), 0)
	equal(t, "text", known.Error(), "HANDLER_FAILED: it broke: ä")
}

func TestErrors_AHandlersOwnErrorBringsItsCodeAndDetails(t *testing.T) {
	mesh := started(t)
	register(t, mesh, "fails", failures)
	known := failure(t, mesh, "told", commy.HandlerFailed)
	equal(t, "told", known.Code+", "+known.Reason+", "+string(known.Details), `OUT_OF_STOCK, 2 left, {"left":2,"of":["ä"]}`)
	known = failure(t, mesh, "wrapped", commy.HandlerFailed)
	equal(t, "wrapped", known.Code+", "+known.Reason, "OUT_OF_STOCK, 2 left")
}

func TestErrors_AnErrorThatIsHardToTellIsToldAllTheSame(t *testing.T) {
	mesh := started(t)
	register(t, mesh, "fails", failures)
	known := failure(t, mesh, "bytes", commy.HandlerFailed)
	equal(t, "bytes", known.Code+", "+known.Reason, "errorString, half \uFFFD")
	known = failure(t, mesh, "forwards", commy.HandlerFailed)
	equal(t, "forwards", known.Code+", "+known.Reason, "Error, NOT_FOUND: no such order")
	if reason := failure(t, mesh, "details", commy.Internal).Reason; !strings.Contains(reason, "details cannot be sent") {
		t.Error(reason)
	}
}

func TestErrors_AnEndlessCodeDoesNotSilenceTheFailure(t *testing.T) {
	mesh := started(t)
	register(t, mesh, "fails", failures)
	_, err := mesh.Call(limited(t), "fails", "long", nil)
	if !errors.Is(err, commy.HandlerFailed) && !errors.Is(err, commy.Internal) {
		t.Errorf("got %v", err)
	}
	must(mesh.Call(limited(t), "fails", "fine", nil))(t)
}

func TestErrors_ARequestThatAHandlerCannotUnderstandIsAnInvalidArgument(t *testing.T) {
	mesh := started(t)
	register(t, mesh, "fails", failures)
	known := failure(t, mesh, "bad", commy.InvalidArgument)
	if !strings.Contains(known.Reason, "an order needs an id") {
		t.Error(known.Reason)
	}
}

func TestErrors_AFunctionMaySayThatItLacksAMethod(t *testing.T) {
	mesh := started(t)
	register(t, mesh, "fails", failures)
	known := failure(t, mesh, "unknown", commy.Unimplemented)
	if !strings.Contains(known.Reason, "picky has no wish") {
		t.Error(known.Reason)
	}
}

func TestErrors_APanicIsLoggedWhereItRunsAndInternalToItsCaller(t *testing.T) {
	var log bytes.Buffer
	before := slog.Default()
	slog.SetDefault(slog.New(slog.NewTextHandler(&log, nil)))
	defer slog.SetDefault(before)
	mesh := started(t)
	register(t, mesh, "fails", failures)
	if reason := failure(t, mesh, "panics", commy.Internal).Reason; !strings.Contains(reason, "panicked: at the disco") {
		t.Error(reason)
	}
	if text := log.String(); !strings.Contains(text, "service=fails method=panics") || !strings.Contains(text, "errors_test.go") {
		t.Errorf("the log says %q", text)
	}
	if reason := failure(t, mesh, "exits", commy.Internal).Reason; !strings.Contains(reason, "without an answer") {
		t.Error(reason)
	}
}

func TestErrors_EveryStatusIsAnErrorByItsName(t *testing.T) {
	for status, name := range map[commy.Status]string{
		commy.Cancelled: "CANCELLED", commy.InvalidArgument: "INVALID_ARGUMENT",
		commy.DeadlineExceeded: "DEADLINE_EXCEEDED", commy.NotFound: "NOT_FOUND",
		commy.AlreadyExists: "ALREADY_EXISTS", commy.PermissionDenied: "PERMISSION_DENIED",
		commy.ResourceExhausted: "RESOURCE_EXHAUSTED", commy.FailedPrecondition: "FAILED_PRECONDITION",
		commy.Unimplemented: "UNIMPLEMENTED", commy.Internal: "INTERNAL", commy.Unavailable: "UNAVAILABLE",
		commy.Unauthenticated: "UNAUTHENTICATED", commy.HandlerFailed: "HANDLER_FAILED", 99: "STATUS_99",
	} {
		equal(t, "the name", status.String(), name)
		err := fmt.Errorf("wrapped: %w", &commy.Error{Status: status})
		if !errors.Is(err, status) || errors.Is(err, status+1) {
			t.Errorf("%v is not its status", err)
		}
		equal(t, "whether the standard library knows it", errors.Is(err, context.DeadlineExceeded), status == commy.DeadlineExceeded)
	}
}
