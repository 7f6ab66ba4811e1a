package tests

import (
	"context"
	"errors"
	"reflect"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"commy.dev/commy"
)

func TestCall_ValuesTravelBothWays(t *testing.T) {
	mesh := started(t)
	register(t, mesh, "echo", echo)
	value := map[string]any{"id": 1.0, "items": []any{"ä", nil, 1.5, true}}
	if got := must(commy.Call[any](limited(t), mesh, "echo", "any", value))(t); !reflect.DeepEqual(got, value) {
		t.Errorf("got %v", got)
	}
	equal(t, "nothing", must(commy.Call[any](limited(t), mesh, "echo", "", nil))(t), nil)
}

func TestCall_HeadersTravelBothWays(t *testing.T) {
	mesh := started(t)
	register(t, mesh, "headers", commy.Func(func(ctx context.Context, value string) (commy.Message, error) {
		request := commy.RequestFrom(ctx)
		message, err := commy.Encode(value)
		message.Headers = map[string]string{"seen": request.Message.Headers["trace"], "method": request.Method}
		return message, err
	}))
	reply := must(mesh.Call(limited(t), "headers", "read", "hi", commy.WithHeaders(map[string]string{"trace": "abc-ü"})))(t)
	if !reflect.DeepEqual(reply.Headers, map[string]string{"seen": "abc-ü", "method": "read"}) {
		t.Errorf("got %v", reply.Headers)
	}
	equal(t, "the value", must(commy.Decode[string](reply.Message))(t), "hi")
	equal(t, "the content type", reply.ContentType, "application/json")
	equal(t, "who answered", reply.ServedBy, must(mesh.Discover(commy.Query{}))(t)[0].ID)
	message := commy.Message{Payload: []byte("1"), ContentType: "application/json", Headers: map[string]string{"trace": "own"}}
	reply = must(mesh.Call(limited(t), "headers", "", commy.Message{Payload: []byte(`"x"`), ContentType: message.ContentType, Headers: message.Headers},
		commy.WithHeaders(map[string]string{"trace": "other"})))(t)
	equal(t, "the message's own header", reply.Headers["seen"], "own")
}

func TestCall_AHandlerLearnsOfTheCall(t *testing.T) {
	mesh := started(t)
	type learned struct {
		request  commy.Request
		deadline time.Time
	}
	requests := make(chan learned, 1)
	register(t, mesh, "learn", commy.HandlerFunc(func(ctx context.Context, request *commy.Request) (commy.Message, error) {
		deadline, _ := ctx.Deadline()
		requests <- learned{*request, deadline}
		return request.Message, nil
	}))
	ctx, cancel := context.WithTimeout(limited(t), 5*time.Second)
	defer cancel()
	must(mesh.Call(ctx, "learn", "now", nil))(t)
	got := <-requests
	want := commy.Request{
		Service: "learn", Method: "now", Caller: mesh.NodeID(), Attempt: 1,
		Message: commy.Message{Payload: []byte("null"), ContentType: "application/json", Headers: map[string]string{}},
	}
	if !reflect.DeepEqual(got.request, want) {
		t.Errorf("got %+v", got.request)
	}
	if left := time.Until(got.deadline); left <= 0 || left > 5*time.Second {
		t.Errorf("%v are left", left)
	}
}

func TestCall_WithoutADeadlineTheMeshsOwnTimeoutHolds(t *testing.T) {
	mesh := started(t, commy.WithCallTimeout(50*time.Millisecond))
	register(t, mesh, "stuck", newStuck())
	_, err := mesh.Call(context.Background(), "stuck", "", nil)
	fails(t, err, commy.DeadlineExceeded)
	if !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("%v is no context.DeadlineExceeded", err)
	}
}

func TestCall_ADeadlineThatHasPassedIsExceededAtOnceAndNothingIsSent(t *testing.T) {
	mesh := started(t)
	var calls atomic.Int64
	register(t, mesh, "count", commy.Func(func(context.Context, any) (any, error) {
		calls.Add(1)
		return nil, nil
	}))
	ctx, cancel := context.WithDeadline(t.Context(), time.Now().Add(-time.Second))
	defer cancel()
	_, err := mesh.Call(ctx, "count", "", nil)
	fails(t, err, commy.DeadlineExceeded)
	must(mesh.Call(limited(t), "count", "", nil))(t)
	equal(t, "calls", calls.Load(), 1)
}

func TestCall_AHandlerThatHangsExceedsTheDeadlineAndItsServiceGoesOn(t *testing.T) {
	mesh := started(t)
	mayEnd := make(chan struct{})
	defer close(mayEnd)
	register(t, mesh, "hangs", commy.Methods{
		"hang": newStuck(),
		"block": commy.Func(func(context.Context, any) (any, error) {
			<-mayEnd
			return nil, nil
		}),
		"fine": commy.Func(func(context.Context, any) (string, error) { return "fine", nil }),
	})
	for _, method := range []string{"hang", "block"} {
		ctx, cancel := context.WithTimeout(limited(t), 50*time.Millisecond)
		_, err := mesh.Call(ctx, "hangs", method, nil)
		cancel()
		known := fails(t, err, commy.DeadlineExceeded)
		equal(t, "where", known.Service+"."+known.Method, "hangs."+method)
		equal(t, "the other", must(commy.Call[string](limited(t), mesh, "hangs", "fine", nil))(t), "fine")
	}
}

func TestCall_AnUnknownServiceIsNotFoundAndNamed(t *testing.T) {
	mesh := started(t)
	_, err := mesh.Call(limited(t), "nobody", "method", nil)
	known := fails(t, err, commy.NotFound)
	if !strings.Contains(known.Reason, "nobody") || known.Service != "nobody" || known.Attempts != 0 {
		t.Errorf("got %+v", known)
	}
}

func TestCall_ARequirementThatNoInstanceMeetsIsNotFound(t *testing.T) {
	mesh := started(t)
	registerAs(t, mesh, commy.Service{
		Name: "orders", Version: "1.0.0", Tags: []string{"eu"}, Metadata: map[string]string{"tier": "gold"},
	}, echo)
	must(mesh.Call(limited(t), "orders", "", nil, commy.OfVersion("^1"), commy.WithTags("eu"),
		commy.WithMetadata(map[string]string{"tier": "gold"})))(t)
	for _, unmet := range []commy.CallOption{
		commy.OfVersion("^2"), commy.WithTags("us"), commy.WithMetadata(map[string]string{"tier": "lead"}),
	} {
		_, err := mesh.Call(limited(t), "orders", "", nil, unmet)
		fails(t, err, commy.NotFound)
	}
}

func TestCall_ABadServiceNameIsRefused(t *testing.T) {
	mesh := started(t)
	for _, bad := range []string{"", strings.Repeat("s", 129), "has space", "größe", "a/b", "\xff"} {
		_, err := mesh.Call(limited(t), bad, "", nil)
		fails(t, err, commy.InvalidArgument)
	}
}

func TestCall_ACallThatBreaksARuleIsRefused(t *testing.T) {
	mesh := started(t)
	register(t, mesh, "echo", echo)
	many := map[string]string{}
	for number := range 65 {
		many[strconv.Itoa(number)] = ""
	}
	header := func(key, value string) commy.CallOption {
		return commy.WithHeaders(map[string]string{key: value})
	}
	for _, bad := range []struct {
		method  string
		payload any
		option  commy.CallOption
	}{
		{strings.Repeat("m", 129), nil, nil},
		{"has space", nil, nil},
		{"\xff", nil, nil},
		{"m", nil, header("", "value")},
		{"m", nil, header("key", strings.Repeat("v", 4097))},
		{"m", nil, header("key", "\xff")},
		{"m", nil, commy.WithHeaders(many)},
		{"m", commy.Message{ContentType: strings.Repeat("c", 257)}, nil},
		{"m", nil, commy.WithRoutingKey(strings.Repeat("k", 1025))},
		{"m", nil, commy.BalancedBy("luck")},
		{"m", nil, commy.OfVersion("not a version")},
		{"m", nil, commy.WithTags("")},
	} {
		var options []commy.CallOption
		if bad.option != nil {
			options = append(options, bad.option)
		}
		_, err := mesh.Call(limited(t), "echo", bad.method, bad.payload, options...)
		fails(t, err, commy.InvalidArgument)
	}
	equal(t, "the next call", must(commy.Call[int](limited(t), mesh, "echo", "m", 1))(t), 1)
}

func served(t *testing.T, mesh *commy.Mesh, options ...commy.CallOption) string {
	t.Helper()
	return must(mesh.Call(limited(t), "echo", "", nil, options...))(t).ServedBy
}

func TestCall_RoundRobinTakesEachInTurn(t *testing.T) {
	mesh := started(t, commy.WithBalance(commy.RoundRobin))
	for range 3 {
		register(t, mesh, "echo", echo)
	}
	var first, second []string
	for range 3 {
		first = append(first, served(t, mesh))
	}
	for range 3 {
		second = append(second, served(t, mesh))
	}
	if !reflect.DeepEqual(first, second) || first[0] == first[1] || first[1] == first[2] {
		t.Errorf("got %v, then %v", first, second)
	}
}

func TestCall_OneRoutingKeyReachesOneInstance(t *testing.T) {
	mesh := started(t)
	for range 5 {
		register(t, mesh, "echo", echo)
	}
	all := map[string]bool{}
	for number := range 50 {
		key := []commy.CallOption{commy.WithRoutingKey(strconv.Itoa(number)), commy.BalancedBy(commy.ConsistentHash), commy.Idempotent()}
		one := served(t, mesh, key...)
		all[one] = true
		equal(t, "the instance", served(t, mesh, key...), one)
	}
	if len(all) < 2 {
		t.Error("every key reaches the same instance")
	}
}

func TestCall_AnInstanceInTheMeshsOwnZoneIsPreferred(t *testing.T) {
	mesh := started(t, commy.WithZone("here"), commy.WithBalance(commy.RoundRobin))
	near := register(t, mesh, "echo", echo).Instance().ID
	registerAs(t, mesh, commy.Service{Name: "echo", Zone: "there"}, echo)
	anywhere := map[string]bool{}
	for range 4 {
		equal(t, "the instance", served(t, mesh), near)
	}
	for range 4 {
		anywhere[served(t, mesh, commy.InAnyZone())] = true
	}
	equal(t, "instances in any zone", len(anywhere), 2)
}

func TestCall_AnInFlightLimitThatIsReachedRefusesOneMore(t *testing.T) {
	mesh := started(t)
	begun, mayEnd := make(chan struct{}, 4), make(chan struct{})
	registerAs(t, mesh, commy.Service{Name: "slow", MaxInFlight: 2}, commy.Func(func(_ context.Context, value int) (int, error) {
		begun <- struct{}{}
		<-mayEnd
		return value, nil
	}))
	ctx := limited(t)
	answers := make(chan error, 2)
	for number := range 2 {
		go func() { _, err := mesh.Call(ctx, "slow", "", number); answers <- err }()
		arrives(t, "the call", begun)
	}
	_, err := mesh.Call(ctx, "slow", "", 3)
	equal(t, "the service", fails(t, err, commy.ResourceExhausted).Service, "slow")
	close(mayEnd)
	for range 2 {
		no(t, <-answers)
	}
	equal(t, "the next call", must(commy.Call[int](ctx, mesh, "slow", "", 4))(t), 4)
}

func TestCall_ACircuitBreakerRefusesCallsToWhatFails(t *testing.T) {
	mesh := started(t, commy.WithBreaker(commy.Breaker{RequestsMin: 2, Pause: 10 * time.Minute}))
	var asked atomic.Int64
	register(t, mesh, "broken", commy.Func(func(context.Context, any) (chan int, error) {
		asked.Add(1)
		return make(chan int), nil
	}))
	for range 2 {
		_, err := mesh.Call(limited(t), "broken", "", nil)
		fails(t, err, commy.Internal)
	}
	_, err := mesh.Call(limited(t), "broken", "", nil)
	if reason := fails(t, err, commy.Unavailable).Reason; !strings.Contains(reason, "circuit") {
		t.Error(reason)
	}
	equal(t, "requests", asked.Load(), 2)
}

func TestCall_AHandlerMayCallOn(t *testing.T) {
	mesh := started(t)
	register(t, mesh, "countdown", commy.Func(func(ctx context.Context, number int) ([]int, error) {
		if number == 0 {
			return []int{0}, nil
		}
		rest, err := commy.Call[[]int](ctx, mesh, "countdown", "", number-1)
		return append([]int{number}, rest...), err
	}))
	got := must(commy.Call[[]int](limited(t), mesh, "countdown", "", 20))(t)
	equal(t, "steps", len(got), 21)
	equal(t, "the last", got[20], 0)
}

func TestCall_CountersTellOfCalls(t *testing.T) {
	mesh := started(t)
	register(t, mesh, "echo", echo)
	for range 3 {
		must(mesh.Call(limited(t), "echo", "", nil))(t)
	}
	_, err := mesh.Call(limited(t), "nobody", "", nil)
	fails(t, err, commy.NotFound)
	eventually(t, "no request is in flight", func() bool { return mesh.Stats().RequestsInFlight == 0 })
	want := commy.Stats{
		CallsOK: 3, CallsFailed: map[string]uint64{"NOT_FOUND": 1}, RequestsHandled: 3, Registrations: 1,
	}
	if got := mesh.Stats(); !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v", got)
	}
}
