package commy

import (
	"context"

	"commy.dev/commy/internal/generated/ffi"
)

// Mesh is this process's membership in a mesh. Its methods may be called from any goroutine.
//
// Every method but those that are documented to work without needs a mesh that runs, and gives
// FailedPrecondition otherwise.
type Mesh struct {
	inner *ffi.Mesh
	name  string
}

// New creates a mesh, and starts nothing. The name is the scope of discovery: 1 to 64 bytes of
// segments joined by dots, each of ASCII letters, digits, _ and -, beginning with a letter or
// digit. A name or an option that breaks a rule is InvalidArgument.
func New(name string, options ...Option) (*Mesh, error) {
	lowered := ffi.NewMeshOptions(name)
	for _, option := range options {
		if err := option(&lowered); err != nil {
			return nil, err
		}
	}
	inner, err := ffi.NewMesh(lowered)
	if err != nil {
		return nil, lift(err)
	}
	return &Mesh{inner: inner, name: name}, nil
}

// Start creates a mesh and starts it.
func Start(ctx context.Context, name string, options ...Option) (*Mesh, error) {
	mesh, err := New(name, options...)
	if err != nil {
		return nil, err
	}
	if err := mesh.Start(ctx); err != nil {
		return nil, err
	}
	return mesh, nil
}

// Name gives the name of the mesh. It works on a mesh that does not run.
func (m *Mesh) Name() string {
	return m.name
}

// NodeID gives the id of this process's node in the mesh. It works on a mesh that does not run.
func (m *Mesh) NodeID() string {
	return m.inner.NodeID()
}

// IsRunning says whether the mesh is started and not stopped.
func (m *Mesh) IsRunning() bool {
	return m.inner.IsRunning()
}

// Start starts the mesh. Starting one that runs does nothing; a stopped one can be started
// again.
func (m *Mesh) Start(ctx context.Context) error {
	return lift(m.inner.Start(ctx))
}

// Stop stops the mesh: it refuses new calls, lets those in flight finish up to the drain
// timeout, withdraws its registrations, and ends its watches and subscriptions. Stopping one
// that does not run does nothing.
func (m *Mesh) Stop(ctx context.Context) error {
	return lift(m.inner.Stop(ctx))
}

// Close stops the mesh; it is an io.Closer, for defer.
func (m *Mesh) Close() error {
	return m.Stop(context.Background())
}

// Register registers an instance of a service that this process hosts. Its requests' contexts
// have the values of this one.
func (m *Mesh) Register(ctx context.Context, service Service, handler Handler) (*Registration, error) {
	if handler == nil {
		return nil, invalid("the handler of service %q must not be nil", service.Name)
	}
	inner, err := m.inner.Register(ctx, lowerService(service), newDispatcher(ctx, handler))
	if err != nil {
		return nil, lift(err)
	}
	return &Registration{inner}, nil
}

// Advertise makes known an instance that runs elsewhere, at an address such as
// http://127.0.0.1:8080 or tcp://db:5432. With a check it is probed, and can be discovered
// once the probe succeeds; with nil it is taken to be healthy. It is dialled by its users:
// [Mesh.Call] refuses it with FailedPrecondition and names the address.
func (m *Mesh) Advertise(ctx context.Context, service Service, address string, check *Check) (*Registration, error) {
	lowered, err := lowerCheck(check)
	if err != nil {
		return nil, err
	}
	inner, err := m.inner.Advertise(ctx, lowerService(service), address, lowered)
	if err != nil {
		return nil, lift(err)
	}
	return &Registration{inner}, nil
}

// Discover gives the instances that match now, ordered by service and id. It answers from
// local knowledge, and never waits.
func (m *Mesh) Discover(query Query) ([]Instance, error) {
	lowered, err := lowerQuery(query)
	if err != nil {
		return nil, err
	}
	found, err := m.inner.Discover(lowered)
	if err != nil {
		return nil, lift(err)
	}
	instances := make([]Instance, 0, len(found))
	for _, instance := range found {
		instances = append(instances, liftInstance(instance))
	}
	return instances, nil
}

// ActiveServiceCount gives how many services have at least one healthy instance.
func (m *Mesh) ActiveServiceCount() (uint64, error) {
	count, err := m.inner.ActiveServiceCount()
	return count, lift(err)
}

// Stats gives the counters of this mesh. It works on a mesh that does not run.
func (m *Mesh) Stats() Stats {
	return liftStats(m.inner.Stats())
}
