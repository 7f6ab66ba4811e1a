package main

import (
	"context"
	"log"

	"commy.dev/commy"
)

// The address is the name of a mesh, and there is nothing else to configure.

var echoes = commy.HandlerFunc(func(_ context.Context, request *commy.Request) (commy.Message, error) {
	return commy.Encode(answer(request.Message.Payload))
})

func subscribe(mesh *commy.Mesh, topic string) (*commy.Subscription, error) {
	return mesh.Subscribe(context.Background(), topic, commy.WithCapacity(1024), commy.OnOverflow(commy.Block))
}

func serveCommy(address string) (func(), error) {
	ctx := context.Background()
	mesh, err := commy.Start(ctx, address)
	if err != nil {
		return nil, err
	}
	there, err := subscribe(mesh, "bench/there")
	if err != nil {
		return nil, err
	}
	if _, err := mesh.Register(ctx, commy.Service{Name: "echo"}, echoes); err != nil {
		return nil, err
	}
	go func() {
		events := relay{}
		for event, err := range there.All(ctx) {
			if err != nil {
				log.Fatal(err)
			}
			if back, ok := events.take(event.Payload); ok {
				if err := mesh.Publish(ctx, "bench/back", back); err != nil {
					log.Fatal(err)
				}
			}
		}
	}()
	return func() { _ = mesh.Close() }, nil
}

func connectCommy(address string, onEvent func([]byte)) (client, error) {
	ctx := context.Background()
	mesh, err := commy.Start(ctx, address)
	if err != nil {
		return client{}, err
	}
	back, err := subscribe(mesh, "bench/back")
	if err != nil {
		return client{}, err
	}
	go func() {
		for event, err := range back.All(ctx) {
			if err != nil {
				log.Fatal(err)
			}
			onEvent(event.Payload)
		}
	}()
	return client{
		call: func(ctx context.Context, payload []byte) ([]byte, error) {
			reply, err := mesh.Call(ctx, "echo", "", payload)
			if err != nil {
				return nil, err
			}
			return reply.Payload, nil
		},
		publish: func(event []byte) error { return mesh.Publish(ctx, "bench/there", event) },
		close:   func() { _ = mesh.Close() },
	}, nil
}

// openCrossings gives the ways into the runtime, within one process.
func openCrossings(address string) (map[string]func() error, func(), error) {
	ctx := context.Background()
	mesh, err := commy.Start(ctx, address)
	if err != nil {
		return nil, nil, err
	}
	if _, err := mesh.Register(ctx, commy.Service{Name: "echo"}, echoes); err != nil {
		return nil, nil, err
	}
	crossings := map[string]func() error{
		"sync":    func() error { mesh.IsRunning(); return nil },
		"awaited": func() error { return mesh.Publish(ctx, "nobody/listens", []byte{}) },
		"callback": func() error {
			_, err := mesh.Call(ctx, "echo", "", []byte{})
			return err
		},
	}
	return crossings, func() { _ = mesh.Close() }, nil
}
