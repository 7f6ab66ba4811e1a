package tests

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sort"
	"strings"
	"sync"
	"testing"
	"time"

	"commy.dev/commy"
)

func brief(t *testing.T, watch *commy.Watch) string {
	t.Helper()
	change := must(watch.Next(limited(t)))(t)
	return fmt.Sprintf("%s %s %s", change.Kind, change.Instance.Service, change.Instance.Health)
}

func watching(t *testing.T, mesh *commy.Mesh, query commy.Query) *commy.Watch {
	t.Helper()
	watch := must(mesh.Watch(query))(t)
	t.Cleanup(func() { _ = watch.Close() })
	return watch
}

func TestWatch_FirstWhatMatchesNowThenEveryChange(t *testing.T) {
	mesh := started(t)
	register(t, mesh, "before", echo)
	watch := watching(t, mesh, commy.Query{Health: everyHealth})
	equal(t, "first", brief(t, watch), "added before healthy")
	registration := register(t, mesh, "after", echo)
	equal(t, "then", brief(t, watch), "added after healthy")
	no(t, registration.SetHealth(limited(t), commy.Unhealthy))
	equal(t, "then", brief(t, watch), "updated after unhealthy")
	no(t, registration.Close())
	last := brief(t, watch)
	for strings.HasPrefix(last, "updated") { // it drains on its way out
		last = brief(t, watch)
	}
	if !strings.HasPrefix(last, "removed after") {
		t.Errorf("got %q", last)
	}
}

func TestWatch_HealthThatNoLongerMatchesIsARemoval(t *testing.T) {
	mesh := started(t)
	watch := watching(t, mesh, commy.Query{Service: "orders"})
	registration := register(t, mesh, "orders", echo)
	equal(t, "first", brief(t, watch), "added orders healthy")
	no(t, registration.SetHealth(limited(t), commy.Unhealthy))
	if got := brief(t, watch); !strings.HasPrefix(got, "removed") {
		t.Errorf("got %q", got)
	}
	no(t, registration.SetHealth(limited(t), commy.Healthy))
	equal(t, "last", brief(t, watch), "added orders healthy")
}

func TestWatch_ChangesThatNobodyTookInTimeAreToldAsOne(t *testing.T) {
	mesh := started(t)
	watch := watching(t, mesh, commy.Query{Health: everyHealth})
	registration := register(t, mesh, "orders", echo)
	for _, health := range []commy.Health{commy.Unhealthy, commy.Healthy, commy.Unhealthy} {
		no(t, registration.SetHealth(limited(t), health))
	}
	equal(t, "first", brief(t, watch), "added orders unhealthy")
	no(t, registration.Close())
	if got := brief(t, watch); !strings.HasPrefix(got, "removed") {
		t.Errorf("got %q", got)
	}
}

func TestWatch_RevisionsRise(t *testing.T) {
	mesh := started(t)
	watch := watching(t, mesh, commy.Query{})
	for number := range 5 {
		register(t, mesh, fmt.Sprintf("service-%d", number), echo)
	}
	var revisions []int
	for change, err := range watch.All(limited(t)) {
		no(t, err)
		if revisions = append(revisions, int(change.Revision)); len(revisions) == 5 {
			break
		}
	}
	if !sort.IntsAreSorted(revisions) {
		t.Errorf("got %v", revisions)
	}
}

func TestWatch_AWatchSeesOnlyWhatItsQueryMatches(t *testing.T) {
	mesh := started(t)
	watch := watching(t, mesh, commy.Query{Service: "orders", Tags: []string{"eu"}})
	registerAs(t, mesh, commy.Service{Name: "orders", Tags: []string{"us"}}, echo)
	registerAs(t, mesh, commy.Service{Name: "users", Tags: []string{"eu"}}, echo)
	registerAs(t, mesh, commy.Service{Name: "orders", Tags: []string{"eu", "fast"}}, echo)
	change := must(watch.Next(limited(t)))(t)
	equal(t, "the tags", strings.Join(change.Instance.Tags, ","), "eu,fast")
}

func TestWatch_AClosedWatchEndsForWhoeverWaits(t *testing.T) {
	mesh := started(t)
	watch := watching(t, mesh, commy.Query{})
	ctx := limited(t)
	waiting := make(chan error, 1)
	go func() { _, err := watch.Next(ctx); waiting <- err }()
	time.Sleep(time.Millisecond)
	var closer io.Closer = watch
	no(t, closer.Close())
	no(t, closer.Close())
	if err := <-waiting; err != io.EOF {
		t.Errorf("got %v", err)
	}
	if _, err := watch.Next(ctx); err != io.EOF {
		t.Errorf("got %v", err)
	}
	for range watch.All(ctx) {
		t.Error("a change after the end")
	}
}

func TestWatch_AContextThatEndsIsTheLastThatARangeGives(t *testing.T) {
	mesh := started(t)
	watch := watching(t, mesh, commy.Query{})
	ctx, cancel := context.WithTimeout(limited(t), 5*time.Millisecond)
	defer cancel()
	var ends []error
	for _, err := range watch.All(ctx) {
		ends = append(ends, err)
	}
	if len(ends) != 1 || !errors.Is(ends[0], context.DeadlineExceeded) {
		t.Errorf("got %v", ends)
	}
}

func TestWatch_AWaitThatIsCancelledLosesNoChange(t *testing.T) {
	mesh := started(t)
	watch := watching(t, mesh, commy.Query{})
	var seen []string
	for number := range 50 {
		ctx, cancel := context.WithCancel(limited(t))
		waiting := make(chan struct{})
		go func() {
			defer close(waiting)
			if change, err := watch.Next(ctx); err == nil {
				seen = append(seen, change.Instance.Service)
			}
		}()
		register(t, mesh, fmt.Sprintf("service-%02d", number), echo)
		cancel()
		<-waiting
	}
	for len(seen) < 50 {
		seen = append(seen, must(watch.Next(limited(t)))(t).Instance.Service)
	}
	for number, service := range seen {
		equal(t, "in order", service, fmt.Sprintf("service-%02d", number))
	}
}

func TestWatch_GoroutinesThatShareAWatchGetEachChangeOnce(t *testing.T) {
	mesh := started(t)
	watch := watching(t, mesh, commy.Query{})
	ctx := limited(t)
	var mutex sync.Mutex
	seen := map[string]int{}
	var waiting sync.WaitGroup
	for range 8 {
		waiting.Add(1)
		go func() {
			defer waiting.Done()
			change, err := watch.Next(ctx)
			if err != nil {
				t.Error(err)
			}
			mutex.Lock()
			defer mutex.Unlock()
			seen[change.Instance.Service]++
		}()
	}
	for number := range 8 {
		register(t, mesh, fmt.Sprintf("service-%d", number), echo)
	}
	waiting.Wait()
	equal(t, "different changes", len(seen), 8)
}
