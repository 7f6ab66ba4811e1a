package commy

import "commy.dev/commy/internal/generated/ffi"

// How a mesh reaches the processes and hosts beyond its own: what is asked for. Which endpoints
// are allowed, and whether the files of certificates are any good, is the library's to say.

// LocalOnly keeps the mesh to this process: nothing is opened, and nobody is found. Otherwise
// it finds the processes of its user on this host by itself, with no port and no
// configuration.
func LocalOnly() Option {
	return func(options *ffi.MeshOptions) error {
		options.LocalOnly = true
		return nil
	}
}

// FabricMode is how a node takes part in routing.
type FabricMode string

const (
	// Peer connects to the other nodes directly.
	Peer FabricMode = "peer"
	// Client reaches all others through one router, which is named by [WithConnect].
	Client FabricMode = "client"
	// Router forwards the messages of others.
	Router FabricMode = "router"
)

var fabricModes = map[FabricMode]ffi.FabricMode{
	Peer:   ffi.FabricModePeer,
	Client: ffi.FabricModeClient,
	Router: ffi.FabricModeRouter,
}

// WithMode sets how this node takes part in routing: as Peer by default.
func WithMode(mode FabricMode) Option {
	return func(options *ffi.MeshOptions) (err error) {
		options.Mode, err = choose("a mode", fabricModes, mode)
		return err
	}
}

// WithListen names endpoints to listen on for other hosts, such as tls/0.0.0.0:7447: tcp/, tls/
// or quic/, a host and a port. Those of several options add up.
func WithListen(endpoints ...string) Option {
	return func(options *ffi.MeshOptions) error {
		options.Listen = append(options.Listen, endpoints...)
		return nil
	}
}

// WithConnect names endpoints of nodes or routers on other hosts to connect to, such as
// tls/mesh.example.org:7447. Those of several options add up.
func WithConnect(endpoints ...string) Option {
	return func(options *ffi.MeshOptions) error {
		options.Connect = append(options.Connect, endpoints...)
		return nil
	}
}

// TLS says where the certificates of a node are: paths of PEM files that exist. Both sides of a
// connection show theirs: a peer without one that CA signed is refused.
type TLS struct {
	// CA is the certificate of the mesh's own authority.
	CA string
	// Certificate is this node's certificate.
	Certificate string
	// Key is the private key of this node's certificate.
	Key string
}

// WithTLS sets the certificates for tls/ and quic/ endpoints, which need them.
func WithTLS(tls TLS) Option {
	return func(options *ffi.MeshOptions) error {
		options.TLS = &ffi.TLSOptions{Ca: tls.CA, Certificate: tls.Certificate, Key: tls.Key}
		return nil
	}
}

// WithMulticast has nodes on the local network be looked for by multicast.
func WithMulticast() Option {
	return func(options *ffi.MeshOptions) error {
		options.Multicast = true
		return nil
	}
}

// AllowInsecure allows plain tcp/ to other hosts, where whoever listens reads everything.
func AllowInsecure() Option {
	return func(options *ffi.MeshOptions) error {
		options.AllowInsecure = true
		return nil
	}
}

// WithoutSharedMemory has large payloads between processes of one host not be shared through
// memory, as they otherwise are.
func WithoutSharedMemory() Option {
	return func(options *ffi.MeshOptions) error {
		options.SharedMemory = false
		return nil
	}
}
