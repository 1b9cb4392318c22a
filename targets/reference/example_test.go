package reference_test

import (
	"context"
	"fmt"
	"net"
	"time"

	"github.com/faultwire/faultwire/fixtures"
	"github.com/faultwire/faultwire/targets"
	"github.com/faultwire/faultwire/targets/reference"
)

func Example() {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		fmt.Println(err)
		return
	}
	ctx, stop := context.WithCancel(context.Background())
	served := make(chan error)
	go func() {
		served <- reference.Server{Protocol: fixtures.FramedProtocol, Idle: time.Minute}.Serve(ctx, l)
	}()

	said := reference.Client{Protocol: fixtures.FramedProtocol}.Exchange(ctx, l.Addr().String(), targets.Job{
		Messages: [][]byte{[]byte("Hello, "), []byte("world!")},
		Promises: fixtures.Deadlines{Connect: time.Second, Read: time.Second, Write: time.Second, Total: 10 * time.Second},
	})
	fmt.Printf("%s: %s\n", said.Outcome, said.Received)

	stop()
	fmt.Println(<-served)
	// Output:
	// ok: Hello, world!
	// <nil>
}
