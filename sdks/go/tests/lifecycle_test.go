package tests

import (
	"context"
	"errors"
	"io"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"testing"
	"time"

	"commy.dev/commy"
)

func TestLifecycle_TheVersionIsThatOfTheWorkspace(t *testing.T) {
	folder := must(os.Getwd())(t)
	manifest, err := os.ReadFile(filepath.Join(folder, "Cargo.toml"))
	for err != nil && folder != filepath.Dir(folder) {
		folder = filepath.Dir(folder)
		manifest, err = os.ReadFile(filepath.Join(folder, "Cargo.toml"))
	}
	no(t, err)
	found := regexp.MustCompile(`(?m)^version = "([^"]+)"`).FindSubmatch(manifest)
	if found == nil || commy.Version() != string(found[1]) {
		t.Errorf("got %q, want %q", commy.Version(), found)
	}
}

func TestLifecycle_CreatingAMeshStartsNothing(t *testing.T) {
	called := name()
	mesh := must(commy.New(called))(t)
	equal(t, "the name", mesh.Name(), called)
	equal(t, "whether it runs", mesh.IsRunning(), false)
	if mesh.NodeID() == "" {
		t.Error("the node has no id")
	}
}

func TestLifecycle_StartAndCloseAreAPair(t *testing.T) {
	mesh := must(commy.Start(limited(t), name()))(t)
	equal(t, "whether it runs", mesh.IsRunning(), true)
	var closer io.Closer = mesh
	no(t, closer.Close())
	equal(t, "whether it runs", mesh.IsRunning(), false)
}

func TestLifecycle_ABadNameIsRefusedAndNamed(t *testing.T) {
	for _, bad := range []string{
		"", strings.Repeat("n", 65), "has space", "größe", ".begins-with-dot", "ends-with-dot.", "two..dots", "nul\x00", "a/b",
	} {
		_, err := commy.New(bad)
		reason := fails(t, err, commy.InvalidArgument).Reason
		shown, _, _ := strings.Cut(bad, "\x00")
		if !strings.HasPrefix(reason, `mesh name "`+shown[:min(len(shown), 20)]) {
			t.Errorf("%q: %s", bad, reason)
		}
	}
}

func TestLifecycle_ANameThatIsNotUTF8IsRefused(t *testing.T) {
	_, err := commy.New("bad\xff")
	if got := fails(t, err, commy.InvalidArgument).Reason; got != `text must be UTF-8, got "bad\xff"` {
		t.Errorf("got %q", got)
	}
}

func TestLifecycle_OptionsThatBreakARuleAreRefused(t *testing.T) {
	for what, option := range map[string]commy.Option{
		"no call timeout":          commy.WithCallTimeout(0),
		"a negative call timeout":  commy.WithCallTimeout(-1),
		"a negative drain timeout": commy.WithDrainTimeout(-time.Second),
		"too large payloads":       commy.WithMaxPayload(1<<30 + 1),
		"an unknown balance":       commy.WithBalance("luck"),
		"too many requests":        commy.WithBreaker(commy.Breaker{RequestsMin: 1_000_001}),
		"a negative ratio":         commy.WithBreaker(commy.Breaker{FailureRatio: -1}),
		"no ratio":                 commy.WithBreaker(commy.Breaker{FailureRatio: math.NaN()}),
		"a negative window":        commy.WithBreaker(commy.Breaker{Window: -1}),
		"a long pause":             commy.WithBreaker(commy.Breaker{Pause: 2 * time.Hour}),
		"a zone that is no text":   commy.WithZone("z\xff"),
	} {
		if _, err := commy.New(name(), option); !errors.Is(err, commy.InvalidArgument) {
			t.Errorf("%s: %v", what, err)
		}
	}
}

func TestLifecycle_StartingTwiceDoesNothing(t *testing.T) {
	mesh := started(t)
	register(t, mesh, "echo", echo)
	no(t, mesh.Start(limited(t)))
	equal(t, "instances", len(must(mesh.Discover(commy.Query{}))(t)), 1)
}

func TestLifecycle_StoppingTwiceOrBeforeTheStartDoesNothing(t *testing.T) {
	mesh := must(commy.New(name()))(t)
	no(t, mesh.Stop(limited(t)))
	no(t, mesh.Start(limited(t)))
	no(t, mesh.Stop(limited(t)))
	no(t, mesh.Stop(limited(t)))
	equal(t, "whether it runs", mesh.IsRunning(), false)
}

func TestLifecycle_AStoppedMeshStartsAgainWithNothingRegistered(t *testing.T) {
	mesh := started(t)
	for range 2 {
		equal(t, "instances", len(must(mesh.Discover(commy.Query{}))(t)), 0)
		register(t, mesh, "echo", echo)
		equal(t, "the answer", must(commy.Call[int](limited(t), mesh, "echo", "", 1))(t), 1)
		no(t, mesh.Stop(limited(t)))
		no(t, mesh.Start(limited(t)))
	}
}

func TestLifecycle_NothingWorksBeforeTheStartOrAfterTheStop(t *testing.T) {
	mesh := must(commy.New(name()))(t)
	ctx := limited(t)
	for range 2 {
		for what, operation := range map[string]func() error{
			"call":      func() error { _, err := mesh.Call(ctx, "echo", "", nil); return err },
			"publish":   func() error { return mesh.Publish(ctx, "topic", nil) },
			"subscribe": func() error { _, err := mesh.Subscribe(ctx, "topic"); return err },
			"register": func() error {
				_, err := mesh.Register(ctx, commy.Service{Name: "echo"}, echo)
				return err
			},
			"advertise": func() error {
				_, err := mesh.Advertise(ctx, commy.Service{Name: "outside"}, "tcp://127.0.0.1:1", nil)
				return err
			},
			"discover": func() error { _, err := mesh.Discover(commy.Query{}); return err },
			"watch":    func() error { _, err := mesh.Watch(commy.Query{}); return err },
			"count":    func() error { _, err := mesh.ActiveServiceCount(); return err },
		} {
			if err := operation(); !errors.Is(err, commy.FailedPrecondition) || !strings.Contains(err.Error(), "running") {
				t.Errorf("%s: %v", what, err)
			}
		}
		no(t, mesh.Start(ctx))
		no(t, mesh.Stop(ctx))
	}
}

func TestLifecycle_StoppingWaitsForCallsInFlight(t *testing.T) {
	mesh := started(t)
	begun, mayEnd := make(chan struct{}), make(chan struct{})
	register(t, mesh, "slow", commy.Func(func(_ context.Context, value string) (string, error) {
		close(begun)
		<-mayEnd
		return value, nil
	}))
	ctx := limited(t)
	answer := make(chan error, 1)
	go func() {
		got, err := commy.Call[string](ctx, mesh, "slow", "", "done")
		if err == nil && got != "done" {
			err = errors.New(got)
		}
		answer <- err
	}()
	arrives(t, "the call", begun)
	stopped := make(chan error, 1)
	go func() { stopped <- mesh.Stop(ctx) }()
	select {
	case err := <-stopped:
		t.Fatalf("the mesh stopped amid a call: %v", err)
	case <-time.After(20 * time.Millisecond):
	}
	close(mayEnd)
	no(t, <-answer)
	no(t, <-stopped)
}

func TestLifecycle_StoppingCancelsWhatOutlastsTheDrainTimeout(t *testing.T) {
	mesh := started(t, commy.WithDrainTimeout(50*time.Millisecond))
	handler := newStuck()
	register(t, mesh, "stuck", handler)
	ctx := limited(t)
	answer := make(chan error, 1)
	go func() { _, err := mesh.Call(ctx, "stuck", "", nil); answer <- err }()
	arrives(t, "the call", handler.begun)
	no(t, mesh.Stop(ctx))
	if err := <-answer; !errors.Is(err, commy.Cancelled) && !errors.Is(err, commy.Unavailable) {
		t.Errorf("got %v", err)
	}
	arrives(t, "the cancellation", handler.ended)
}

func TestLifecycle_StoppingEndsWatchesAndSubscriptions(t *testing.T) {
	mesh := started(t)
	ctx := limited(t)
	watch := must(mesh.Watch(commy.Query{}))(t)
	subscription := must(mesh.Subscribe(ctx, "**"))(t)
	ends := make(chan error, 2)
	go func() { _, err := watch.Next(ctx); ends <- err }()
	go func() { _, err := subscription.Next(ctx); ends <- err }()
	no(t, mesh.Stop(ctx))
	for range 2 {
		if err := <-ends; err != io.EOF {
			t.Errorf("got %v", err)
		}
	}
	for range watch.All(ctx) {
		t.Error("a change after the end")
	}
	for range subscription.All(ctx) {
		t.Error("an event after the end")
	}
}

func TestLifecycle_DroppingARunningMeshHarmsNothing(t *testing.T) {
	called := name()
	func() {
		mesh := must(commy.Start(limited(t), called))(t)
		register(t, mesh, "echo", echo)
	}()
	for range 3 {
		runtime.GC()
		time.Sleep(time.Millisecond)
	}
	successor := must(commy.Start(limited(t), called))(t)
	defer successor.Close()
	register(t, successor, "echo", echo)
	equal(t, "the answer", must(commy.Call[int](limited(t), successor, "echo", "", 1))(t), 1)
}

func TestLifecycle_TwoMeshesOfDifferentNamesDoNotSeeEachOther(t *testing.T) {
	one, other := started(t), started(t)
	register(t, one, "echo", echo)
	equal(t, "instances here", len(must(one.Discover(commy.Query{}))(t)), 1)
	equal(t, "instances there", len(must(other.Discover(commy.Query{}))(t)), 0)
	_, err := other.Call(limited(t), "echo", "", nil)
	fails(t, err, commy.NotFound)
}

func TestLifecycle_TwoMeshesOfOneNameCallEachOther(t *testing.T) {
	one := started(t)
	other := must(commy.Start(limited(t), one.Name()))(t)
	defer other.Close()
	equal(t, "the node", one.NodeID(), other.NodeID())
	watch := must(other.Watch(commy.Query{Service: "echo"}))(t)
	defer watch.Close()
	register(t, one, "echo", echo)
	must(watch.Next(limited(t)))(t)
	equal(t, "the answer", must(commy.Call[string](limited(t), other, "echo", "", "hi"))(t), "hi")
}
