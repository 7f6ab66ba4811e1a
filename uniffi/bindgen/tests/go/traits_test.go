package suite_test

import (
	"errors"
	"reflect"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"

	"suite/traits"
)

type loud struct {
	notes    []traits.Note
	tags     [][]string
	greet    func(name string) string
	tryGreet func(name string) (string, error)
}

func (l *loud) Greet(name string) string {
	if l.greet != nil {
		return l.greet(name)
	}
	return "HELLO, " + name
}

func (l *loud) TryGreet(name string) (string, error) {
	if l.tryGreet != nil {
		return l.tryGreet(name)
	}
	if name == "" {
		return "", &traits.GreetErrorRefused{Reason: "nobody"}
	}
	return l.Greet(name), nil
}

func (l *loud) Observe(note traits.Note, tags []string) {
	l.notes = append(l.notes, note)
	l.tags = append(l.tags, tags)
}

func (l *loud) Rank() *uint32   { return pointer[uint32](7) }
func (l *loud) Small() uint8    { return 200 }
func (l *loud) Polite() bool    { return false }
func (l *loud) Warmth() float64 { return 0.25 }

func TestATraitOfRustIsAnObject(t *testing.T) {
	shape := traits.Square(3)
	if shape.Area() != 9 || shape.Name() != "square" || traits.AreaOf(shape) != 9 {
		t.Error("the square is none")
	}
}

func TestTheImplementationOfRustIsCalledLikeAny(t *testing.T) {
	polite := traits.PoliteGreeter()
	if got := polite.Greet("ada"); got != "good day, ada" {
		t.Errorf("got %q", got)
	}
	if _, err := polite.TryGreet(""); !errors.Is(err, &traits.GreetErrorRefused{}) {
		t.Errorf("got %v", err)
	}
	if got := traits.GreetWith(polite, "bob"); got != "good day, bob" {
		t.Errorf("got %q", got)
	}
	if _, ok := traits.EchoGreeter(polite).(*traits.GreeterImpl); !ok || *polite.Rank() != 1 || polite.Small() != 255 {
		t.Error("Rust's greeter is none")
	}
}

func TestRustCallsWhatIsOursWithArgumentsAndResultsOfAllKinds(t *testing.T) {
	ours := new(loud)
	if got := traits.GreetWith(ours, "ada"); got != "HELLO, ada" {
		t.Errorf("got %q", got)
	}
	if !reflect.DeepEqual(ours.notes, []traits.Note{{Text: "greeting ada", Line: pointer[uint32](200)}}) {
		t.Errorf("got %v", ours.notes)
	}
	if !reflect.DeepEqual(ours.tags, [][]string{{"false", "0.25"}}) {
		t.Errorf("got %v", ours.tags)
	}
	if got, err := traits.CountOn(ours, 3); got != 7 || err != nil {
		t.Errorf("got %d, %v", got, err)
	}
	if traits.EchoGreeter(ours) != traits.Greeter(ours) {
		t.Error("our greeter does not come back as itself")
	}
	if got, err := traits.GreetOnThread(ours, "ada"); got != "HELLO, ada" || err != nil {
		t.Errorf("got %q, %v", got, err)
	}
}

func TestADeclaredErrorReachesRustWithItsFieldsAnotherWithItsReason(t *testing.T) {
	ours := new(loud)
	ours.tryGreet = func(string) (string, error) {
		return "", errors.Join(errors.New("wrapped"), &traits.GreetErrorRefused{Reason: "not today"})
	}
	_, err := traits.CountOn(ours, 1)
	var refused *traits.GreetErrorRefused
	if !errors.As(err, &refused) || refused.Reason != "not today" {
		t.Errorf("got %v", err)
	}
	var unexpected *traits.GreetErrorUnexpected
	for want, tryGreet := range map[string]func(string) (string, error){
		"too far":            func(string) (string, error) { return "", errors.New("too far") },
		"no voice":           func(string) (string, error) { panic("no voice") },
		"text must be UTF-8": func(string) (string, error) { return "\xff", nil },
	} {
		ours.tryGreet = tryGreet
		_, err = traits.CountOn(ours, 1)
		if !errors.As(err, &unexpected) || !strings.Contains(unexpected.Reason, want) {
			t.Errorf("got %v, want %q", err, want)
		}
	}
}

func TestAPanicFollowsAPanicOfAnInfallibleMethod(t *testing.T) {
	ours := &loud{greet: func(string) string { panic("no voice") }}
	err := panics(t, func() { traits.GreetWith(ours, "ada") })
	var internal *traits.InternalError
	if !errors.As(err, &internal) || !strings.Contains(err.Error(), "no voice") {
		t.Errorf("got %v", err)
	}
}

func TestNilIsNoGreeter(t *testing.T) {
	err := panics(t, func() { traits.EchoGreeter(nil) })
	if err.Error() != "a Greeter must not be nil, and is made by the library" {
		t.Errorf("got %v", err)
	}
}

func TestRustLetsGoOfWhatIsOurs(t *testing.T) {
	choir := traits.NewChoir()
	var finalized atomic.Uint64
	for range 100 {
		ours := new(loud)
		runtime.AddCleanup(ours, func(count *atomic.Uint64) { count.Add(1) }, &finalized)
		choir.Add(ours)
	}
	if got := len(choir.Greet("x")); got != 100 {
		t.Errorf("got %d greetings", got)
	}
	if _, ok := choir.First().(*loud); !ok {
		t.Error("the first of the choir is not ours")
	}
	choir.Clear()
	if choir.First() != nil {
		t.Error("somebody is left")
	}
	settles(t, finalized.Load, 100)
	if got := traits.LiveChoirs(); got != 1 {
		t.Errorf("%d choirs", got)
	}
	choir.Destroy()
	settles(t, traits.LiveChoirs, 0)
}

func TestTenThousandCallsFromRustLeaveNothingBehind(t *testing.T) {
	if got, err := traits.CountOn(new(loud), 10_000); got != 7 || err != nil {
		t.Errorf("got %d, %v", got, err)
	}
}
