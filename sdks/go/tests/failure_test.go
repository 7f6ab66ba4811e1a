//go:build unix

package tests

import (
	"context"
	"encoding/json"
	"errors"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"commy.dev/commy"
)

// Processes die, hang, come late and are replaced, and the others are told the truth in time.

// signal sends a signal, and gives when.
func (p *process) signal(t *testing.T, signal syscall.Signal) time.Time {
	t.Helper()
	at := time.Now()
	no(t, p.command.Process.Signal(signal))
	return at
}

// moment waits until a node is given up.
func moment(t *testing.T, gone <-chan time.Time) time.Time {
	t.Helper()
	known, ok := <-gone
	if !ok {
		t.Fatal("it was never given up")
	}
	return known
}

func TestFailure_AKilledReplicaGetsNoMoreCallsAndOnlyThoseOnItFail(t *testing.T) {
	mesh := started(t)
	processes := replicas(t, mesh.Name(), 3)
	knows(t, mesh, "workers", 3)
	load := underLoad(t, mesh, 15*time.Second)
	fastest := timeMax
	// A machine may be too busy to tell when one dies; it is not each time.
	for _, victim := range processes[:2] {
		before := len(failed(load.outcomes()))
		gone := gone(t, mesh, victim.node)
		load.goesOn(t)
		stolen := watchTime()
		killed := victim.signal(t, syscall.SIGKILL)
		known := moment(t, gone)
		fastest = min(fastest, known.Sub(killed)-stolen.end())
		load.goesOn(t)

		failures := failed(load.outcomes())[before:]
		if len(failures) > callers {
			t.Errorf("%d calls failed", len(failures))
		}
		for _, call := range failures {
			failure := fails(t, call.err, commy.Unavailable)
			equal(t, "what was called", failure.Service+"."+failure.Method, "workers.work")
			if failure.Attempts < 1 || !strings.Contains(failure.InstanceID, victim.node) || !strings.Contains(failure.Reason, victim.node) {
				t.Errorf("the error does not say what was tried: %+v", failure)
			}
			if call.began.After(known) && call.began.After(killed.Add(50*time.Millisecond)) {
				t.Errorf("a call failed that began %v after the death", call.began.Sub(killed))
			}
		}
		for _, call := range load.outcomes() {
			if call.node == victim.node && call.began.After(known) {
				t.Error("the dead answered")
			}
		}
	}
	outcomes := load.end()
	for _, call := range outcomes[len(outcomes)-callers:] {
		equal(t, "who is left", call.node, processes[2].node)
	}
	if fastest >= 50*time.Millisecond {
		t.Errorf("a death was known after %v at best", fastest)
	}
}

func TestFailure_AReplicaThatHangsGetsNoCallAfterAMomentAndIsBackWhenItGoesOn(t *testing.T) {
	mesh := started(t)
	processes := replicas(t, mesh.Name(), 3)
	knows(t, mesh, "workers", 3)
	victim := processes[0]
	once := underLoad(t, mesh, 4*time.Second)
	repeated := underLoad(t, mesh, 4*time.Second, commy.Idempotent())
	gone := gone(t, mesh, victim.node)
	once.goesOn(t)
	stolen := watchTime()
	stopped := victim.signal(t, syscall.SIGSTOP)
	known := moment(t, gone)
	if took := known.Sub(stopped) - stolen.end(); took >= 1500*time.Millisecond {
		t.Errorf("it was given up after %v", took)
	}
	once.goesOn(t)
	repeated.goesOn(t)
	calls, repeatedCalls := once.end(), repeated.end()
	for _, call := range failed(calls) {
		if !errors.Is(call.err, commy.Unavailable) && !errors.Is(call.err, commy.DeadlineExceeded) {
			t.Errorf("a call failed with %v", call.err)
		}
		if call.began.After(known) || call.ended.Sub(call.began) > 5*time.Second {
			t.Errorf("%v, %v after it was given up, took %v", call.err, call.began.Sub(known), call.ended.Sub(call.began))
		}
	}
	for _, call := range failed(repeatedCalls) {
		t.Errorf("an idempotent call failed: %v", call.err)
	}
	for _, call := range slices.Concat(calls, repeatedCalls) {
		if call.node == victim.node && call.began.After(known) {
			t.Error("one who hangs answered")
		}
	}

	victim.signal(t, syscall.SIGCONT)
	knows(t, mesh, "workers", 3)
	load := underLoad(t, mesh, 15*time.Second)
	eventually(t, "it is called again", func() bool {
		return slices.ContainsFunc(load.outcomes(), func(call outcome) bool { return call.node == victim.node })
	})
	equal(t, "failed calls", len(failed(load.end())), 0)
}

func TestFailure_ARollingRestartFailsNoCall(t *testing.T) {
	mesh := started(t)
	old := replicas(t, mesh.Name(), 3)
	knows(t, mesh, "workers", 3)
	load := underLoad(t, mesh, 15*time.Second)
	all := slices.Clone(old)
	for _, leaving := range old {
		all = append(all, serving(t, mesh.Name()))
		knows(t, mesh, "workers", 4)
		load.goesOn(t)
		leaving.do(t, command{Do: "stop"})
		equal(t, "the exit code", leaving.exits(t), 0)
		load.goesOn(t)
	}
	served := map[string]bool{}
	for _, call := range load.end() {
		if call.err != nil {
			t.Errorf("a call failed: %v", call.err)
		}
		served[call.node] = true
	}
	for _, process := range all {
		if !served[process.node] {
			t.Errorf("%s answered nothing", process.node)
		}
	}
}

func TestFailure_ACallWhoseCalleeIsKilledSaysWhatWasTried(t *testing.T) {
	mesh := started(t)
	other := serving(t, mesh.Name())
	instance := knows(t, mesh, "workers", 1)[0]
	answer := holding(limited(t), mesh)
	other.tells(t, "held")
	other.signal(t, syscall.SIGKILL)
	failure := fails(t, <-answer, commy.Unavailable)
	equal(t, "what was called", failure.Service+"."+failure.Method, "workers.hold")
	equal(t, "attempts", failure.Attempts, 1)
	equal(t, "the instance", failure.InstanceID, instance.ID)
	_, err := mesh.Call(limited(t), "workers", "who", nil)
	if !errors.Is(err, commy.NotFound) && !errors.Is(err, commy.Unavailable) {
		t.Errorf("got %v", err)
	}
}

func TestFailure_AnIdempotentCallWhoseCalleeIsKilledSucceedsElsewhere(t *testing.T) {
	mesh := started(t)
	processes := replicas(t, mesh.Name(), 2)
	knows(t, mesh, "workers", 2)
	answers := make(chan error, 4)
	ctx := limited(t)
	for range cap(answers) {
		go func() {
			node, err := commy.Call[string](ctx, mesh, "workers", "work", 3000,
				commy.Idempotent(), commy.BalancedBy(commy.RoundRobin))
			if err == nil && node != processes[1].node {
				err = errors.New(node + " answered")
			}
			answers <- err
		}()
	}
	for _, process := range processes {
		eventually(t, "it is at work", func() bool {
			return asked[commy.Stats](t, process, command{Do: "stats"}).RequestsInFlight == 2
		})
	}
	processes[0].signal(t, syscall.SIGKILL)
	for range cap(answers) {
		no(t, <-answers)
	}
}

func TestFailure_ACallToOneWhoHangsEndsByItsDeadline(t *testing.T) {
	mesh := started(t)
	other := serving(t, mesh.Name())
	knows(t, mesh, "workers", 1)
	other.signal(t, syscall.SIGSTOP)
	ctx, cancel := context.WithTimeout(t.Context(), 500*time.Millisecond)
	defer cancel()
	began := time.Now()
	_, err := mesh.Call(ctx, "workers", "who", nil)
	if took := time.Since(began); took < 400*time.Millisecond || took > 5*time.Second {
		t.Errorf("it ended after %v", took)
	}
	if !errors.Is(err, commy.DeadlineExceeded) && !errors.Is(err, commy.Unavailable) {
		t.Errorf("got %v", err)
	}
	other.signal(t, syscall.SIGCONT)
}

func TestFailure_WhoIsKilledStopsTheWorkThatItAskedFor(t *testing.T) {
	called := name()
	callee := serving(t, called)
	caller := peer(t, peerOptions{Name: called})
	caller.learns(t, "workers")
	caller.begin(t, command{Do: "call", Service: "workers", Method: "hold"})
	callee.tells(t, "held")
	caller.signal(t, syscall.SIGKILL)
	callee.tells(t, "let go")
}

func TestFailure_OneWhoComesAfterADeathKnowsTheLivingOnly(t *testing.T) {
	called := name()
	processes := replicas(t, called, 2)
	processes[0].signal(t, syscall.SIGKILL)
	mesh := startedAs(t, called)
	knows(t, mesh, "workers", 1)
	equal(t, "who lives", who(t, mesh, "workers"), processes[1].node)
	equal(t, "peers", mesh.Stats().Peers, 1)
}

func TestFailure_EventsGoOnAmongTheLiving(t *testing.T) {
	mesh := started(t)
	events := must(mesh.Subscribe(limited(t), "numbers"))(t)
	defer events.Close()
	processes := replicas(t, mesh.Name(), 2)
	knows(t, mesh, "workers", 2)
	processes[0].signal(t, syscall.SIGKILL)
	knows(t, mesh, "workers", 1)
	eventually(t, "an event of the living arrives", func() bool {
		processes[1].do(t, command{Do: "publish", Topic: "numbers", First: 1, Count: 1})
		ctx, cancel := context.WithTimeout(limited(t), 50*time.Millisecond)
		defer cancel()
		event, err := events.Next(ctx)
		if err != nil {
			return false
		}
		equal(t, "the event", must(commy.Decode[int](event.Message))(t), 1)
		equal(t, "its publisher", event.Publisher, processes[1].node)
		return true
	})
}

func TestFailure_AStopKeepsItsTimeWhileAnotherHangs(t *testing.T) {
	mesh := started(t, commy.WithDrainTimeout(time.Second))
	other := serving(t, mesh.Name())
	knows(t, mesh, "workers", 1)
	answer := holding(limited(t), mesh)
	other.tells(t, "held")
	other.signal(t, syscall.SIGSTOP)
	began := time.Now()
	no(t, mesh.Stop(limited(t)))
	if took := time.Since(began); took > 5*time.Second {
		t.Errorf("the stop took %v", took)
	}
	if err := <-answer; err == nil {
		t.Error("who hangs answered")
	}
}

func TestFailure_AProcessThatEndsWithAMeshThatRunsEndsWell(t *testing.T) {
	mesh := started(t)
	register(t, mesh, "here", newStuck())
	other := serving(t, mesh.Name())
	knows(t, mesh, "workers", 1)
	other.learns(t, "here")
	answer := holding(limited(t), mesh)
	other.tells(t, "held")
	other.begin(t, command{Do: "call", Service: "here", Payload: json.RawMessage("1")})
	equal(t, "the exit code", other.exits(t), 0)
	fails(t, <-answer, commy.Unavailable)
	knows(t, mesh, "workers", 0)
	eventually(t, "it is gone", func() bool { return mesh.Stats().Peers == 0 })
	equal(t, "its complaints", other.complaints.String(), "")
}

func TestFailure_OptionsThatCannotWorkAreRefusedWithTheRule(t *testing.T) {
	nowhere := commy.TLS{CA: "/nowhere/ca.pem", Certificate: "/nowhere/node.pem", Key: "/nowhere/key.pem"}
	for _, one := range []struct {
		option commy.Option
		words  []string
	}{
		{commy.WithListen("tcp/0.0.0.0:7447"), []string{"tcp/0.0.0.0:7447", "loopback", "allow_insecure"}},
		{commy.WithConnect("tcp/example.org:7447"), []string{"tcp/example.org:7447", "allow_insecure"}},
		{commy.WithListen("tls/0.0.0.0:7447"), []string{"tls/0.0.0.0:7447", "certificates"}},
		{commy.WithConnect("quic/example.org:7447"), []string{"quic/example.org:7447", "certificates"}},
		{commy.WithConnect("udp/127.0.0.1:7447"), []string{"udp/127.0.0.1:7447", "tcp/, tls/ or quic/"}},
		{commy.WithConnect("127.0.0.1:7447"), []string{"127.0.0.1:7447", "tcp/, tls/ or quic/"}},
		{commy.WithConnect("tcp/127.0.0.1"), []string{"tcp/127.0.0.1", "port"}},
		{commy.WithConnect("tcp/127.0.0.1:7447#iface=eth0"), []string{"nothing else"}},
		{commy.WithMode(commy.Client), []string{"client", "connect"}},
		{commy.WithMode("hub"), []string{"a mode", `"hub"`}},
		{commy.WithMulticast(), []string{"multicast", "listen"}},
		{commy.WithTLS(nowhere), []string{"/nowhere/ca.pem"}},
	} {
		_, err := commy.New(name(), one.option)
		reason := fails(t, err, commy.InvalidArgument).Reason
		for _, word := range one.words {
			if !strings.Contains(reason, word) {
				t.Errorf("%q does not say %q", reason, word)
			}
		}
	}
}

func TestFailure_OptionsThatWorkAreTaken(t *testing.T) {
	must(commy.New(name(), commy.WithListen("tcp/0.0.0.0:7447"), commy.AllowInsecure()))(t)
	must(commy.New(name(), commy.WithListen("tcp/127.0.0.1:0"), commy.WithMulticast(), commy.WithoutSharedMemory()))(t)
}

func TestFailure_AnAddressThatIsTakenFailsTheStart(t *testing.T) {
	listener := must(net.Listen("tcp", "127.0.0.1:0"))(t)
	defer listener.Close()
	refusesToStart(t, commy.WithListen("tcp/"+listener.Addr().String()))
}

func TestFailure_ACertificateThatIsNoneFailsTheStart(t *testing.T) {
	folder := t.TempDir()
	file := func(name string) string {
		path := filepath.Join(folder, name)
		no(t, os.WriteFile(path, []byte("this is no certificate"), 0o600))
		return path
	}
	tls := commy.TLS{CA: file("ca"), Certificate: file("node"), Key: file("key")}
	refusesToStart(t, commy.WithListen("tls/127.0.0.1:0"), commy.WithTLS(tls))
}

func refusesToStart(t *testing.T, options ...commy.Option) {
	t.Helper()
	mesh := must(commy.New(name(), options...))(t)
	var failure *commy.Error
	if err := mesh.Start(limited(t)); !errors.As(err, &failure) || errors.Is(err, commy.DeadlineExceeded) {
		t.Errorf("got %v", err)
	}
	equal(t, "whether it runs", mesh.IsRunning(), false)
}
