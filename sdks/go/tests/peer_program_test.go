package tests

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"sync"
	"time"

	"commy.dev/commy"
)

// The tests' own program, run once more, is a node in a process of its own: it reads commands
// from standard input, and answers on standard output, both by lines of JSON. An answer has the
// id of its command, and either ok or error. What happens by itself is told by lines without an
// id. The first line says that the node is ready, or the error that kept it from it.

// asPeer is what the environment holds for the process of a peer: its [peerOptions].
const asPeer = "COMMY_TEST_PEER"

// peerOptions are what a peer is started with.
type peerOptions struct {
	Name      string           `json:"name"`
	Serves    []commy.Service  `json:"serves"`
	Zone      string           `json:"zone"`
	Region    string           `json:"region"`
	LocalOnly bool             `json:"local_only"`
	Mode      commy.FabricMode `json:"mode"`
	Listen    []string         `json:"listen"`
	Connect   []string         `json:"connect"`
	TLS       *commy.TLS       `json:"tls"`
}

// command is a line that a peer reads. What its operation has no use for is empty.
type command struct {
	ID      uint64          `json:"id"`
	Do      string          `json:"do"`
	Service string          `json:"service"`
	Method  string          `json:"method"`
	Payload json.RawMessage `json:"payload"`
	Topic   string          `json:"topic"`
	First   int             `json:"first"`
	Count   int             `json:"count"`
}

// said is a line that a peer writes.
type said struct {
	ID    uint64          `json:"id,omitempty"`
	Ready string          `json:"ready,omitempty"`
	Error string          `json:"error,omitempty"`
	OK    json.RawMessage `json:"ok,omitempty"`
	Told  string          `json:"told,omitempty"`
	Event *seen           `json:"event,omitempty"`
}

// seen is an event as a peer tells of it.
type seen struct {
	Value     int    `json:"value"`
	Publisher string `json:"publisher"`
	Missed    uint64 `json:"missed"`
}

// around is what a handler knew of its request.
type around struct {
	Caller   string            `json:"caller"`
	Attempt  uint32            `json:"attempt"`
	Headers  map[string]string `json:"headers"`
	TimeLeft time.Duration     `json:"time_left"`
}

// node is a peer at work: its methods are its commands.
type node struct {
	mesh  *commy.Mesh
	mutex sync.Mutex
	// The registrations by their service.
	registrations map[string]*commy.Registration
}

var speaking sync.Mutex

// say writes a line at once.
func say(line said) {
	text, err := json.Marshal(line)
	if err != nil {
		panic(err)
	}
	speaking.Lock()
	defer speaking.Unlock()
	_, _ = os.Stdout.Write(append(text, '\n'))
}

// runPeer is the program; it gives the exit code.
func runPeer(text string) int {
	ctx := context.Background()
	peer, err := startPeer(ctx, text)
	if err != nil {
		say(said{Error: err.Error()})
		return 1
	}
	say(said{Ready: peer.mesh.NodeID()})
	lines := bufio.NewReader(os.Stdin)
	for {
		line, err := lines.ReadBytes('\n')
		if errors.Is(err, io.EOF) {
			return 0
		}
		var wanted command
		if err := errors.Join(err, json.Unmarshal(line, &wanted)); err != nil {
			say(said{Error: err.Error()})
			return 1
		}
		if wanted.Do == "exit" {
			// As it is: with a mesh that runs, and with calls that wait.
			return 0
		}
		go peer.obey(ctx, wanted)
	}
}

func startPeer(ctx context.Context, text string) (*node, error) {
	var asked peerOptions
	if err := json.Unmarshal([]byte(text), &asked); err != nil {
		return nil, err
	}
	options := []commy.Option{commy.WithListen(asked.Listen...), commy.WithConnect(asked.Connect...)}
	if asked.Zone != "" {
		options = append(options, commy.WithZone(asked.Zone))
	}
	if asked.Region != "" {
		options = append(options, commy.WithRegion(asked.Region))
	}
	if asked.LocalOnly {
		options = append(options, commy.LocalOnly())
	}
	if asked.Mode != "" {
		options = append(options, commy.WithMode(asked.Mode))
	}
	if asked.TLS != nil {
		options = append(options, commy.WithTLS(*asked.TLS))
	}
	mesh, err := commy.Start(ctx, asked.Name, options...)
	if err != nil {
		return nil, err
	}
	peer := &node{mesh: mesh, registrations: map[string]*commy.Registration{}}
	for _, service := range asked.Serves {
		if err := peer.register(ctx, service); err != nil {
			return nil, err
		}
	}
	return peer, nil
}

func (n *node) obey(ctx context.Context, wanted command) {
	value, err := n.do(ctx, wanted)
	line := said{ID: wanted.ID}
	if err == nil {
		line.OK, err = json.Marshal(value)
	}
	if err != nil {
		line.Error = err.Error()
	}
	say(line)
}

func (n *node) do(ctx context.Context, wanted command) (any, error) {
	switch wanted.Do {
	case "register":
		return nil, n.register(ctx, commy.Service{Name: wanted.Service})
	case "deregister":
		n.mutex.Lock()
		registration := n.registrations[wanted.Service]
		n.mutex.Unlock()
		return nil, registration.Close()
	case "call":
		return commy.Call[any](ctx, n.mesh, wanted.Service, wanted.Method, wanted.Payload)
	case "publish":
		for number := range wanted.Count {
			if err := n.mesh.Publish(ctx, wanted.Topic, wanted.First+number); err != nil {
				return nil, err
			}
		}
		return nil, nil
	case "subscribe":
		return nil, n.subscribe(ctx, wanted.Topic)
	case "discover":
		found, err := n.mesh.Discover(commy.Query{Service: wanted.Service})
		nodes := []string{}
		for _, one := range found {
			nodes = append(nodes, one.NodeID)
		}
		return nodes, err
	case "stats":
		return n.mesh.Stats(), nil
	case "stop":
		return nil, n.mesh.Close()
	}
	return nil, fmt.Errorf("there is no command %q", wanted.Do)
}

func (n *node) register(ctx context.Context, service commy.Service) error {
	registration, err := n.mesh.Register(ctx, service, n.worker())
	if err == nil {
		n.mutex.Lock()
		n.registrations[service.Name] = registration
		n.mutex.Unlock()
	}
	return err
}

// subscribe tells of every event from now on.
func (n *node) subscribe(ctx context.Context, topics string) error {
	events, err := n.mesh.Subscribe(ctx, topics)
	if err != nil {
		return err
	}
	go func() {
		for event, err := range events.All(ctx) {
			var value int
			if err == nil {
				value, err = commy.Decode[int](event.Message)
			}
			if err != nil {
				say(said{Error: err.Error()})
				return
			}
			say(said{Told: "event", Event: &seen{value, event.Publisher, event.Missed}})
		}
	}()
	return nil
}

// worker is what a node serves when it is told to.
func (n *node) worker() commy.Handler {
	return commy.Methods{
		"echo": echo,
		"who": commy.Func(func(context.Context, any) (string, error) {
			return n.mesh.NodeID(), nil
		}),
		"work": commy.Func(func(ctx context.Context, milliseconds int) (string, error) {
			select {
			case <-time.After(time.Duration(milliseconds) * time.Millisecond):
				return n.mesh.NodeID(), nil
			case <-ctx.Done():
				return "", ctx.Err()
			}
		}),
		"hold": commy.Func(func(ctx context.Context, _ any) (any, error) {
			say(said{Told: "held"})
			<-ctx.Done()
			say(said{Told: "let go"})
			return nil, ctx.Err()
		}),
		"fail": commy.Func(func(context.Context, any) (any, error) {
			details := map[string]any{"left": 0, "of": []string{"tea"}}
			return nil, &commy.HandlerError{Code: "OUT_OF_STOCK", Reason: "none of tea left", Details: details}
		}),
		"lose": commy.Func(func(context.Context, any) (any, error) {
			return nil, new(lostError)
		}),
		"context": commy.Func(func(ctx context.Context, _ any) (around, error) {
			request := commy.RequestFrom(ctx)
			deadline, _ := ctx.Deadline()
			return around{request.Caller, request.Attempt, request.Message.Headers, time.Until(deadline)}, nil
		}),
	}
}

// lostError is an error that commy knows nothing of.
type lostError struct{}

func (*lostError) Error() string {
	return "lost"
}
