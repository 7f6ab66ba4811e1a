// Package commy is a service mesh that you import: create a mesh, register services, find
// them, call them and exchange events with them. The same few verbs work whether the other
// side is in the same process, on the same host or in another region.
//
// A [Mesh] is this process's membership in a mesh. A [Handler] answers the requests of a
// service; [Func] makes one of a function with typed payloads, and [Methods] puts several
// together. Whatever waits takes a context first, whose end reaches the handler at the other
// side, and whose deadline the handler sees.
//
// A payload that is a []byte travels untouched; any other value travels as JSON. What goes
// wrong is an [Error], whose [Status] tells what to do about it.
package commy

import "commy.dev/commy/internal/generated/ffi"

// Version gives the version of the native library, by semantic versioning, such as 0.1.0.
func Version() string {
	return ffi.Version()
}
