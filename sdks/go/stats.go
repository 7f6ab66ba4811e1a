package commy

import "commy.dev/commy/internal/generated/ffi"

// Stats are counters of one mesh since it was created. All but the gauges only rise.
type Stats struct {
	// CallsOK is calls made that got a reply.
	CallsOK uint64
	// CallsFailed is calls made that failed, by status name, such as UNAVAILABLE.
	CallsFailed map[string]uint64
	// CallsInFlight is a gauge: calls made that have no answer yet.
	CallsInFlight uint64
	// RequestsHandled is requests that handlers of this mesh were given.
	RequestsHandled uint64
	// RequestsInFlight is a gauge: requests that handlers of this mesh are at work on.
	RequestsInFlight uint64
	// EventsPublished is events published.
	EventsPublished uint64
	// EventsDelivered is events put into queues of this mesh's subscriptions.
	EventsDelivered uint64
	// EventsDropped is events that this mesh's subscriptions lost by their overflow policy.
	EventsDropped uint64
	// Registrations is a gauge: registrations of this mesh.
	Registrations uint64
	// Peers is a gauge: other nodes of the mesh that are connected.
	Peers uint64
	// FabricMessages is messages that went over the fabric, either way; one within this process never does.
	FabricMessages uint64
	// BytesSent is payload bytes handed to the fabric, by all meshes of this name in this process.
	BytesSent uint64
	// BytesReceived is payload bytes that came from the fabric, for all meshes of this name in
	// this process.
	BytesReceived uint64
}

func liftStats(stats ffi.MeshStats) Stats {
	return Stats{
		CallsOK:          stats.CallsOk,
		CallsFailed:      stats.CallsFailed,
		CallsInFlight:    stats.CallsInFlight,
		RequestsHandled:  stats.RequestsHandled,
		RequestsInFlight: stats.RequestsInFlight,
		EventsPublished:  stats.EventsPublished,
		EventsDelivered:  stats.EventsDelivered,
		EventsDropped:    stats.EventsDropped,
		Registrations:    stats.Registrations,
		Peers:            stats.Peers,
		FabricMessages:   stats.FabricMessages,
		BytesSent:        stats.BytesSent,
		BytesReceived:    stats.BytesReceived,
	}
}
