package tests

import (
	"context"
	"fmt"
	"io"
	"reflect"
	"strings"
	"testing"
	"time"

	"commy.dev/commy"
)

func subscribed(t *testing.T, mesh *commy.Mesh, filter string, options ...commy.SubscribeOption) *commy.Subscription {
	t.Helper()
	subscription := must(mesh.Subscribe(limited(t), filter, options...))(t)
	t.Cleanup(func() { _ = subscription.Close() })
	return subscription
}

func publish(t *testing.T, mesh *commy.Mesh, topic string, value any) {
	t.Helper()
	no(t, mesh.Publish(limited(t), topic, value))
}

func taken[T any](t *testing.T, subscription *commy.Subscription, count int) []T {
	t.Helper()
	values := []T{}
	for value, err := range commy.Values[T](limited(t), subscription) {
		no(t, err)
		if values = append(values, value); len(values) == count {
			break
		}
	}
	return values
}

func same(t *testing.T, got, want any) {
	t.Helper()
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

func upTo(count int) []int {
	numbers := make([]int, count)
	for index := range numbers {
		numbers[index] = index
	}
	return numbers
}

func TestPubsub_AnEventBringsItsValueHeadersAndOrigin(t *testing.T) {
	mesh := started(t)
	events := subscribed(t, mesh, "orders/*")
	message := must(commy.Encode(map[string]int{"id": 1}))(t)
	message.Headers = map[string]string{"trace": "ä"}
	publish(t, mesh, "orders/created", message)
	event := must(events.Next(limited(t)))(t)
	same(t, event, commy.Event{
		Message: commy.Message{Payload: []byte(`{"id":1}`), ContentType: "application/json", Headers: message.Headers},
		Topic:   "orders/created", Publisher: mesh.NodeID(), Sequence: event.Sequence,
	})
}

func TestPubsub_AFilterMatchesBySegments(t *testing.T) {
	for filter, want := range map[string][]string{
		"a":    {"a"},
		"*":    {"a", "b"},
		"a/*":  {"a/b"},
		"*/b":  {"a/b"},
		"a/**": {"a", "a/b", "a/b/c"},
		"**":   {"a", "b", "a/b", "a/b/c"},
		"**/c": {"a/b/c"},
	} {
		mesh := started(t)
		events := subscribed(t, mesh, filter)
		for _, topic := range []string{"a", "b", "a/b", "a/b/c"} {
			publish(t, mesh, topic, topic)
		}
		same(t, taken[string](t, events, len(want)), want)
	}
}

func TestPubsub_EverySubscriptionGetsEveryEventInOrder(t *testing.T) {
	mesh := started(t)
	var all []*commy.Subscription
	for range 5 {
		all = append(all, subscribed(t, mesh, "numbers"))
	}
	for number := range 100 {
		publish(t, mesh, "numbers", number)
	}
	for _, events := range all {
		same(t, taken[int](t, events, 100), upTo(100))
	}
}

func TestPubsub_SequenceNumbersRise(t *testing.T) {
	mesh := started(t)
	events := subscribed(t, mesh, "**")
	for _, topic := range []string{"a", "b", "a"} {
		publish(t, mesh, topic, nil)
	}
	var last uint64
	for range 3 {
		event := must(events.Next(limited(t)))(t)
		if event.Sequence <= last {
			t.Errorf("%d after %d", event.Sequence, last)
		}
		last = event.Sequence
	}
}

func TestPubsub_AFullQueueLosesWhatItsPolicySaysAndTells(t *testing.T) {
	for overflow, want := range map[commy.Overflow]string{
		commy.DropOldest: "2 missed 2, 3 missed 0, 4 missed 0, 5 missed 0",
		commy.DropNewest: "0 missed 0, 1 missed 0, 2 missed 0, 5 missed 2",
	} {
		mesh := started(t)
		events := subscribed(t, mesh, "numbers", commy.WithCapacity(3), commy.OnOverflow(overflow))
		for number := range 5 {
			publish(t, mesh, "numbers", number)
		}
		var seen []string
		take := func() {
			event := must(events.Next(limited(t)))(t)
			seen = append(seen, fmt.Sprintf("%s missed %d", event.Payload, event.Missed))
		}
		for range 3 {
			take()
		}
		equal(t, "dropped", events.Dropped(), 2)
		equal(t, "dropped in all", mesh.Stats().EventsDropped, 2)
		publish(t, mesh, "numbers", 5)
		take()
		equal(t, string(overflow), strings.Join(seen, ", "), want)
	}
}

func TestPubsub_AFullQueueThatBlocksMakesItsPublisherWait(t *testing.T) {
	mesh := started(t)
	events := subscribed(t, mesh, "numbers", commy.WithCapacity(1), commy.OnOverflow(commy.Block))
	publish(t, mesh, "numbers", 0)
	waiting := make(chan error, 1)
	ctx := limited(t)
	go func() { waiting <- mesh.Publish(ctx, "numbers", 1) }()
	select {
	case err := <-waiting:
		t.Fatalf("it did not wait: %v", err)
	case <-time.After(20 * time.Millisecond):
	}
	same(t, taken[int](t, events, 1), []int{0})
	no(t, <-waiting)
	same(t, taken[int](t, events, 1), []int{1})
	equal(t, "dropped", events.Dropped(), 0)
}

func TestPubsub_ARangeEndsWithTheSubscription(t *testing.T) {
	mesh := started(t)
	publish(t, mesh, "topic", "before anybody listens")
	events := subscribed(t, mesh, "topic")
	ctx := limited(t)
	seen := make(chan []string, 1)
	go func() {
		var values []string
		for value, err := range commy.Values[string](ctx, events) {
			if err != nil {
				t.Error(err)
			}
			values = append(values, value)
		}
		seen <- values
	}()
	publish(t, mesh, "topic", "now")
	eventually(t, "the event is taken", func() bool { return mesh.Stats().EventsDelivered == 1 })
	time.Sleep(5 * time.Millisecond)
	no(t, events.Close())
	same(t, <-seen, []string{"now"})
}

func TestPubsub_AClosedSubscriptionTakesNothingMore(t *testing.T) {
	mesh := started(t)
	events := subscribed(t, mesh, "topic")
	var closer io.Closer = events
	no(t, closer.Close())
	no(t, closer.Close())
	publish(t, mesh, "topic", 1)
	if _, err := events.Next(limited(t)); err != io.EOF {
		t.Errorf("got %v", err)
	}
	equal(t, "dropped", events.Dropped(), 0)
}

func TestPubsub_AWaitThatIsCancelledLosesNoEvent(t *testing.T) {
	mesh := started(t)
	events := subscribed(t, mesh, "numbers", commy.WithCapacity(1000))
	var seen []int
	for number := range 300 {
		ctx, cancel := context.WithCancel(limited(t))
		waiting := make(chan struct{})
		go func() {
			defer close(waiting)
			if event, err := events.Next(ctx); err == nil {
				value, err := commy.Decode[int](event.Message)
				if err != nil {
					t.Error(err)
				}
				seen = append(seen, value)
			}
		}()
		if number%3 == 0 {
			time.Sleep(time.Duration(number) * time.Microsecond)
		}
		publish(t, mesh, "numbers", number)
		if number%2 == 0 {
			time.Sleep(time.Duration(number%50) * time.Microsecond)
		}
		cancel()
		<-waiting
	}
	if left := 300 - len(seen); left > 0 {
		seen = append(seen, taken[int](t, events, left)...)
	}
	same(t, seen, upTo(300))
}

func TestPubsub_AnEventThatIsNotTheJSONItSaysDoesNotEndTheSubscription(t *testing.T) {
	mesh := started(t)
	events := subscribed(t, mesh, "topic")
	publish(t, mesh, "topic", commy.Message{Payload: []byte("{"), ContentType: "application/json"})
	publish(t, mesh, "topic", 7)
	var seen []string
	for value, err := range commy.Values[int](limited(t), events) {
		seen = append(seen, fmt.Sprint(value, err != nil))
		if len(seen) == 2 {
			break
		}
	}
	same(t, seen, []string{"0 true", "7 false"})
}

func TestPubsub_ABadTopicOrFilterIsRefused(t *testing.T) {
	mesh := started(t)
	long := strings.Repeat("t", 257)
	for _, bad := range []string{"", long, "/a", "a/", "a//b", "has space", "größe", "a/*", "**", "\xff"} {
		fails(t, mesh.Publish(limited(t), bad, nil), commy.InvalidArgument)
	}
	for _, bad := range []string{"", long, "/a", "a//b", "a*", "***", "größe", "\xff"} {
		_, err := mesh.Subscribe(limited(t), bad)
		fails(t, err, commy.InvalidArgument)
	}
}

func TestPubsub_OptionsThatBreakARuleAreRefused(t *testing.T) {
	mesh := started(t)
	for _, bad := range []commy.SubscribeOption{
		commy.WithCapacity(0), commy.WithCapacity(65_537), commy.OnOverflow("spill"),
	} {
		_, err := mesh.Subscribe(limited(t), "topic", bad)
		fails(t, err, commy.InvalidArgument)
	}
}

func TestPubsub_PublishingToNobodySucceedsAndIsCounted(t *testing.T) {
	mesh := started(t)
	publish(t, mesh, "topic", 1)
	events := subscribed(t, mesh, "topic")
	publish(t, mesh, "topic", 2)
	same(t, taken[int](t, events, 1), []int{2})
	stats := mesh.Stats()
	same(t, []uint64{stats.EventsPublished, stats.EventsDelivered, stats.EventsDropped}, []uint64{2, 1, 0})
}
