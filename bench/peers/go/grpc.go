package main

import (
	"context"
	"fmt"
	"log"
	"net"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
)

// gRPC: a unary call in plain text, with bytes as messages. It has no topics.

// asItIs is a codec that carries bytes untouched.
type asItIs struct{}

func (asItIs) Name() string { return "bytes" }

func (asItIs) Marshal(value any) ([]byte, error) {
	bytes, ok := value.(*[]byte)
	if !ok {
		return nil, fmt.Errorf("%T is not bytes", value)
	}
	return *bytes, nil
}

func (asItIs) Unmarshal(data []byte, value any) error {
	bytes, ok := value.(*[]byte)
	if !ok {
		return fmt.Errorf("%T is not bytes", value)
	}
	// The buffer goes back to a pool.
	*bytes = append([]byte(nil), data...)
	return nil
}

func echoOverGrpc(_ any, _ context.Context, read func(any) error, _ grpc.UnaryServerInterceptor) (any, error) {
	var payload []byte
	if err := read(&payload); err != nil {
		return nil, err
	}
	payload = answer(payload)
	return &payload, nil
}

func serveGrpc(address string) (func(), error) {
	listener, err := net.Listen("tcp", address)
	if err != nil {
		return nil, err
	}
	server := grpc.NewServer(grpc.ForceServerCodec(asItIs{}))
	methods := []grpc.MethodDesc{{MethodName: "Echo", Handler: echoOverGrpc}}
	server.RegisterService(&grpc.ServiceDesc{ServiceName: "bench.Echo", HandlerType: (*any)(nil), Methods: methods}, nil)
	go func() {
		if err := server.Serve(listener); err != nil {
			log.Fatal(err)
		}
	}()
	return server.Stop, nil
}

func connectGrpc(address string, _ func([]byte)) (client, error) {
	options := []grpc.DialOption{
		grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithDefaultCallOptions(grpc.ForceCodec(asItIs{})),
	}
	connection, err := grpc.NewClient(address, options...)
	if err != nil {
		return client{}, err
	}
	return client{
		call: func(ctx context.Context, payload []byte) ([]byte, error) {
			var reply []byte
			err := connection.Invoke(ctx, "/bench.Echo/Echo", &payload, &reply)
			return reply, err
		},
		close: func() { _ = connection.Close() },
	}, nil
}
