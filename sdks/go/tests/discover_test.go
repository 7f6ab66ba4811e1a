package tests

import (
	"context"
	"net"
	"net/http"
	"net/http/httptest"
	"sort"
	"strings"
	"testing"
	"time"

	"commy.dev/commy"
)

var everyHealth = []commy.Health{commy.Starting, commy.Healthy, commy.Unhealthy, commy.Draining}

func TestDiscover_AQueryNarrowsByEverythingAtOnce(t *testing.T) {
	mesh := started(t)
	registerAs(t, mesh, commy.Service{
		Name: "orders", Version: "1.4.0", Tags: []string{"eu", "fast"},
		Metadata: map[string]string{"tier": "gold"}, Zone: "eu-1a", Region: "eu-1",
	}, echo)
	registerAs(t, mesh, commy.Service{Name: "orders", Version: "2.0.0", Tags: []string{"us"}, Zone: "us-1a", Region: "us-1"}, echo)
	register(t, mesh, "users", echo)
	for _, one := range []struct {
		query commy.Query
		want  string
	}{
		{commy.Query{}, "orders 1.4.0, orders 2.0.0, users 0.0.0"},
		{commy.Query{Service: "orders", Version: "^1.2"}, "orders 1.4.0"},
		{commy.Query{Version: ">=2, <3"}, "orders 2.0.0"},
		{commy.Query{Tags: []string{"fast", "eu"}}, "orders 1.4.0"},
		{commy.Query{Tags: []string{"eu", "us"}}, ""},
		{commy.Query{Metadata: map[string]string{"tier": "gold"}}, "orders 1.4.0"},
		{commy.Query{Zone: "us-1a"}, "orders 2.0.0"},
		{commy.Query{Region: "us-1"}, "orders 2.0.0"},
		{commy.Query{Health: []commy.Health{commy.Unhealthy}}, ""},
		{commy.Query{Health: []commy.Health{commy.Healthy, commy.Draining}, Service: "users"}, "users 0.0.0"},
		{commy.Query{Service: "nobody"}, ""},
	} {
		var found []string
		for _, instance := range must(mesh.Discover(one.query))(t) {
			found = append(found, instance.Service+" "+instance.Version)
		}
		sort.Strings(found)
		if got := strings.Join(found, ", "); got != one.want {
			t.Errorf("%+v: got %q, want %q", one.query, got, one.want)
		}
	}
	equal(t, "active services", must(mesh.ActiveServiceCount())(t), 2)
}

func TestDiscover_AnswersAreInOrderOfServiceAndID(t *testing.T) {
	mesh := started(t)
	for _, service := range []string{"b", "a", "c", "a", "b"} {
		register(t, mesh, service, echo)
	}
	var found []string
	for _, instance := range must(mesh.Discover(commy.Query{}))(t) {
		found = append(found, instance.Service+" "+instance.ID)
	}
	if len(found) != 5 || !sort.StringsAreSorted(found) {
		t.Errorf("got %v", found)
	}
}

func TestDiscover_ABadQueryIsRefusedByDiscoverAndWatch(t *testing.T) {
	mesh := started(t)
	for _, bad := range []commy.Query{
		{Service: "has space"},
		{Service: "\xff"},
		{Version: "not a version"},
		{Tags: []string{""}},
		{Health: []commy.Health{"splendid"}},
		{Health: []commy.Health{commy.Healthy, "splendid"}},
		{Metadata: map[string]string{"k\xff": "v"}},
	} {
		_, err := mesh.Discover(bad)
		fails(t, err, commy.InvalidArgument)
		_, err = mesh.Watch(bad)
		fails(t, err, commy.InvalidArgument)
	}
}

func TestDiscover_AnOutsideServerIsFoundWhileItsProbeSucceeds(t *testing.T) {
	for scheme, check := range map[string]commy.Check{
		"http": {Path: "/health", Interval: 20 * time.Millisecond, Fall: 1},
		"tcp":  {Interval: 20 * time.Millisecond, Fall: 2},
	} {
		t.Run(scheme, func(t *testing.T) {
			mesh := started(t)
			ctx := limited(t)
			watch := must(mesh.Watch(commy.Query{Service: "legacy"}))(t)
			defer watch.Close()
			outside := healthServer()
			address := strings.Replace(outside.URL, "http", scheme, 1)
			must(mesh.Advertise(ctx, commy.Service{Name: "legacy", Tags: []string{"outside"}}, address, &check))(t)
			change := must(watch.Next(ctx))(t)
			if change.Kind != commy.Added || change.Instance.Health != commy.Healthy {
				t.Fatalf("got %+v", change)
			}
			found := must(mesh.Discover(commy.Query{Service: "legacy"}))(t)
			if len(found) != 1 || found[0].Endpoint != address || found[0].Reach != commy.Endpoint {
				t.Fatalf("got %+v", found)
			}
			_, err := mesh.Call(ctx, "legacy", "", nil)
			if reason := fails(t, err, commy.FailedPrecondition).Reason; !strings.Contains(reason, address) {
				t.Error(reason)
			}
			outside.Close()
			equal(t, "the change", must(watch.Next(ctx))(t).Kind, commy.Removed)
			equal(t, "healthy ones", len(must(mesh.Discover(commy.Query{}))(t)), 0)
			sick := must(mesh.Discover(commy.Query{Health: []commy.Health{commy.Unhealthy}}))(t)
			equal(t, "sick ones", len(sick), 1)
		})
	}
}

func healthServer() *httptest.Server {
	return httptest.NewServer(http.HandlerFunc(func(writer http.ResponseWriter, request *http.Request) {
		if request.URL.Path != "/health" {
			writer.WriteHeader(http.StatusNotFound)
		}
	}))
}

func TestDiscover_AProbeOfAPathThatIsMissingDoesNotSucceed(t *testing.T) {
	mesh := started(t)
	outside := healthServer()
	defer outside.Close()
	watch := must(mesh.Watch(commy.Query{Service: "legacy", Health: []commy.Health{commy.Unhealthy}}))(t)
	defer watch.Close()
	check := &commy.Check{Path: "/missing", Interval: 10 * time.Millisecond, Fall: 1}
	must(mesh.Advertise(limited(t), commy.Service{Name: "legacy"}, outside.URL, check))(t)
	equal(t, "health", must(watch.Next(limited(t)))(t).Instance.Health, commy.Unhealthy)
	equal(t, "healthy ones", len(must(mesh.Discover(commy.Query{}))(t)), 0)
}

func TestDiscover_WithoutACheckAnEndpointIsTakenToBeHealthy(t *testing.T) {
	mesh := started(t)
	ctx := limited(t)
	registration := must(mesh.Advertise(ctx, commy.Service{Name: "db"}, "tcp://db.example:5432", nil))(t)
	found := must(mesh.Discover(commy.Query{Service: "db"}))(t)
	if len(found) != 1 || found[0].Endpoint != "tcp://db.example:5432" {
		t.Errorf("got %+v", found)
	}
	no(t, registration.SetHealth(ctx, commy.Unhealthy))
	equal(t, "healthy ones", len(must(mesh.Discover(commy.Query{Service: "db"}))(t)), 0)
	no(t, registration.Close())
	equal(t, "any", len(must(mesh.Discover(commy.Query{Service: "db", Health: everyHealth}))(t)), 0)
}

func TestDiscover_ABadAddressOrCheckIsRefused(t *testing.T) {
	mesh := started(t)
	good := "http://127.0.0.1:1"
	for _, bad := range []struct {
		address string
		check   *commy.Check
	}{
		{"", nil},
		{"nonsense", nil},
		{"http://", nil},
		{"tcp://127.0.0.1", nil},
		{"ftp://127.0.0.1:1", &commy.Check{Path: "/"}},
		{"http://127.0.0.1:99999", nil},
		{"http://\xff:1", nil},
		{good, &commy.Check{Path: "no-slash"}},
		{good, &commy.Check{Interval: time.Millisecond}},
		{good, &commy.Check{Interval: -1}},
		{good, &commy.Check{Timeout: 61 * time.Second}},
		{good, &commy.Check{Timeout: -1}},
		{good, &commy.Check{Rise: 101}},
		{good, &commy.Check{Fall: 101}},
	} {
		_, err := mesh.Advertise(limited(t), commy.Service{Name: "legacy"}, bad.address, bad.check)
		fails(t, err, commy.InvalidArgument)
	}
}

func TestDiscover_AnAddressMayBeDialled(t *testing.T) {
	mesh := started(t)
	listener := must(net.Listen("tcp", "127.0.0.1:0"))(t)
	defer listener.Close()
	must(mesh.Advertise(limited(t), commy.Service{Name: "db"}, "tcp://"+listener.Addr().String(), nil))(t)
	found := must(mesh.Discover(commy.Query{Service: "db"}))(t)
	var dialer net.Dialer
	connection, err := dialer.DialContext(context.Background(), "tcp", strings.TrimPrefix(found[0].Endpoint, "tcp://"))
	no(t, err)
	no(t, connection.Close())
}
