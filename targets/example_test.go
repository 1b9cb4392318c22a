//go:build unix

package targets_test

import (
	"context"
	"fmt"

	"github.com/faultwire/faultwire/fixtures"
	"github.com/faultwire/faultwire/targets"
)

// A program becomes a client under test by its command line alone.
func ExampleTarget_Exchange() {
	args, err := targets.SplitCommand(`sh -c 'cat; exit 12'`) // sends nothing, and says "closed too early"
	if err != nil {
		fmt.Println(err)
		return
	}
	t := targets.Target{Name: "cat", Role: targets.ClientRole, Protocol: fixtures.EchoProtocol,
		Command: &targets.Command{Args: args}}
	said := t.Exchange(context.Background(), "127.0.0.1:7", targets.Job{Messages: [][]byte{[]byte("hello")}})
	fmt.Printf("%s %q\n", said.Outcome, said.Received)
	// Output: closed "hello"
}

// A mistake in a target is named by its key, with what to do about it.
func ExampleTarget_Validate() {
	t := targets.Target{Name: "mine", Role: "sever", Protocol: fixtures.EchoProtocol, Address: "127.0.0.1:7"}
	fmt.Println(t.Validate())
	// Output: role: unknown role "sever"; did you mean "server"?; known: client, server, peer
}
