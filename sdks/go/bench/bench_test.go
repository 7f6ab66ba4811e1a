// Package bench measures what commy costs in Go: go test -run '^$' -bench . ./bench
package bench

import (
	"context"
	"fmt"
	"testing"

	"commy.dev/commy"
)

// started is a mesh with a service that answers with what it is sent.
func started(b *testing.B) *commy.Mesh {
	b.Helper()
	ctx := context.Background()
	mesh, err := commy.Start(ctx, "bench")
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = mesh.Close() })
	echo := commy.HandlerFunc(func(_ context.Context, request *commy.Request) (commy.Message, error) {
		return request.Message, nil
	})
	if _, err := mesh.Register(ctx, commy.Service{Name: "echo"}, echo); err != nil {
		b.Fatal(err)
	}
	return mesh
}

func BenchmarkIsRunning(b *testing.B) {
	mesh := started(b)
	for b.Loop() {
		mesh.IsRunning()
	}
}

func BenchmarkDiscover(b *testing.B) {
	mesh := started(b)
	for b.Loop() {
		if _, err := mesh.Discover(commy.Query{Service: "echo"}); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkCall(b *testing.B) {
	mesh := started(b)
	ctx := context.Background()
	for _, size := range []int{16, 1 << 10, 1 << 16, 1 << 20} {
		payload := make([]byte, size)
		b.Run(fmt.Sprintf("bytes=%d", size), func(b *testing.B) {
			b.SetBytes(int64(size))
			for b.Loop() {
				if _, err := mesh.Call(ctx, "echo", "", payload); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
	b.Run("parallel", func(b *testing.B) {
		payload := make([]byte, 16)
		b.RunParallel(func(each *testing.PB) {
			for each.Next() {
				if _, err := mesh.Call(ctx, "echo", "", payload); err != nil {
					b.Error(err)
				}
			}
		})
	})
}

func BenchmarkCallTyped(b *testing.B) {
	mesh := started(b)
	ctx := context.Background()
	type order struct {
		ID    int
		Items []string
	}
	for b.Loop() {
		if _, err := commy.Call[order](ctx, mesh, "echo", "", order{1, []string{"tea", "cup"}}); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkPublishAndTake(b *testing.B) {
	mesh := started(b)
	ctx := context.Background()
	events, err := mesh.Subscribe(ctx, "topic")
	if err != nil {
		b.Fatal(err)
	}
	defer events.Close()
	payload := make([]byte, 16)
	for b.Loop() {
		if err := mesh.Publish(ctx, "topic", payload); err != nil {
			b.Fatal(err)
		}
		if _, err := events.Next(ctx); err != nil {
			b.Fatal(err)
		}
	}
}
