package main

import (
	"context"
	"log"

	"github.com/nats-io/nats.go"
)

// NATS: request and reply with a queue group, through nats-server at HOST:PORT.

func serveNats(address string) (func(), error) {
	connection, err := nats.Connect(address)
	if err != nil {
		return nil, err
	}
	events := &relay{}
	echo := func(message *nats.Msg) {
		if err := message.Respond(answer(message.Data)); err != nil {
			log.Fatal(err)
		}
	}
	there := func(message *nats.Msg) {
		if back, ok := events.take(message.Data); ok {
			if err := connection.Publish("bench.back", back); err != nil {
				log.Fatal(err)
			}
		}
	}
	if _, err := connection.QueueSubscribe("echo", "echo", echo); err != nil {
		return nil, err
	}
	if _, err := connection.Subscribe("bench.there", there); err != nil {
		return nil, err
	}
	return connection.Close, connection.Flush()
}

func connectNats(address string, onEvent func([]byte)) (client, error) {
	connection, err := nats.Connect(address)
	if err != nil {
		return client{}, err
	}
	back := func(message *nats.Msg) { onEvent(message.Data) }
	if _, err := connection.Subscribe("bench.back", back); err != nil {
		return client{}, err
	}
	return client{
		call: func(ctx context.Context, payload []byte) ([]byte, error) {
			reply, err := connection.RequestWithContext(ctx, "echo", payload)
			if err != nil {
				return nil, err
			}
			return reply.Data, nil
		},
		publish: func(event []byte) error { return connection.Publish("bench.there", event) },
		close:   connection.Close,
	}, connection.Flush()
}
