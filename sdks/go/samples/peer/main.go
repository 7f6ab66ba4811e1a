// The peer of the interop matrix: a node that does what it is told by lines of JSON on its
// standard input, and answers by lines on its standard output. docs/interop.md describes both.
//
// This file owns the commands. It knows nothing of whom it meets.
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"hash/fnv"
	"io"
	"os"
	"sync"
	"time"

	"commy.dev/commy"
)

// How long find waits for an instance.
const findMax = 10 * time.Second

// command is a line of the standard input. What its operation has no use for is empty.
type command struct {
	ID        json.RawMessage   `json:"id"`
	Do        string            `json:"do"`
	Service   string            `json:"service"`
	Version   string            `json:"version"`
	Tags      []string          `json:"tags"`
	Metadata  map[string]string `json:"metadata"`
	Method    string            `json:"method"`
	Value     json.RawMessage   `json:"value"`
	TimeoutMs *int64            `json:"timeout_ms"`
	Size      int               `json:"size"`
	Topic     string            `json:"topic"`
}

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: peer MESH")
		os.Exit(2)
	}
	ctx := context.Background()
	mesh, err := commy.Start(ctx, os.Args[1])
	if err != nil {
		say(object{"failed": err.Error()})
		os.Exit(1)
	}
	say(object{"ready": mesh.NodeID()})
	peer := &peer{mesh: mesh}
	id, err := peer.obey(ctx, bufio.NewReader(os.Stdin))
	err = errors.Join(err, mesh.Close())
	if id != nil {
		answer(id, nil, err)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// peer is what is under way.
type peer struct {
	mesh  *commy.Mesh
	mutex sync.Mutex
	// The call that hold began.
	held *heldCall
}

type heldCall struct {
	cancel context.CancelFunc
	ended  chan error
}

// obey begins each command as it comes, until the stop, whose id it gives.
func (p *peer) obey(ctx context.Context, lines *bufio.Reader) (json.RawMessage, error) {
	for {
		line, err := lines.ReadBytes('\n')
		if errors.Is(err, io.EOF) {
			return nil, nil
		}
		var wanted command
		if err := errors.Join(err, json.Unmarshal(line, &wanted)); err != nil {
			return nil, err
		}
		switch wanted.Do {
		case "stop":
			return wanted.ID, nil
		case "hold":
			// It is under way when the next command, which may cancel it, is read.
			answer(wanted.ID, nil, p.hold(ctx, wanted.Service))
		default:
			go func() {
				value, err := p.do(ctx, wanted)
				answer(wanted.ID, value, err)
			}()
		}
	}
}

func (p *peer) do(ctx context.Context, wanted command) (any, error) {
	switch wanted.Do {
	case "serve":
		return p.serve(ctx, wanted)
	case "find":
		return p.find(ctx, wanted.Service)
	case "call":
		return p.call(ctx, wanted)
	case "bytes":
		return p.bytes(ctx, wanted)
	case "cancel":
		return nil, p.cancel()
	case "watch":
		return nil, p.watch(ctx, wanted.Service)
	case "subscribe":
		return nil, p.subscribe(ctx, wanted.Topic)
	case "publish":
		return nil, p.mesh.Publish(ctx, wanted.Topic, wanted.Value)
	}
	return nil, fmt.Errorf("there is no command %q", wanted.Do)
}

func (p *peer) serve(ctx context.Context, wanted command) (any, error) {
	registration, err := p.mesh.Register(ctx, commy.Service{
		Name: wanted.Service, Version: wanted.Version, Tags: wanted.Tags, Metadata: wanted.Metadata,
	}, service)
	if err != nil {
		return nil, err
	}
	return registration.Instance().ID, nil
}

func (p *peer) find(ctx context.Context, service string) (any, error) {
	ctx, cancel := context.WithTimeout(ctx, findMax)
	defer cancel()
	changes, err := p.mesh.Watch(commy.Query{Service: service})
	if err != nil {
		return nil, err
	}
	defer changes.Close()
	for change, err := range changes.All(ctx) {
		if err != nil {
			return nil, err
		}
		if one := change.Instance; change.Kind == commy.Added {
			// None are an empty list and an empty object, as everywhere.
			tags, metadata := append([]string{}, one.Tags...), one.Metadata
			if metadata == nil {
				metadata = map[string]string{}
			}
			return object{
				"id": one.ID, "node": one.NodeID, "version": one.Version, "tags": tags, "metadata": metadata,
			}, nil
		}
	}
	return nil, errors.New("the mesh stopped")
}

func (p *peer) call(ctx context.Context, wanted command) (any, error) {
	if wanted.TimeoutMs != nil {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, time.Duration(*wanted.TimeoutMs)*time.Millisecond)
		defer cancel()
	}
	// Raw, so that no number loses anything on its way.
	return commy.Call[json.RawMessage](ctx, p.mesh, wanted.Service, wanted.Method, wanted.Value)
}

func (p *peer) bytes(ctx context.Context, wanted command) (any, error) {
	sent := make([]byte, wanted.Size)
	for index := range sent {
		sent[index] = byte(7*index + index/256)
	}
	got, err := commy.Call[[]byte](ctx, p.mesh, wanted.Service, "bytes", sent)
	if err != nil {
		return nil, err
	}
	hash := fnv.New64a()
	_, _ = hash.Write(got)
	return object{"size": len(got), "fnv1a": fmt.Sprintf("%016x", hash.Sum64())}, nil
}

func (p *peer) hold(ctx context.Context, service string) error {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	if p.held != nil {
		return errors.New("a call is held already")
	}
	ctx, cancel := context.WithCancel(ctx)
	held := &heldCall{cancel, make(chan error, 1)}
	go func() {
		reply, err := p.mesh.Call(ctx, service, "hold", nil)
		if err == nil {
			err = fmt.Errorf("it was answered: %s", reply.Payload)
		}
		held.ended <- err
	}()
	p.held = held
	return nil
}

// cancel gives what came instead, if the call did not end as one that was cancelled.
func (p *peer) cancel() error {
	p.mutex.Lock()
	held := p.held
	p.held = nil
	p.mutex.Unlock()
	if held == nil {
		return errors.New("no call is held")
	}
	held.cancel()
	if err := <-held.ended; !errors.Is(err, context.Canceled) {
		return err
	}
	return nil
}

func (p *peer) watch(ctx context.Context, service string) error {
	changes, err := p.mesh.Watch(commy.Query{Service: service})
	if err != nil {
		return err
	}
	go func() {
		defer changes.Close()
		for change, err := range changes.All(ctx) {
			if err != nil {
				fmt.Fprintln(os.Stderr, err)
				return
			}
			if change.Kind != commy.Updated {
				say(object{"told": change.Kind, "instance": change.Instance.ID})
			}
		}
	}()
	return nil
}

func (p *peer) subscribe(ctx context.Context, topic string) error {
	events, err := p.mesh.Subscribe(ctx, topic)
	if err != nil {
		return err
	}
	go func() {
		defer events.Close()
		for event, err := range events.All(ctx) {
			var value json.RawMessage
			if err == nil {
				value, err = commy.Decode[json.RawMessage](event.Message)
			}
			if err != nil {
				fmt.Fprintln(os.Stderr, err)
				return
			}
			say(object{"told": "event", "topic": event.Topic, "value": value, "publisher": event.Publisher})
		}
	}()
	return nil
}
