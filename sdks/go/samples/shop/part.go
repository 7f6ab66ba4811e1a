package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"time"

	"commy.dev/commy"
)

// One part of the shop in a process of its own, which finds the other wherever it runs.

// others are the parts of the shop, and what each of them looks for.
var others = map[string]string{counter: warehouse, warehouse: counter}

// services are those by which a part is found.
var services = map[string]string{counter: "orders", warehouse: "inventory"}

// open has a part open until Ctrl-C closes it.
func open(part string) (err error) {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	opened := time.Now()
	mesh, err := commy.Start(ctx, "shop", commy.WithCallTimeout(5*time.Second))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, mesh.Close()) }()
	fmt.Printf("the %s is open as node %.8s, and looks for the %s (Ctrl-C closes it)\n", part, mesh.NodeID(), others[part])
	err = lookOut(ctx, mesh, part, opened)
	if errors.Is(err, context.Canceled) {
		return nil
	}
	return err
}

// lookOut meets the other part each time that it opens.
func lookOut(ctx context.Context, mesh *commy.Mesh, part string, opened time.Time) error {
	other := others[part]
	changes, err := mesh.Watch(commy.Query{Service: services[other]})
	if err != nil {
		return err
	}
	defer changes.Close()
	// The counter sells once it knows of a warehouse.
	serves := part == warehouse
	if serves {
		if err := serve(ctx, mesh, part); err != nil {
			return err
		}
	}
	for change, err := range changes.All(ctx) {
		if err != nil {
			return err
		}
		switch change.Kind {
		case commy.Removed:
			fmt.Printf("the %s on node %.8s is closed\n", other, change.Instance.NodeID)
		case commy.Added:
			fmt.Printf("found the %s on node %.8s, %.3f s after opening\n", other, change.Instance.NodeID, time.Since(opened).Seconds())
			if err := greet(ctx, mesh, other); err != nil {
				return err
			}
			if !serves {
				if err := serve(ctx, mesh, part); err != nil {
					return err
				}
				serves = true
			}
		}
	}
	return nil
}

// greet calls the other part, and says what it answered.
func greet(ctx context.Context, mesh *commy.Mesh, other string) error {
	what, service, method := "in the warehouse there are", "inventory", "levels"
	var payload any
	if other == counter {
		what, service, method = "sold by the counter:", "orders", "create"
		payload = Wanted{"tea", 1}
	}
	answer, err := commy.Call[json.RawMessage](ctx, mesh, service, method, payload)
	var failure *commy.Error
	switch {
	case err == nil:
		fmt.Printf("%s %s\n", what, answer)
	case errors.Is(err, commy.HandlerFailed) && errors.As(err, &failure):
		fmt.Printf("the %s refuses: %s, %s\n", other, failure.Code, failure.Reason)
	case errors.Is(err, commy.NotFound), errors.Is(err, commy.Unavailable):
		// It may close just now.
	default:
		return err
	}
	return nil
}
