package commy

import (
	"time"

	"commy.dev/commy/internal/generated/ffi"
)

// Option is what a mesh is created with beyond its name.
type Option func(*ffi.MeshOptions) error

// WithZone sets the zone that the mesh's services are in unless they say otherwise.
func WithZone(zone string) Option {
	return func(options *ffi.MeshOptions) error {
		options.Zone = &zone
		return nil
	}
}

// WithRegion sets the region that the mesh's services are in unless they say otherwise.
func WithRegion(region string) Option {
	return func(options *ffi.MeshOptions) error {
		options.Region = &region
		return nil
	}
}

// WithCallTimeout sets how long a call may take whose context has no deadline: at least 1 ms,
// 30 s by default.
func WithCallTimeout(timeout time.Duration) Option {
	return func(options *ffi.MeshOptions) (err error) {
		options.CallTimeoutMs, err = milliseconds("the call timeout", timeout)
		return err
	}
}

// WithDrainTimeout sets how long Stop and Deregister let calls in flight finish: 5 s by
// default.
func WithDrainTimeout(timeout time.Duration) Option {
	return func(options *ffi.MeshOptions) (err error) {
		options.DrainTimeoutMs, err = milliseconds("the drain timeout", timeout)
		return err
	}
}

// WithMaxPayload sets the largest payload of a request, reply or event, in bytes: 8 MiB by
// default, at most 1 GiB. A larger one is ResourceExhausted.
func WithMaxPayload(bytes uint64) Option {
	return func(options *ffi.MeshOptions) error {
		options.MaxPayloadBytes = bytes
		return nil
	}
}

// WithBalance sets how calls choose among equal instances: LeastLoaded by default.
func WithBalance(balance Balance) Option {
	return func(options *ffi.MeshOptions) (err error) {
		options.Balance, err = choose("a balance", balances, balance)
		return err
	}
}

// WithBreaker has calls to a failing instance refused: they never are by default.
func WithBreaker(breaker Breaker) Option {
	return func(options *ffi.MeshOptions) (err error) {
		options.Breaker, err = lowerBreaker(breaker)
		return err
	}
}

// Balance is how a call chooses one of several instances that could answer it.
type Balance string

const (
	// RoundRobin takes each in turn.
	RoundRobin Balance = "round_robin"
	// Weighted takes one at random, in proportion to the instances' weights.
	Weighted Balance = "weighted"
	// LeastLoaded takes the less loaded of two drawn at random, by calls in flight and a moving
	// average of latency.
	LeastLoaded Balance = "least_loaded"
	// ConsistentHash takes always the same instance for the same routing key, while the set of
	// instances is the same.
	ConsistentHash Balance = "consistent_hash"
)

var balances = map[Balance]ffi.Balance{
	RoundRobin:     ffi.BalanceRoundRobin,
	Weighted:       ffi.BalanceWeighted,
	LeastLoaded:    ffi.BalanceLeastLoaded,
	ConsistentHash: ffi.BalanceConsistentHash,
}

// Breaker says when calls to a failing instance are refused as Unavailable, without being
// sent. Failures are Unavailable, Internal and DeadlineExceeded; a handler's own failure is an
// answer. A field that is zero has its default.
type Breaker struct {
	// RequestsMin is how many calls a window must hold before their failures count: 1 to
	// 1,000,000; 20 if zero.
	RequestsMin uint32
	// FailureRatio is the share of failures in a window that opens the circuit: above 0, at
	// most 1; 0.5 if zero.
	FailureRatio float64
	// Window is the length of a window: 1 ms to an hour; 10 s if zero.
	Window time.Duration
	// Pause is how long an open circuit refuses calls before it lets one try: 1 ms to an hour;
	// 5 s if zero.
	Pause time.Duration
}

func lowerBreaker(breaker Breaker) (*ffi.CircuitBreaker, error) {
	lowered := ffi.NewCircuitBreaker()
	if breaker.RequestsMin != 0 {
		lowered.RequestsMin = breaker.RequestsMin
	}
	if breaker.FailureRatio != 0 {
		lowered.FailureRatio = breaker.FailureRatio
	}
	var err error
	if breaker.Window != 0 {
		if lowered.WindowMs, err = milliseconds("the window of a breaker", breaker.Window); err != nil {
			return nil, err
		}
	}
	if breaker.Pause != 0 {
		if lowered.OpenMs, err = milliseconds("the pause of a breaker", breaker.Pause); err != nil {
			return nil, err
		}
	}
	return &lowered, nil
}
