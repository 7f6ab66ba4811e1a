package tests

import (
	"context"
	"errors"
	"reflect"
	"strconv"
	"strings"
	"testing"
	"time"

	"commy.dev/commy"
)

var orders = commy.Methods{
	"create": commy.Func(func(_ context.Context, order string) (string, error) {
		return "order " + order, nil
	}),
	"orders/list-all": commy.Func(func(context.Context, struct{}) ([]string, error) {
		return []string{"order"}, nil
	}),
	"nothing": nil,
}

func TestRegister_TheMethodsOfAServiceAreCalledByTheirNames(t *testing.T) {
	mesh := started(t)
	registerAs(t, mesh, commy.Service{Name: "orders", Version: "1.2.3", Tags: []string{"eu"}}, orders)
	ctx := limited(t)
	equal(t, "create", must(commy.Call[string](ctx, mesh, "orders", "create", "1"))(t), "order 1")
	all := must(commy.Call[[]string](ctx, mesh, "orders", "orders/list-all", nil))(t)
	equal(t, "list", strings.Join(all, ","), "order")
	for _, unknown := range []string{"Create", "list", "nothing", ""} {
		_, err := mesh.Call(ctx, "orders", unknown, nil)
		if reason := fails(t, err, commy.Unimplemented).Reason; !strings.Contains(reason, "has no method") {
			t.Error(reason)
		}
	}
	found := must(mesh.Discover(commy.Query{Service: "orders"}))(t)
	if len(found) != 1 || found[0].Version != "1.2.3" || !reflect.DeepEqual(found[0].Tags, []string{"eu"}) {
		t.Errorf("got %+v", found)
	}
}

func TestRegister_AFunctionAnswersEveryMethod(t *testing.T) {
	mesh := started(t)
	register(t, mesh, "echo", commy.Func(func(ctx context.Context, value string) (string, error) {
		return commy.RequestFrom(ctx).Method + ": " + value, nil
	}))
	ctx := limited(t)
	equal(t, "any", must(commy.Call[string](ctx, mesh, "echo", "any", "hi"))(t), "any: hi")
	equal(t, "none", must(commy.Call[string](ctx, mesh, "echo", "", "hi"))(t), ": hi")
}

type point struct{ X, Y int }

func TestRegister_AFunctionTakesAndGivesTypedValues(t *testing.T) {
	mesh := started(t)
	register(t, mesh, "mirror", commy.Func(func(_ context.Context, at point) (point, error) {
		return point{at.Y, at.X}, nil
	}))
	got := must(commy.Call[point](limited(t), mesh, "mirror", "", point{1, 2}))(t)
	equal(t, "the mirrored point", got, point{2, 1})
}

func TestRegister_NoHandlerIsRefused(t *testing.T) {
	mesh := started(t)
	_, err := mesh.Register(limited(t), commy.Service{Name: "bad"}, nil)
	fails(t, err, commy.InvalidArgument)
}

type tenant struct{}

func TestRegister_HandlersSeeTheValuesOfTheContextOfTheirRegistration(t *testing.T) {
	mesh := started(t)
	ctx, cancel := context.WithCancel(context.WithValue(limited(t), tenant{}, "acme"))
	must(mesh.Register(ctx, commy.Service{Name: "tenant"}, commy.Func(
		func(ctx context.Context, _ any) (string, error) {
			return ctx.Value(tenant{}).(string), ctx.Err()
		},
	)))(t)
	cancel()
	equal(t, "the tenant", must(commy.Call[string](limited(t), mesh, "tenant", "", nil))(t), "acme")
	if commy.RequestFrom(t.Context()) != nil {
		t.Error("a context without a request has one")
	}
}

func TestRegister_AHandlerThatBlocksBlocksNoOther(t *testing.T) {
	mesh := started(t)
	handler := newStuck()
	register(t, mesh, "service", commy.Methods{"stuck": handler, "echo": echo})
	ctx, cancel := context.WithCancel(limited(t))
	go func() { _, _ = mesh.Call(ctx, "service", "stuck", nil) }()
	arrives(t, "the call", handler.begun)
	equal(t, "the other", must(commy.Call[int](limited(t), mesh, "service", "echo", 1))(t), 1)
	cancel()
	arrives(t, "the cancellation", handler.ended)
}

func TestRegister_ABadServiceNameIsRefusedAndNamed(t *testing.T) {
	mesh := started(t)
	for _, bad := range []string{"", strings.Repeat("s", 129), "has space", "größe", "a/b", "\xff"} {
		_, err := mesh.Register(limited(t), commy.Service{Name: bad}, echo)
		shown := strconv.Quote(bad)
		if reason := fails(t, err, commy.InvalidArgument).Reason; !strings.Contains(reason, shown[1:min(len(shown)-1, 20)]) {
			t.Errorf("%q: %s", bad, reason)
		}
	}
}

func TestRegister_ASpecThatBreaksARuleIsRefused(t *testing.T) {
	mesh := started(t)
	for _, bad := range []commy.Service{
		{Version: "one"},
		{Tags: []string{"has space"}},
		{Tags: strings.Split(strings.Repeat("a,", 32)+"a", ",")},
		{Metadata: map[string]string{"key": strings.Repeat("v", 1025)}},
		{Metadata: map[string]string{"": "value"}},
		{Weight: 1001},
		{MaxInFlight: 65_537},
		{Zone: strings.Repeat("z", 1000)},
	} {
		bad.Name = "service"
		_, err := mesh.Register(limited(t), bad, echo)
		fails(t, err, commy.InvalidArgument)
	}
	equal(t, "instances", len(must(mesh.Discover(commy.Query{}))(t)), 0)
}

func TestRegister_ARegistrationTellsOfItsInstance(t *testing.T) {
	mesh := started(t, commy.WithZone("eu-1a"), commy.WithRegion("eu-1"))
	registration := registerAs(t, mesh, commy.Service{
		Name: "orders", Version: "2.0.0", Metadata: map[string]string{"tier": "gold"}, Weight: 7,
	}, orders)
	instance := registration.Instance()
	if instance.ID == "" || instance.Revision == 0 {
		t.Errorf("got %+v", instance)
	}
	want := commy.Instance{
		ID: instance.ID, NodeID: mesh.NodeID(), Service: "orders", Version: "2.0.0", Tags: []string{},
		Metadata: map[string]string{"tier": "gold"}, Weight: 7, Zone: "eu-1a", Region: "eu-1",
		Health: commy.Healthy, Reach: commy.InProcess, Revision: instance.Revision,
	}
	if !reflect.DeepEqual(instance, want) {
		t.Errorf("got %+v, want %+v", instance, want)
	}
	if found := must(mesh.Discover(commy.Query{}))(t); !reflect.DeepEqual(found, []commy.Instance{want}) {
		t.Errorf("found %+v", found)
	}
}

func TestRegister_DeregisteringWithdrawsTheInstanceAndTwiceDoesNothing(t *testing.T) {
	mesh := started(t)
	registration := register(t, mesh, "orders", orders)
	must(mesh.Call(limited(t), "orders", "create", "1"))(t)
	no(t, registration.Deregister(limited(t)))
	no(t, registration.Close())
	equal(t, "instances", len(must(mesh.Discover(commy.Query{}))(t)), 0)
	_, err := mesh.Call(limited(t), "orders", "create", "1")
	fails(t, err, commy.NotFound)
}

func TestRegister_HealthThatItsOwnerReportsDecidesWhetherItIsCalled(t *testing.T) {
	mesh := started(t)
	registration := register(t, mesh, "orders", orders)
	ctx := limited(t)
	no(t, registration.SetHealth(ctx, commy.Unhealthy))
	equal(t, "healthy ones", len(must(mesh.Discover(commy.Query{}))(t)), 0)
	sick := must(mesh.Discover(commy.Query{Health: []commy.Health{commy.Unhealthy}}))(t)
	if len(sick) != 1 || sick[0].Health != commy.Unhealthy {
		t.Errorf("got %+v", sick)
	}
	_, err := mesh.Call(ctx, "orders", "create", "1")
	fails(t, err, commy.Unavailable)
	no(t, registration.SetHealth(ctx, commy.Healthy))
	must(mesh.Call(ctx, "orders", "create", "1"))(t)
	for _, bad := range []commy.Health{commy.Draining, commy.Starting, "splendid"} {
		fails(t, registration.SetHealth(ctx, bad), commy.InvalidArgument)
	}
}

func TestRegister_DrainingFinishesWhatIsInFlightAndTakesNothingNew(t *testing.T) {
	mesh := started(t)
	begun, mayEnd := make(chan struct{}), make(chan struct{})
	registration := register(t, mesh, "slow", commy.Func(func(_ context.Context, value string) (string, error) {
		close(begun)
		<-mayEnd
		return value, nil
	}))
	ctx := limited(t)
	answer := make(chan error, 1)
	go func() { _, err := mesh.Call(ctx, "slow", "", "done"); answer <- err }()
	arrives(t, "the call", begun)
	equal(t, "done", must(registration.Drain(ctx, 10*time.Millisecond))(t), false)
	equal(t, "health", registration.Instance().Health, commy.Draining)
	_, err := mesh.Call(ctx, "slow", "", nil)
	fails(t, err, commy.Unavailable)
	close(mayEnd)
	no(t, <-answer)
	equal(t, "done", must(registration.Drain(ctx, time.Second))(t), true)
	_, err = registration.Drain(ctx, -1)
	fails(t, err, commy.InvalidArgument)
}

func TestRegister_AHandlerMayRegisterAndDeregister(t *testing.T) {
	mesh := started(t)
	register(t, mesh, "spawn", commy.Func(func(ctx context.Context, child string) (string, error) {
		registration, err := mesh.Register(ctx, commy.Service{Name: child}, echo)
		if err != nil {
			return "", err
		}
		answer, err := commy.Call[string](ctx, mesh, child, "", "from the child")
		return answer, errors.Join(err, registration.Close())
	}))
	got := must(commy.Call[string](limited(t), mesh, "spawn", "", "child"))(t)
	equal(t, "the answer", got, "from the child")
}
