package main

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"strconv"
	"sync"
	"sync/atomic"
	"time"
)

const (
	// callTimeout is what any call may take that is measured.
	callTimeout = 5 * time.Second
	// patience is how long it is waited for everybody to meet.
	patience = 30 * time.Second
	// groups is how often within a window the server says how far it is.
	groups = 4
	// between is how often is crossed between two looks at the clock.
	between = 20
)

// client is one system's caller and publisher; publish is nil where there are no topics.
type client struct {
	call    func(ctx context.Context, payload []byte) ([]byte, error)
	publish func(event []byte) error
	close   func()
}

// turn is what is told of one turn; statistics are the driver's.
type turn struct {
	Count       int     `json:"count"`
	Seconds     float64 `json:"seconds"`
	Nanoseconds []int64 `json:"nanoseconds"`
}

// answer is what a server answers: the payload, and to an empty one who it is.
func answer(payload []byte) []byte {
	if len(payload) == 0 {
		return []byte(strconv.Itoa(os.Getpid()))
	}
	return payload
}

// relay is what a server does with the events that it gets: it counts them, and sends back those
// that ask for it, with the count.
type relay struct{ count atomic.Uint32 }

func (r *relay) take(event []byte) ([]byte, bool) {
	count := r.count.Add(1)
	if len(event) < 9 || event[0] != 1 {
		return nil, false
	}
	back := bytes.Clone(event)
	binary.BigEndian.PutUint32(back[5:], count)
	return back, true
}

// returned holds the events that came back.
type returned struct {
	events chan []byte
	// count is how many the server had got when it sent the last one back.
	count uint32
}

func newReturned() *returned {
	// More than are ever unsaid.
	return &returned{events: make(chan []byte, 1024)}
}

func (r *returned) take(event []byte) {
	r.events <- event
}

func (r *returned) next(timeout time.Duration) ([]byte, error) {
	alarm := time.NewTimer(timeout)
	defer alarm.Stop()
	select {
	case event := <-r.events:
		r.count = binary.BigEndian.Uint32(event[5:])
		return event, nil
	case <-alarm.C:
		return nil, errors.New("no event comes back")
	}
}

func (c *client) timed(payload []byte) ([]byte, error) {
	ctx, cancel := context.WithTimeout(context.Background(), callTimeout)
	defer cancel()
	return c.call(ctx, payload)
}

// meet waits until a server answers.
func meet(client client) error {
	end := time.Now().Add(patience)
	for {
		_, err := client.timed(nil)
		if err == nil || time.Now().After(end) {
			return err
		}
		time.Sleep(20 * time.Millisecond)
	}
}

// join waits until events go there and come back, and none of them is still on its way.
func join(client client, events *returned) error {
	end := time.Now().Add(patience)
	for number := uint32(1); time.Now().Before(end); number++ {
		event := make([]byte, 9)
		event[0] = 1
		binary.BigEndian.PutUint32(event[1:], number)
		if err := client.publish(event); err != nil {
			return err
		}
		for {
			back, err := events.next(100 * time.Millisecond)
			if err != nil {
				break
			}
			if binary.BigEndian.Uint32(back[1:]) == number {
				return nil
			}
		}
	}
	return errors.New("no event comes back")
}

// echo calls, with so many under way at any time.
func echo(client client, size int, seconds float64, inFlight int) (turn, error) {
	payload := make([]byte, size)
	samples := make([][]int64, inFlight)
	failures := make([]error, inFlight)
	begin := time.Now()
	end := begin.Add(time.Duration(seconds * 1e9))
	worker := func(index int) error {
		for now := time.Now(); now.Before(end); {
			reply, err := client.timed(payload)
			if err != nil {
				return err
			}
			before := now
			now = time.Now()
			samples[index] = append(samples[index], int64(now.Sub(before)))
			if len(reply) != size {
				return fmt.Errorf("%d bytes came back of %d", len(reply), size)
			}
		}
		return nil
	}
	var all sync.WaitGroup
	for index := range inFlight {
		all.Add(1)
		go func() {
			defer all.Done()
			failures[index] = worker(index)
		}()
	}
	all.Wait()
	took := time.Since(begin)
	result := turn{Seconds: took.Seconds()}
	for _, some := range samples {
		result.Nanoseconds = append(result.Nanoseconds, some...)
	}
	result.Count = len(result.Nanoseconds)
	return result, errors.Join(failures...)
}

// publishing publishes, with at most a window of events that the server has not said that it has.
func publishing(client client, events *returned, size int, seconds float64, window int) (turn, error) {
	silent, asking := make([]byte, size), make([]byte, size)
	asking[0] = 1
	group := max(1, window/groups)
	known, count, unsaid := events.count, 0, 0
	samples := []int64{}
	begin := time.Now()
	end := begin.Add(time.Duration(seconds * 1e9))
	for time.Now().Before(end) {
		for range group - 1 {
			if err := client.publish(silent); err != nil {
				return turn{}, err
			}
		}
		before := time.Now()
		if err := client.publish(asking); err != nil {
			return turn{}, err
		}
		count += group
		unsaid++
		if unsaid*group >= window {
			if _, err := events.next(callTimeout); err != nil {
				return turn{}, err
			}
			samples = append(samples, int64(time.Since(before)))
			unsaid--
		}
	}
	for range unsaid {
		if _, err := events.next(callTimeout); err != nil {
			return turn{}, err
		}
	}
	took := time.Since(begin)
	if got := events.count - known; got != uint32(count) {
		return turn{}, fmt.Errorf("the server got %d events of %d", got, count)
	}
	return turn{count, took.Seconds(), samples}, nil
}

// cost crosses into the runtime again and again, one after the other.
func cost(once func() error, seconds float64) (turn, error) {
	count := 0
	begin := time.Now()
	end := begin.Add(time.Duration(seconds * 1e9))
	for time.Now().Before(end) {
		for range between {
			if err := once(); err != nil {
				return turn{}, err
			}
		}
		count += between
	}
	return turn{count, time.Since(begin).Seconds(), []int64{}}, nil
}
