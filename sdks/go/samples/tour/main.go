// The tour: the nine steps that every SDK's tour takes, checked as they are taken.
package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"commy.dev/commy"
)

const steps = 9

// tour counts the steps, and says what each of them showed.
type tour struct{ taken int }

func (t *tour) step(title string, shown any, holds bool) {
	if !holds {
		fail(fmt.Errorf("%d. %s: %v is not what was expected", t.taken+1, title, shown))
	}
	t.taken++
	fmt.Printf("%d. %s: %v\n", t.taken, title, shown)
}

func fail(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func main() {
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	var tour tour

	tour.step("library version", commy.Version(), strings.Count(commy.Version(), ".") == 2)

	mesh, err := commy.New("tour", commy.LocalOnly())
	fail(err)
	tour.step("create a mesh", mesh.Name(), mesh.Name() == "tour")

	fail(mesh.Start(ctx))
	tour.step("start it", mesh.IsRunning(), mesh.IsRunning())
	tour.step("status", "running as node "+mesh.NodeID(), mesh.NodeID() != "")

	greeter := commy.Methods{
		"greet": commy.Func(func(_ context.Context, name string) (string, error) {
			return "hello " + name, nil
		}),
	}
	adder := commy.Func(func(_ context.Context, numbers []int) (int, error) {
		sum := 0
		for _, number := range numbers {
			sum += number
		}
		return sum, nil
	})
	reverser := commy.Func(func(_ context.Context, payload []byte) ([]byte, error) {
		slices.Reverse(payload)
		return payload, nil
	})
	var registrations []*commy.Registration
	var names []string
	for _, one := range []struct {
		service commy.Service
		handler commy.Handler
	}{
		{commy.Service{Name: "greeter", Version: "1.0.0", Tags: []string{"tour"}}, greeter},
		{commy.Service{Name: "adder", Version: "1.1.0", Tags: []string{"tour"}}, adder},
		{commy.Service{Name: "reverser", Version: "2.0.0", Tags: []string{"tour"}}, reverser},
	} {
		registration, err := mesh.Register(ctx, one.service, one.handler)
		fail(err)
		registrations = append(registrations, registration)
		names = append(names, registration.Instance().Service)
	}
	tour.step("register three services", names, slices.Equal(names, []string{"greeter", "adder", "reverser"}))

	found, err := mesh.Discover(commy.Query{Tags: []string{"tour"}})
	fail(err)
	var versions []string
	for _, instance := range found {
		versions = append(versions, instance.Service+" "+instance.Version)
	}
	tour.step("find all three", versions, slices.Equal(versions, []string{"adder 1.1.0", "greeter 1.0.0", "reverser 2.0.0"}))

	count, err := mesh.ActiveServiceCount()
	fail(err)
	tour.step("count the active ones", count, count == 3)

	greeting, err := commy.Call[string](ctx, mesh, "greeter", "greet", "Ann")
	fail(err)
	sum, err := commy.Call[int](ctx, mesh, "adder", "", []int{1, 2, 3})
	fail(err)
	reversed, err := commy.Call[[]byte](ctx, mesh, "reverser", "", []byte("abc"))
	fail(err)
	tour.step("call each", fmt.Sprintf("%s, %d, %s", greeting, sum, reversed),
		greeting == "hello Ann" && sum == 6 && bytes.Equal(reversed, []byte("cba")))

	for _, registration := range registrations {
		fail(registration.Deregister(ctx))
	}
	left, err := mesh.Discover(commy.Query{})
	fail(err)
	fail(mesh.Stop(ctx))
	tour.step("clean up", fmt.Sprintf("%d instances are left", len(left)), len(left) == 0 && !mesh.IsRunning())

	fmt.Printf("%d/%d\n", tour.taken, steps)
	if tour.taken != steps {
		os.Exit(1)
	}
}
