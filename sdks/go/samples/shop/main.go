// A small shop: orders, inventory and payments call each other with JSON and tell of it in
// events.
//
// Invoices are sent by an outside HTTP server, Go's own, that knows nothing of commy: it is
// advertised, probed, found and dialled, and it drops out of discovery when it is stopped.
//
// The program checks what it shows, and ends with exit code 0 only if all of it is as it should
// be.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"sync"
	"time"

	"commy.dev/commy"
)

func main() {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	if err := run(ctx); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	fmt.Println("the shop is closed: all as it should be")
}

func run(ctx context.Context) (err error) {
	mesh, err := commy.Start(ctx, "shop", commy.WithCallTimeout(5*time.Second))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, mesh.Close()) }()
	for _, one := range []struct {
		service commy.Service
		handler commy.Handler
	}{
		{commy.Service{Name: "inventory", Version: "1.0.0"}, newInventory().methods()},
		{commy.Service{Name: "payments", Version: "1.0.0"}, payments},
		{commy.Service{Name: "orders", Version: "2.1.0", Tags: []string{"entrance"}}, newOrders(mesh).methods()},
	} {
		if _, err := mesh.Register(ctx, one.service, one.handler); err != nil {
			return err
		}
	}
	count, err := mesh.ActiveServiceCount()
	if err != nil {
		return err
	}
	if err := check("services", count, uint64(3)); err != nil {
		return err
	}
	if err := sell(ctx, mesh); err != nil {
		return err
	}
	if err := invoice(ctx, mesh); err != nil {
		return err
	}
	return check("messages that left this process", mesh.Stats().FabricMessages, uint64(0))
}

// check shows what was found, which must be as expected.
func check[T comparable](what string, found, expected T) error {
	if found != expected {
		return fmt.Errorf("%s: found %v, expected %v", what, found, expected)
	}
	fmt.Printf("%s: %v\n", what, found)
	return nil
}

func sell(ctx context.Context, mesh *commy.Mesh) error {
	events, err := mesh.Subscribe(ctx, "orders/*")
	if err != nil {
		return err
	}
	defer events.Close()
	sold, err := commy.Call[Sale](ctx, mesh, "orders", "create", Wanted{"tea", 3})
	if err != nil {
		return err
	}
	if err := check("an order", sold, Sale{"order-1", Receipt{12, "order-1"}}); err != nil {
		return err
	}
	for _, one := range []struct {
		what     string
		wanted   Wanted
		expected string
	}{
		{"more cups than there are", Wanted{"cup", 3}, "OUT_OF_STOCK"},
		{"more than the card allows", Wanted{"cup", 2}, "DECLINED"},
		{"an order for nothing known", Wanted{"moon", 1}, "INVALID_ARGUMENT"},
	} {
		if err := check(one.what, refused(ctx, mesh, one.wanted), one.expected); err != nil {
			return err
		}
	}
	left, err := commy.Call[map[string]int](ctx, mesh, "inventory", "levels", nil)
	if err != nil {
		return err
	}
	if err := errors.Join(
		check("what is left", fmt.Sprint(left), "map[cup:2 tea:7]"),
		sellMany(ctx, mesh),
		check("one more", refused(ctx, mesh, Wanted{"tea", 1}), "OUT_OF_STOCK"),
	); err != nil {
		return err
	}
	return listen(ctx, events)
}

// sellMany sells the rest of the tea, at once.
func sellMany(ctx context.Context, mesh *commy.Mesh) error {
	var mutex sync.Mutex
	var failures []error
	ids := map[string]bool{}
	var all sync.WaitGroup
	for range 7 {
		all.Add(1)
		go func() {
			defer all.Done()
			sold, err := commy.Call[Sale](ctx, mesh, "orders", "create", Wanted{"tea", 1})
			mutex.Lock()
			defer mutex.Unlock()
			ids[sold.ID] = true
			failures = append(failures, err)
		}()
	}
	all.Wait()
	return errors.Join(append(failures, check("seven at once", len(ids), 7))...)
}

// listen takes the events of nine orders: one was declined.
func listen(ctx context.Context, events *commy.Subscription) error {
	topics := map[string]int{}
	first := ""
	for event, err := range events.All(ctx) {
		if err != nil {
			return err
		}
		told, err := commy.Decode[struct{ ID string }](event.Message)
		if err != nil {
			return err
		}
		if first == "" {
			first = event.Topic + " " + told.ID
		}
		topics[event.Topic]++
		if topics["orders/created"]+topics["orders/declined"] == 9 {
			break
		}
	}
	return errors.Join(
		check("the first event", first, "orders/created order-1"),
		check("all events", fmt.Sprint(topics), "map[orders/created:8 orders/declined:1]"),
	)
}

// refused says why an order is refused.
func refused(ctx context.Context, mesh *commy.Mesh, wanted Wanted) string {
	_, err := mesh.Call(ctx, "orders", "create", wanted)
	var failure *commy.Error
	switch {
	case errors.Is(err, commy.HandlerFailed) && errors.As(err, &failure):
		return failure.Code
	case errors.As(err, &failure):
		return failure.Status.String()
	}
	return "it was not"
}

func invoice(ctx context.Context, mesh *commy.Mesh) error {
	changes, err := mesh.Watch(commy.Query{Service: "invoicing"})
	if err != nil {
		return err
	}
	defer changes.Close()
	outside, address, err := startInvoicing()
	if err != nil {
		return err
	}
	defer outside.Close()
	probed := &commy.Check{Path: "/health", Interval: 50 * time.Millisecond, Timeout: 500 * time.Millisecond, Fall: 2}
	if _, err := mesh.Advertise(ctx, commy.Service{Name: "invoicing"}, address, probed); err != nil {
		return err
	}
	change, err := changes.Next(ctx)
	if err != nil {
		return err
	}
	if err := check("the outside server is", change.Kind, commy.Added); err != nil {
		return err
	}
	found, err := mesh.Discover(commy.Query{Service: "invoicing"})
	if err != nil || len(found) != 1 {
		return fmt.Errorf("found %v: %w", found, err)
	}
	answer, err := dial(ctx, found[0].Endpoint)
	if err != nil {
		return err
	}
	_, refused := mesh.Call(ctx, "invoicing", "create", nil)
	if err := errors.Join(
		check("found at its address", found[0].Endpoint == address, true),
		check("dialled by us", answer, "invoice for order-1"),
		check("and not through the mesh", errors.Is(refused, commy.FailedPrecondition) && strings.Contains(refused.Error(), address), true),
		outside.Close(),
	); err != nil {
		return err
	}
	if change, err = changes.Next(ctx); err != nil {
		return err
	}
	found, err = mesh.Discover(commy.Query{Service: "invoicing"})
	return errors.Join(err,
		check("stopped, it is", change.Kind, commy.Removed),
		check("and found no more", len(found), 0))
}
