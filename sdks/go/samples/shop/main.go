// A small shop: orders, inventory and payments call each other with JSON and tell of it in
// events.
//
// Invoices are sent by an outside HTTP server, Go's own, that knows nothing of commy: it is
// advertised, probed, found and dialled, and it drops out of discovery when it is stopped.
//
// The program has all of it in one process, checks what it shows, and ends with exit code 0 only
// if all of it is as it should be. With the argument counter or warehouse, each in a terminal of
// its own, it is a part that finds and calls the other. The shops of the other languages have the
// same parts, and theirs will do.
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
	var err error
	switch {
	case len(os.Args) == 1:
		err = whole()
	case len(os.Args) == 2 && others[os.Args[1]] != "":
		err = open(os.Args[1])
	default:
		err = errors.New("usage: shop [counter|warehouse]")
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// whole is all of the shop in one process, which keeps to itself.
func whole() (err error) {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	mesh, err := commy.Start(ctx, "shop", commy.WithCallTimeout(5*time.Second), commy.LocalOnly())
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, mesh.Close()) }()
	if err := errors.Join(serve(ctx, mesh, warehouse), serve(ctx, mesh, counter)); err != nil {
		return err
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
	if err := check("messages that left this process", mesh.Stats().FabricMessages, uint64(0)); err != nil {
		return err
	}
	fmt.Println("the shop is closed: all as it should be")
	return nil
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
