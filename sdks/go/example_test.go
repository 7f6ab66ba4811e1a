package commy_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"time"

	"commy.dev/commy"
)

type Order struct {
	ID    int    `json:"id"`
	State string `json:"state"`
}

func create(_ context.Context, order Order) (Order, error) {
	if order.ID == 0 {
		return order, commy.BadRequest("an order needs an id")
	}
	order.State = "created"
	return order, nil
}

func Example() {
	ctx := context.Background()
	mesh, err := commy.Start(ctx, "example")
	if err != nil {
		log.Fatal(err)
	}
	defer mesh.Close()
	orders := commy.Methods{"create": commy.Func(create)}
	if _, err := mesh.Register(ctx, commy.Service{Name: "orders", Version: "1.0.0"}, orders); err != nil {
		log.Fatal(err)
	}
	order, err := commy.Call[Order](ctx, mesh, "orders", "create", Order{ID: 1})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("order %d is %s\n", order.ID, order.State)
	// Output: order 1 is created
}

func ExampleMesh_Call() {
	mesh, err := commy.Start(context.Background(), "example-call")
	if err != nil {
		log.Fatal(err)
	}
	defer mesh.Close()
	// The deadline of the context is that of the call, and the handler sees it.
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	_, err = mesh.Call(ctx, "nobody", "method", nil)
	var failure *commy.Error
	if errors.Is(err, commy.NotFound) && errors.As(err, &failure) {
		fmt.Println(failure.Status, failure.Service)
	}
	// Output: NOT_FOUND nobody
}

func ExampleMesh_Watch() {
	ctx := context.Background()
	mesh, err := commy.Start(ctx, "example-watch")
	if err != nil {
		log.Fatal(err)
	}
	defer mesh.Close()
	watch, err := mesh.Watch(commy.Query{Service: "orders"})
	if err != nil {
		log.Fatal(err)
	}
	defer watch.Close()
	if _, err := mesh.Register(ctx, commy.Service{Name: "orders"}, commy.Func(create)); err != nil {
		log.Fatal(err)
	}
	for change, err := range watch.All(ctx) {
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(change.Kind, change.Instance.Service)
		break
	}
	// Output: added orders
}

func ExampleValues() {
	ctx := context.Background()
	mesh, err := commy.Start(ctx, "example-values")
	if err != nil {
		log.Fatal(err)
	}
	defer mesh.Close()
	events, err := mesh.Subscribe(ctx, "orders/*")
	if err != nil {
		log.Fatal(err)
	}
	defer events.Close()
	if err := mesh.Publish(ctx, "orders/created", Order{ID: 7}); err != nil {
		log.Fatal(err)
	}
	for order, err := range commy.Values[Order](ctx, events) {
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println("order", order.ID)
		break
	}
	// Output: order 7
}
