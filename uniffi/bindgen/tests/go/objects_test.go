package suite_test

import (
	"errors"
	"sync"
	"testing"

	"suite/objects"
)

func TestAnObjectKeepsItsState(t *testing.T) {
	counter := objects.NewCounter()
	defer counter.Destroy()
	counter.Increment()
	if got := counter.Increment(); got != 2 {
		t.Errorf("got %d", got)
	}
	started := objects.NewCounterStartingAt(40)
	parsed, err := objects.NewCounterParsed("2")
	if err != nil {
		t.Fatal(err)
	}
	started.Absorb(parsed)
	if got := started.Value(); got != 42 {
		t.Errorf("got %d", got)
	}
	if got := objects.Total([]*objects.Counter{started, parsed, counter}); got != 46 {
		t.Errorf("got %d", got)
	}
}

func TestConstructorsAndMethodsFail(t *testing.T) {
	if _, err := objects.NewCounterParsed("x"); !errors.Is(err, &objects.CounterErrorUnreadable{}) {
		t.Errorf("got %v", err)
	}
	_, err := objects.NewCounter().Decrement()
	if !errors.Is(err, &objects.CounterErrorBelowZero{}) || err.Error() != "would fall below zero by 1" {
		t.Errorf("got %v", err)
	}
}

func TestAReferenceIsToTheSameObjectAForkToAnother(t *testing.T) {
	counter := objects.NewCounter()
	counter.Itself().Increment()
	if got := counter.Value(); got != 1 {
		t.Errorf("got %d", got)
	}
	if !objects.AreSame(counter, objects.EchoCounter(counter)) {
		t.Error("the echo is another")
	}
	if objects.AreSame(counter, counter.Fork()) {
		t.Error("the fork is the same")
	}
}

func TestObjectsCrossInsideOthers(t *testing.T) {
	left := objects.NewCounterStartingAt(1)
	pair := objects.MakePair(left, nil)
	if pair.Right != nil || !objects.AreSame(pair.Left, left) {
		t.Errorf("got %+v", pair)
	}
	pair = objects.MakePair(left, left.Fork())
	if pair.Right.Value() != 1 {
		t.Errorf("got %+v", pair)
	}
	if objects.MaybeCounter(false) != nil || objects.MaybeCounter(true).Value() != 0 {
		t.Error("an optional object did not cross")
	}
	bank := objects.NewBank("bank")
	bank.Open("ada", 10)
	bank.Open("bob", 20)
	accounts := bank.Accounts()
	if len(accounts) != 2 || accounts[1].Owner() != "bob@bank" {
		t.Errorf("got %v", accounts)
	}
	err := bank.ByOwner()["ada@bank"].Withdraw(11)
	if !errors.Is(err, &objects.CounterErrorBelowZero{}) {
		t.Errorf("got %v", err)
	}
}

func TestNilAndWhatTheLibraryDidNotMakeAreRefused(t *testing.T) {
	for _, counter := range []*objects.Counter{nil, {}} {
		for _, run := range []func(){
			func() { objects.EchoCounter(counter) },
			func() { counter.Value() },
			func() { objects.Total([]*objects.Counter{counter}) },
		} {
			err := panics(t, run)
			if err.Error() != "a Counter must not be nil, and is made by the library" {
				t.Errorf("got %v", err)
			}
		}
	}
}

func TestDestroyingFreesAtOnceAndOnlyOnce(t *testing.T) {
	settles(t, objects.LiveCounters, 0)
	counter := objects.NewCounter()
	if got := objects.LiveCounters(); got != 1 {
		t.Errorf("%d counters", got)
	}
	counter.Destroy()
	counter.Destroy()
	if got := objects.LiveCounters(); got != 0 {
		t.Errorf("%d counters", got)
	}
	if err := panics(t, func() { counter.Value() }); err.Error() != "this Counter was destroyed" {
		t.Errorf("got %v", err)
	}
	if _, err := counter.Decrement(); err == nil || err.Error() != "this Counter was destroyed" {
		t.Errorf("got %v", err)
	}
}

func TestWhatIsForgottenIsFreedWhenItIsCollected(t *testing.T) {
	for range 1000 {
		objects.NewCounter().Fork()
	}
	settles(t, objects.LiveCounters, 0)
}

func TestARefusedArgumentLeavesNothingBehind(t *testing.T) {
	settles(t, objects.LiveCounters, 0)
	counter := objects.NewCounter()
	for range 100 {
		panics(t, func() { objects.AreSame(counter, nil) })
		panics(t, func() { objects.Total([]*objects.Counter{counter, counter, nil}) })
		panics(t, func() { counter.Absorb(nil) })
	}
	counter.Destroy()
	if got := objects.LiveCounters(); got != 0 {
		t.Errorf("%d counters", got)
	}
}

func TestDestroyingWhileOthersCallIsSafe(t *testing.T) {
	settles(t, objects.LiveCounters, 0)
	for range 200 {
		counter := objects.NewCounter()
		var callers sync.WaitGroup
		for range 4 {
			callers.Add(1)
			go func() {
				defer callers.Done()
				for range 50 {
					if _, err := counter.Decrement(); err == nil {
						t.Error("a counter fell below zero")
					}
				}
			}()
		}
		counter.Destroy()
		callers.Wait()
	}
	if got := objects.LiveCounters(); got != 0 {
		t.Errorf("%d counters", got)
	}
}

func TestAHundredThousandCallsLeaveNothingBehind(t *testing.T) {
	settles(t, objects.LiveCounters, 0)
	counter := objects.NewCounter()
	for range 100_000 {
		counter.Increment()
	}
	if got := counter.Value(); got != 100_000 {
		t.Errorf("got %d", got)
	}
	if got := objects.LiveCounters(); got != 1 {
		t.Errorf("%d counters", got)
	}
	counter.Destroy()
	if got := objects.LiveCounters(); got != 0 {
		t.Errorf("%d counters", got)
	}
}
