package tests

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"reflect"
	"slices"
	"testing"
	"time"

	"commy.dev/commy"
)

// What works within one process works across two, and tells that it does.

func TestRemote_AnInstanceIsFoundWithAllThatIsKnownOfIt(t *testing.T) {
	mesh := started(t)
	service := commy.Service{
		Name: "workers", Version: "1.2.3", Tags: []string{"a", "b"},
		Metadata: map[string]string{"owner": "sales"}, Weight: 7, Zone: "eu-1a",
	}
	other := peer(t, peerOptions{Name: mesh.Name(), Serves: []commy.Service{service}, Region: "eu-1"})
	knows(t, mesh, "workers", 1)
	query := commy.Query{
		Service: "workers", Version: "^1.2", Tags: []string{"b"},
		Metadata: map[string]string{"owner": "sales"}, Zone: "eu-1a",
	}
	found := must(mesh.Discover(query))(t)
	equal(t, "instances", len(found), 1)
	want := commy.Instance{
		ID: found[0].ID, NodeID: other.node, Service: "workers", Version: "1.2.3", Tags: []string{"a", "b"},
		Metadata: map[string]string{"owner": "sales"}, Weight: 7, Zone: "eu-1a", Region: "eu-1",
		Health: commy.Healthy, Reach: commy.Fabric, Revision: found[0].Revision,
	}
	if !reflect.DeepEqual(found[0], want) {
		t.Errorf("got %+v, want %+v", found[0], want)
	}
	elsewhere := must(mesh.Discover(commy.Query{Service: "workers", Zone: "eu-1b"}))(t)
	equal(t, "instances in another zone", len(elsewhere), 0)
	equal(t, "active services", must(mesh.ActiveServiceCount())(t), 1)
}

func TestRemote_TwoProcessesFindEachOtherWithinASecond(t *testing.T) {
	mesh := started(t)
	other := peer(t, peerOptions{Name: mesh.Name()})
	watch := must(mesh.Watch(commy.Query{Service: "workers"}))(t)
	defer watch.Close()
	begun := time.Now()
	other.begin(t, command{Do: "register", Service: "workers"})
	must(watch.Next(limited(t)))(t)
	if took := time.Since(begun); took > time.Second {
		t.Errorf("the other was found after %v", took)
	}
	register(t, mesh, "here", echo)
	begun = time.Now()
	other.learns(t, "here")
	if took := time.Since(begun); took > time.Second {
		t.Errorf("this was found after %v", took)
	}
}

func TestRemote_ValuesAndBytesArriveAsTheyWereSent(t *testing.T) {
	mesh := started(t)
	serving(t, mesh.Name())
	instance := knows(t, mesh, "workers", 1)[0]
	every := make([]byte, 256)
	for index := range every {
		every[index] = byte(index)
	}
	for what, value := range map[string]any{
		"JSON": map[string]any{
			"id": 1.0, "items": []any{"ä", nil, 1.5, true}, "nested": map[string]any{"": []any{}},
		},
		"null":       nil,
		"nothing":    []byte{},
		"every byte": every,
		"one MiB":    bytes.Repeat(every, mib/len(every)),
	} {
		reply := must(mesh.Call(limited(t), "workers", "echo", value))(t)
		got := must(commy.Decode[any](reply.Message))(t)
		contentType := "application/json"
		if _, isBytes := value.([]byte); isBytes {
			contentType = "application/octet-stream"
		}
		if !reflect.DeepEqual(got, value) {
			t.Errorf("%s came back otherwise", what)
		}
		equal(t, "the content type of "+what, reply.ContentType, contentType)
		equal(t, "who served "+what, reply.ServedBy, instance.ID)
	}
}

func TestRemote_AHandlerLearnsWhoCallsAndWhatIsLeftOfTheDeadline(t *testing.T) {
	mesh := started(t)
	serving(t, mesh.Name())
	knows(t, mesh, "workers", 1)
	ctx, cancel := context.WithTimeout(t.Context(), 15*time.Second)
	defer cancel()
	headers := map[string]string{"trace": "ä"}
	known := must(commy.Call[around](ctx, mesh, "workers", "context", nil, commy.WithHeaders(headers)))(t)
	if known.TimeLeft <= 0 || known.TimeLeft > 15*time.Second {
		t.Errorf("%v were left", known.TimeLeft)
	}
	known.TimeLeft = 0
	if want := (around{mesh.NodeID(), 1, headers, 0}); !reflect.DeepEqual(known, want) {
		t.Errorf("got %+v, want %+v", known, want)
	}
}

func TestRemote_CallsGoBothWays(t *testing.T) {
	mesh := started(t)
	other := serving(t, mesh.Name())
	register(t, mesh, "here", commy.Func(func(_ context.Context, word string) (string, error) {
		return word + " seen", nil
	}))
	other.learns(t, "here")
	answer := asked[string](t, other, command{Do: "call", Service: "here", Payload: json.RawMessage(`"tea"`)})
	equal(t, "the answer there", answer, "tea seen")
	knows(t, mesh, "workers", 1)
	equal(t, "the answer here", who(t, mesh, "workers"), other.node)
}

func TestRemote_AHandlersErrorBringsItsCodeMessageAndDetails(t *testing.T) {
	mesh := started(t)
	serving(t, mesh.Name())
	instance := knows(t, mesh, "workers", 1)[0]
	_, err := mesh.Call(limited(t), "workers", "fail", nil)
	failure := *fails(t, err, commy.HandlerFailed)
	want := commy.Error{
		Status: commy.HandlerFailed, Reason: "none of tea left", Service: "workers", Method: "fail",
		InstanceID: instance.ID, Attempts: 1, Code: "OUT_OF_STOCK", Details: json.RawMessage(`{"left":0,"of":["tea"]}`),
	}
	if !reflect.DeepEqual(failure, want) {
		t.Errorf("got %+v, want %+v", failure, want)
	}
	_, err = mesh.Call(limited(t), "workers", "lose", nil)
	equal(t, "the code of an error", fails(t, err, commy.HandlerFailed).Code, "lostError")
	_, err = mesh.Call(limited(t), "workers", "nothing", nil)
	fails(t, err, commy.Unimplemented)
	_, err = mesh.Call(limited(t), "workers", "work", commy.Message{Payload: []byte("{"), ContentType: "application/json"})
	fails(t, err, commy.InvalidArgument)
}

func TestRemote_ADeadlineEndsTheCallAndTheWork(t *testing.T) {
	mesh := started(t)
	other := serving(t, mesh.Name())
	knows(t, mesh, "workers", 1)
	ctx, cancel := context.WithTimeout(t.Context(), 500*time.Millisecond)
	defer cancel()
	_, err := mesh.Call(ctx, "workers", "hold", nil)
	failure := fails(t, err, commy.DeadlineExceeded)
	equal(t, "what was called", failure.Service+"."+failure.Method, "workers.hold")
	if !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v", err)
	}
	other.tells(t, "held")
	other.tells(t, "let go")
}

func TestRemote_ACallThatIsCancelledEndsTheWork(t *testing.T) {
	mesh := started(t)
	other := serving(t, mesh.Name())
	knows(t, mesh, "workers", 1)
	ctx, cancel := context.WithCancel(limited(t))
	answer := holding(ctx, mesh)
	other.tells(t, "held")
	cancel()
	err := <-answer
	fails(t, err, commy.Cancelled)
	if !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	other.tells(t, "let go")
	equal(t, "the answer", who(t, mesh, "workers"), other.node)
}

// holding begins a call that is not answered.
func holding(ctx context.Context, mesh *commy.Mesh) <-chan error {
	answer := make(chan error, 1)
	go func() {
		_, err := mesh.Call(ctx, "workers", "hold", nil)
		answer <- err
	}()
	return answer
}

func TestRemote_EventsGoBothWaysInOrder(t *testing.T) {
	mesh := started(t)
	other := peer(t, peerOptions{Name: mesh.Name()})
	events := must(mesh.Subscribe(limited(t), "numbers/there"))(t)
	defer events.Close()
	other.do(t, command{Do: "subscribe", Topic: "numbers/here"})
	meet(t, mesh, other)
	other.do(t, command{Do: "publish", Topic: "numbers/there", Count: 200})
	ctx := limited(t)
	for number := range 200 {
		event := must(events.Next(ctx))(t)
		got := seen{must(commy.Decode[int](event.Message))(t), event.Publisher, event.Missed}
		equal(t, "an event here", got, seen{number, other.node, 0})
	}
	for number := range 200 {
		no(t, mesh.Publish(ctx, "numbers/here", number))
	}
	for number := range 200 {
		equal(t, "an event there", *other.tells(t, "event").Event, seen{number, mesh.NodeID(), 0})
	}
}

// meet waits until each is told of the events of the other: interest in a topic travels by
// itself, and what is published before it arrives is not missed.
func meet(t *testing.T, mesh *commy.Mesh, other *process) {
	t.Helper()
	moment := 50 * time.Millisecond
	events := must(mesh.Subscribe(limited(t), "begin/here"))(t)
	defer events.Close()
	eventually(t, "an event arrives here", func() bool {
		other.do(t, command{Do: "publish", Topic: "begin/here", Count: 1})
		ctx, cancel := context.WithTimeout(limited(t), moment)
		defer cancel()
		_, err := events.Next(ctx)
		return err == nil
	})
	other.do(t, command{Do: "subscribe", Topic: "begin/there"})
	eventually(t, "an event arrives there", func() bool {
		no(t, mesh.Publish(limited(t), "begin/there", 7))
		return other.tellsWithin(t, "event", moment)
	})
	eventually(t, "those that came late have come", func() bool {
		return !other.tellsWithin(t, "event", 300*time.Millisecond)
	})
}

func TestRemote_WhatASlowSubscriberLosesIsCounted(t *testing.T) {
	mesh := started(t)
	other := peer(t, peerOptions{Name: mesh.Name()})
	events := must(mesh.Subscribe(limited(t), "numbers", commy.WithCapacity(3)))(t)
	defer events.Close()
	meet(t, mesh, other)
	other.do(t, command{Do: "publish", Topic: "numbers", Count: 10})
	eventually(t, "all have arrived", func() bool { return events.Dropped() == 7 })
	missed := uint64(0)
	for number := 7; number < 10; number++ {
		event := must(events.Next(limited(t)))(t)
		equal(t, "an event", must(commy.Decode[int](event.Message))(t), number)
		missed += event.Missed
	}
	equal(t, "missed events", missed, 7)
	equal(t, "dropped events", mesh.Stats().EventsDropped, 7)
}

func TestRemote_AWatchSeesAnotherRegisterAndStop(t *testing.T) {
	mesh := started(t)
	watch := must(mesh.Watch(commy.Query{Service: "workers"}))(t)
	defer watch.Close()
	other := peer(t, peerOptions{Name: mesh.Name()})
	for _, step := range []struct {
		do   command
		kind commy.ChangeKind
	}{
		{command{Do: "register", Service: "workers"}, commy.Added},
		{command{Do: "stop"}, commy.Removed},
	} {
		other.do(t, step.do)
		change := must(watch.Next(limited(t)))(t)
		equal(t, "the change", change.Kind, step.kind)
		equal(t, "its node", change.Instance.NodeID, other.node)
	}
	knows(t, mesh, "workers", 0)
	eventually(t, "the node is gone", func() bool { return mesh.Stats().Peers == 0 })
}

func TestRemote_AServiceThatIsDeregisteredIsGoneAndItsNodeStays(t *testing.T) {
	mesh := started(t)
	services := append(workers(), commy.Service{Name: "others"})
	other := peer(t, peerOptions{Name: mesh.Name(), Serves: services})
	knows(t, mesh, "workers", 1)
	knows(t, mesh, "others", 1)
	other.do(t, command{Do: "deregister", Service: "workers"})
	// It drains before it is gone, which may be seen.
	known := commy.Query{Service: "workers", Health: []commy.Health{commy.Healthy, commy.Draining}}
	eventually(t, "it is gone", func() bool { return len(must(mesh.Discover(known))(t)) == 0 })
	equal(t, "the answer", who(t, mesh, "others"), other.node)
	_, err := mesh.Call(limited(t), "workers", "who", nil)
	fails(t, err, commy.NotFound)
}

func TestRemote_AnInstanceInThisProcessIsPreferred(t *testing.T) {
	mesh := started(t)
	serving(t, mesh.Name())
	register(t, mesh, "workers", commy.Func(func(context.Context, any) (string, error) {
		return mesh.NodeID(), nil
	}))
	knows(t, mesh, "workers", 2)
	// Nothing is known of either yet: they are equal.
	equal(t, "the first answer", who(t, mesh, "workers"), mesh.NodeID())
	// The other is tried once in a while, and found to be further away.
	here := 0
	for range 100 {
		if who(t, mesh, "workers") == mesh.NodeID() {
			here++
		}
	}
	if here < 80 {
		t.Errorf("%d of 100 calls were answered in this process", here)
	}
}

func TestRemote_MessagesWithinAProcessNeverTouchTheFabric(t *testing.T) {
	mesh := started(t)
	events := must(mesh.Subscribe(limited(t), "numbers"))(t)
	defer events.Close()
	register(t, mesh, "here", echo)
	twenty := func() {
		for number := range 20 {
			equal(t, "the answer", must(commy.Call[int](limited(t), mesh, "here", "", number))(t), number)
			no(t, mesh.Publish(limited(t), "numbers", number))
			equal(t, "the event", must(commy.Decode[int](must(events.Next(limited(t)))(t).Message))(t), number)
		}
	}
	twenty()
	equal(t, "messages of one who is alone", mesh.Stats().FabricMessages, 0)
	serving(t, mesh.Name())
	knows(t, mesh, "workers", 1)
	before := mesh.Stats()
	twenty()
	after := mesh.Stats()
	equal(t, "calls", after.CallsOK-before.CallsOK, 20)
	equal(t, "messages", after.FabricMessages, before.FabricMessages)
	equal(t, "bytes", [2]uint64{after.BytesSent, after.BytesReceived}, [2]uint64{before.BytesSent, before.BytesReceived})
	who(t, mesh, "workers")
	if mesh.Stats().FabricMessages <= after.FabricMessages {
		t.Error("a call to another process was no message")
	}
}

func TestRemote_CountersTellOfPeersAndBytes(t *testing.T) {
	mesh := started(t)
	other := serving(t, mesh.Name())
	knows(t, mesh, "workers", 1)
	equal(t, "peers", mesh.Stats().Peers, 1)
	before := mesh.Stats()
	must(mesh.Call(limited(t), "workers", "echo", make([]byte, 5000)))(t)
	after := mesh.Stats()
	equal(t, "bytes sent", after.BytesSent-before.BytesSent, 5000)
	equal(t, "bytes received", after.BytesReceived-before.BytesReceived, 5000)
	there := asked[commy.Stats](t, other, command{Do: "stats"})
	got := [3]uint64{there.Peers, there.RequestsHandled, there.BytesReceived}
	equal(t, "what the other counted", got, [3]uint64{1, 1, 5000})
}

func TestRemote_OnlyMeshesOfOneNameMeet(t *testing.T) {
	mesh := started(t)
	peer(t, peerOptions{Name: mesh.Name() + "-other", Serves: []commy.Service{{Name: "strangers"}}})
	peer(t, peerOptions{Name: mesh.Name(), Serves: workers(), LocalOnly: true})
	// Who comes later is known, so who came earlier would be.
	peer(t, peerOptions{Name: mesh.Name(), Serves: []commy.Service{{Name: "later"}}})
	knows(t, mesh, "later", 1)
	equal(t, "instances", len(must(mesh.Discover(commy.Query{}))(t)), 1)
	equal(t, "peers", mesh.Stats().Peers, 1)
}

func TestRemote_AnInstanceInTheOwnZoneIsPreferred(t *testing.T) {
	mesh := started(t, commy.WithZone("near"), commy.WithBalance(commy.RoundRobin))
	near := peer(t, peerOptions{Name: mesh.Name(), Serves: workers(), Zone: "near"})
	far := peer(t, peerOptions{Name: mesh.Name(), Serves: workers(), Zone: "far"})
	knows(t, mesh, "workers", 2)
	for range 10 {
		equal(t, "who is preferred", who(t, mesh, "workers"), near.node)
	}
	served := map[string]int{}
	for range 10 {
		served[who(t, mesh, "workers", commy.InAnyZone())]++
	}
	if served[near.node] == 0 || served[far.node] == 0 || len(served) != 2 {
		t.Errorf("calls to any zone were served by %v", served)
	}
	near.do(t, command{Do: "stop"})
	knows(t, mesh, "workers", 1)
	equal(t, "who is left", who(t, mesh, "workers"), far.node)
}

func TestRemote_CallsAreSharedBetweenProcesses(t *testing.T) {
	mesh := started(t, commy.WithBalance(commy.RoundRobin))
	processes := replicas(t, mesh.Name(), 3)
	knows(t, mesh, "workers", 3)
	served := map[string]int{}
	for range 30 {
		served[who(t, mesh, "workers")]++
	}
	for _, process := range processes {
		equal(t, "calls to one", served[process.node], 10)
	}
}

func TestRemote_OneWhoComesLateKnowsAllWhoWereThere(t *testing.T) {
	called := name()
	processes := replicas(t, called, 3)
	processes[0].do(t, command{Do: "register", Service: "gone"})
	processes[0].do(t, command{Do: "deregister", Service: "gone"})
	mesh := startedAs(t, called)
	known := knows(t, mesh, "workers", 3)
	equal(t, "instances", len(must(mesh.Discover(commy.Query{}))(t)), 3)
	equal(t, "active services", must(mesh.ActiveServiceCount())(t), 1)
	eventually(t, "it knows the others", func() bool { return mesh.Stats().Peers == 3 })
	for _, process := range processes {
		if !slices.ContainsFunc(known, func(one commy.Instance) bool { return one.NodeID == process.node }) {
			t.Errorf("%s is not known", process.node)
		}
		equal(t, "what is gone", len(asked[[]string](t, process, command{Do: "discover", Service: "gone"})), 0)
	}
}
