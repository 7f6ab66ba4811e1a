package tests

import (
	"context"
	"sync"
	"testing"
	"time"

	"commy.dev/commy"
)

const callers = 20

// outcome is a call, and what became of it: the node that answered, or the error.
type outcome struct {
	began, ended time.Time
	node         string
	err          error
}

// load is callers that call workers one after the other until they are told to stop.
type load struct {
	mesh    *commy.Mesh
	stop    chan struct{}
	callers sync.WaitGroup

	mutex sync.Mutex
	all   []outcome
}

// underLoad begins the calls, each of which may take so long.
func underLoad(t *testing.T, mesh *commy.Mesh, timeout time.Duration, options ...commy.CallOption) *load {
	t.Helper()
	load := &load{mesh: mesh, stop: make(chan struct{})}
	for range callers {
		load.callers.Add(1)
		go func() {
			defer load.callers.Done()
			for !isClosed(load.stop) {
				load.call(timeout, options)
			}
		}()
	}
	t.Cleanup(func() { load.end() })
	load.goesOn(t)
	return load
}

func (l *load) call(timeout time.Duration, options []commy.CallOption) {
	ctx, cancel := context.WithTimeout(context.Background(), timeout)
	defer cancel()
	began := time.Now()
	node, err := commy.Call[string](ctx, l.mesh, "workers", "work", 3, options...)
	l.mutex.Lock()
	defer l.mutex.Unlock()
	l.all = append(l.all, outcome{began, time.Now(), node, err})
}

// goesOn waits until each caller had time for some calls.
func (l *load) goesOn(t *testing.T) {
	t.Helper()
	enough := len(l.outcomes()) + 5*callers
	eventually(t, "calls are answered", func() bool { return len(l.outcomes()) >= enough })
}

// outcomes are those so far.
func (l *load) outcomes() []outcome {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	return l.all[:len(l.all):len(l.all)]
}

// failed are those that failed, of these.
func failed(outcomes []outcome) (failed []outcome) {
	for _, call := range outcomes {
		if call.err != nil {
			failed = append(failed, call)
		}
	}
	return failed
}

// end waits until no caller calls any more, and gives all outcomes.
func (l *load) end() []outcome {
	if !isClosed(l.stop) {
		close(l.stop)
	}
	l.callers.Wait()
	return l.outcomes()
}

func isClosed(signal <-chan struct{}) bool {
	select {
	case <-signal:
		return true
	default:
		return false
	}
}

// stolen is the time that the machine, busy with others, kept from whoever here was ready to go
// on: what must happen within some time must happen within that time of ours.
type stolen struct {
	stop  chan struct{}
	total chan time.Duration
}

func watchTime() stolen {
	const tick = time.Millisecond
	watch := stolen{make(chan struct{}), make(chan time.Duration, 1)}
	go func() {
		var total time.Duration
		for !isClosed(watch.stop) {
			began := time.Now()
			time.Sleep(tick)
			total += max(0, time.Since(began)-tick)
		}
		watch.total <- total
	}()
	return watch
}

func (s stolen) end() time.Duration {
	close(s.stop)
	return <-s.total
}

// gone tells when a mesh gives up a node.
func gone(t *testing.T, mesh *commy.Mesh, node string) <-chan time.Time {
	t.Helper()
	ctx := limited(t)
	watch := must(mesh.Watch(commy.Query{Service: "workers"}))(t)
	moment := make(chan time.Time, 1)
	go func() {
		defer watch.Close()
		defer close(moment)
		for change, err := range watch.All(ctx) {
			if err == nil && change.Kind == commy.Removed && change.Instance.NodeID == node {
				moment <- time.Now()
				return
			}
		}
	}()
	return moment
}
