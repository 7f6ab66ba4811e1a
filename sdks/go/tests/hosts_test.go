package tests

import (
	"fmt"
	"net"
	"testing"
	"time"

	"commy.dev/commy"
)

// Of the topic remote, what is between hosts: a process that meets in another directory is as
// far away as one on another host.

// kept is how long a test watches that something does not happen.
const kept = time.Second

func TestRemote_NodesOnOtherHostsMeetByAddress(t *testing.T) {
	address, far := fmt.Sprintf("tcp/127.0.0.1:%d", freePort(t)), elsewhere(t)
	mesh := started(t, commy.WithListen(address))
	other := peerIn(t, far, peerOptions{Name: mesh.Name(), Serves: workers(), Connect: []string{address}})
	knows(t, mesh, "workers", 1)
	equal(t, "the answer", who(t, mesh, "workers"), other.node)
}

func TestRemote_OneWhoNamesNoAddressIsAsFarAwayAsItSeems(t *testing.T) {
	mesh := started(t)
	lost := peerIn(t, elsewhere(t), peerOptions{Name: mesh.Name(), Serves: []commy.Service{{Name: "lost"}}})
	peer(t, peerOptions{Name: mesh.Name(), Serves: []commy.Service{{Name: "found"}}})
	knows(t, mesh, "found", 1)
	knows(t, mesh, "lost", 0)
	equal(t, "peers of the lost", asked[commy.Stats](t, lost, command{Do: "stats"}).Peers, 0)
}

func TestRemote_ClientsMeetThroughTheirRouter(t *testing.T) {
	called, address := name(), fmt.Sprintf("tcp/127.0.0.1:%d", freePort(t))
	peer(t, peerOptions{Name: called, Mode: commy.Router, Listen: []string{address}})
	mesh := startedAs(t, called, commy.WithMode(commy.Client), commy.WithConnect(address))
	callee := peer(t, peerOptions{
		Name: called, Serves: workers(), Mode: commy.Client, Connect: []string{address},
	})
	knows(t, mesh, "workers", 1)
	equal(t, "the answer", who(t, mesh, "workers"), callee.node)
}

func TestRemote_CertificatesOfOneAuthorityLetNodesMeet(t *testing.T) {
	ours, theirs := newAuthority(t), newAuthority(t)
	address, far := fmt.Sprintf("tls/localhost:%d", freePort(t)), elsewhere(t)
	here, there := ours.signs(t, "here"), ours.signs(t, "there")
	mesh := started(t, commy.WithListen(address), commy.WithTLS(here))
	other := peerIn(t, far, peerOptions{
		Name: mesh.Name(), Serves: workers(), Connect: []string{address}, TLS: &there,
	})
	knows(t, mesh, "workers", 1)
	sealed := must(commy.Call[[]byte](limited(t), mesh, "workers", "echo", []byte("sealed")))(t)
	equal(t, "the answer", string(sealed), "sealed")
	equal(t, "peers", mesh.Stats().Peers, 1)
	other.do(t, command{Do: "stop"})
	eventually(t, "it is gone", func() bool { return mesh.Stats().Peers == 0 })

	// Another authority's node trusts ours, and is not trusted.
	stranger := theirs.signs(t, "stranger")
	stranger.CA = here.CA
	peerIn(t, far, peerOptions{
		Name: mesh.Name(), Serves: []commy.Service{{Name: "strangers"}}, Connect: []string{address}, TLS: &stranger,
	})
	for until := time.Now().Add(kept); time.Now().Before(until); time.Sleep(10 * time.Millisecond) {
		equal(t, "peers", mesh.Stats().Peers, 0)
		equal(t, "strangers", len(must(mesh.Discover(commy.Query{Service: "strangers"}))(t)), 0)
	}
}

func freePort(t *testing.T) int {
	t.Helper()
	listener := must(net.Listen("tcp", "127.0.0.1:0"))(t)
	defer listener.Close()
	return listener.Addr().(*net.TCPAddr).Port
}
