package commy

import "commy.dev/commy/internal/generated/ffi"

// Health says whether an instance can be called.
type Health string

const (
	// Starting means that it was advertised and not probed often enough yet to say.
	Starting Health = "starting"
	// Healthy means that it answers.
	Healthy Health = "healthy"
	// Unhealthy means that its owner or its probe says that it does not answer.
	Unhealthy Health = "unhealthy"
	// Draining means that it finishes the calls that it has and takes no new ones.
	Draining Health = "draining"
)

var healths = map[Health]ffi.Health{
	Starting:  ffi.HealthStarting,
	Healthy:   ffi.HealthHealthy,
	Unhealthy: ffi.HealthUnhealthy,
	Draining:  ffi.HealthDraining,
}

// Reach says how this node reaches an instance.
type Reach string

const (
	// InProcess means that it is hosted in this process.
	InProcess Reach = "in_process"
	// Fabric means that it is hosted by another node of the mesh.
	Fabric Reach = "fabric"
	// Endpoint means that it is advertised: its users dial its endpoint themselves.
	Endpoint Reach = "endpoint"
)

var reaches = map[Reach]ffi.Reach{
	InProcess: ffi.ReachInProcess,
	Fabric:    ffi.ReachFabric,
	Endpoint:  ffi.ReachEndpoint,
}

// Instance is an instance of a service, as this node knows it.
type Instance struct {
	// ID is unique in the mesh.
	ID string
	// NodeID is the id of the node that registered it.
	NodeID string
	// Service is the name of the service.
	Service string
	// Version is the version of the service.
	Version string
	// Tags are in order.
	Tags []string
	// Metadata are what queries and calls may ask for.
	Metadata map[string]string
	// Weight is its share of calls under Weighted balancing.
	Weight uint32
	// Zone is the zone, if it has one.
	Zone string
	// Region is the region, if it has one.
	Region string
	// Health is the health at the time of the answer.
	Health Health
	// Endpoint is the address to dial, for an advertised instance; empty for a hosted one.
	Endpoint string
	// Reach is how this node reaches it.
	Reach Reach
	// Revision is that of this node's service table at which the instance last changed.
	Revision uint64
}

func liftInstance(instance ffi.ServiceInstance) Instance {
	return Instance{
		ID:       instance.ID,
		NodeID:   instance.NodeID,
		Service:  instance.Service,
		Version:  instance.Version,
		Tags:     instance.Tags,
		Metadata: instance.Metadata,
		Weight:   instance.Weight,
		Zone:     textOf(instance.Zone),
		Region:   textOf(instance.Region),
		Health:   named(healths, instance.Health),
		Endpoint: textOf(instance.Endpoint),
		Reach:    named(reaches, instance.Reach),
		Revision: instance.Revision,
	}
}

// Query says which instances are asked for. The zero value asks for every healthy one.
type Query struct {
	// Service is the name of the service; every service if empty.
	Service string
	// Version is a requirement in Cargo's syntax, such as ^1.2 or >=1, <3.
	Version string
	// Tags are those that an instance must all have.
	Tags []string
	// Metadata are the entries that an instance must all have.
	Metadata map[string]string
	// Health is what an instance must have one of; Healthy if empty.
	Health []Health
	// Zone is the zone that an instance must be in.
	Zone string
	// Region is the region that an instance must be in.
	Region string
}

func lowerQuery(query Query) (ffi.Query, error) {
	lowered := ffi.NewQuery()
	lowered.Service = optional(query.Service)
	lowered.Version = optional(query.Version)
	lowered.Tags = query.Tags
	lowered.Metadata = query.Metadata
	lowered.Zone = optional(query.Zone)
	lowered.Region = optional(query.Region)
	for _, health := range query.Health {
		raw, err := choose("a health", healths, health)
		if err != nil {
			return lowered, err
		}
		lowered.Health = append(lowered.Health, raw)
	}
	return lowered, nil
}
