package commy

import (
	"context"
	"time"

	"commy.dev/commy/internal/generated/ffi"
)

// Service is what a registration is called and what its callers may select it by. Only the
// name is required.
type Service struct {
	// Name is 1 to 128 bytes of segments joined by dots, each of ASCII letters, digits, _ and
	// -, beginning with a letter or digit, such as billing.invoices.
	Name string
	// Version is by semantic versioning; 0.0.0 if empty.
	Version string
	// Tags are at most 32, each of 1 to 64 bytes of ASCII letters, digits and _-.:=/.
	Tags []string
	// Metadata are at most 64 entries, keys as tags, values of at most 1,024 bytes.
	Metadata map[string]string
	// Weight is the share of calls under Weighted balancing: 1 to 1,000; 100 if zero.
	Weight uint32
	// Zone is the mesh's own if empty.
	Zone string
	// Region is the mesh's own if empty.
	Region string
	// MaxInFlight is how many calls are handled at once: 1 to 65,536; 1,024 if zero. One more
	// is ResourceExhausted to its caller.
	MaxInFlight uint32
}

func lowerService(service Service) ffi.ServiceSpec {
	spec := ffi.NewServiceSpec(service.Name)
	if service.Version != "" {
		spec.Version = service.Version
	}
	spec.Tags = service.Tags
	spec.Metadata = service.Metadata
	if service.Weight != 0 {
		spec.Weight = service.Weight
	}
	spec.Zone = optional(service.Zone)
	spec.Region = optional(service.Region)
	if service.MaxInFlight != 0 {
		spec.MaxInFlight = service.MaxInFlight
	}
	return spec
}

// Check says when and how an advertised endpoint is probed. The zero value connects by TCP.
type Check struct {
	// Path is what an HTTP GET asks for, beginning with /: healthy when it is answered with a
	// 2xx status. If empty, healthy when a TCP connection is accepted.
	Path string
	// Interval is the time between two probes: 10 ms to an hour; 5 s if zero.
	Interval time.Duration
	// Timeout is the time after which a probe has failed: 1 ms to a minute; 1 s if zero.
	Timeout time.Duration
	// Rise is how many successes in a row make an instance healthy: 1 to 100; 1 if zero.
	Rise uint32
	// Fall is how many failures in a row make an instance unhealthy: 1 to 100; 3 if zero.
	Fall uint32
}

func lowerCheck(check *Check) (*ffi.HealthCheck, error) {
	if check == nil {
		return nil, nil
	}
	var probe ffi.Probe = ffi.ProbeTCP{}
	if check.Path != "" {
		probe = ffi.ProbeHTTP{Path: check.Path}
	}
	lowered := ffi.NewHealthCheck(probe)
	for _, length := range []struct {
		what  string
		given time.Duration
		into  *uint64
	}{
		{"the interval of a check", check.Interval, &lowered.IntervalMs},
		{"the timeout of a check", check.Timeout, &lowered.TimeoutMs},
	} {
		if length.given == 0 {
			continue
		}
		var err error
		if *length.into, err = milliseconds(length.what, length.given); err != nil {
			return nil, err
		}
	}
	if check.Rise != 0 {
		lowered.Rise = check.Rise
	}
	if check.Fall != 0 {
		lowered.Fall = check.Fall
	}
	return &lowered, nil
}

// Registration is an instance that a mesh registered or advertised. It lasts until it is
// deregistered or its mesh is stopped, whether or not it is kept.
type Registration struct {
	inner *ffi.Registration
}

// Instance gives the instance as it is now, or as it last was.
func (r *Registration) Instance() Instance {
	return liftInstance(r.inner.Instance())
}

// SetHealth reports Healthy or Unhealthy, of a hosted instance or an advertised one without a
// check; anything else is InvalidArgument or FailedPrecondition.
func (r *Registration) SetHealth(ctx context.Context, health Health) error {
	raw, err := choose("a health", healths, health)
	if err != nil {
		return err
	}
	return lift(r.inner.SetHealth(ctx, raw))
}

// Drain takes no new calls and waits until those in flight are finished, at most so long. It
// says whether all were; the instance stays registered as Draining.
func (r *Registration) Drain(ctx context.Context, timeout time.Duration) (bool, error) {
	limit, err := milliseconds("the timeout of a drain", timeout)
	if err != nil {
		return false, err
	}
	done, err := r.inner.Drain(ctx, limit)
	return done, lift(err)
}

// Deregister drains for at most the mesh's drain timeout, then withdraws the instance. Doing
// it twice does nothing.
func (r *Registration) Deregister(ctx context.Context) error {
	return lift(r.inner.Deregister(ctx))
}

// Close deregisters; it is an io.Closer, for defer.
func (r *Registration) Close() error {
	return r.Deregister(context.Background())
}
