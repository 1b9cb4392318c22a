// Command session is an echo client in session: put your own client in place of exchange. Usage: session HOST PORT
package main

import (
	"bufio"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"syscall"
	"time"
)

var conn net.Conn // kept from one exchange to the next

// exchange is your client: it sends the message and returns what came back, also beside an error.
func exchange(message []byte, fresh, push bool, timeout time.Duration) (received []byte, err error) {
	if fresh {
		drop()
	}
	if conn == nil {
		dialled, err := net.DialTimeout("tcp", net.JoinHostPort(os.Args[1], os.Args[2]), timeout)
		if err != nil {
			return nil, err
		}
		conn = dialled
	}
	if push {
		conn.SetDeadline(time.Now().Add(timeout))
		_, err := conn.Write(message)
		return nil, err
	}
	for sent := make(chan error, 1); ; {
		conn.SetDeadline(time.Now().Add(timeout)) // a point in time: anew for each wait
		if received == nil {
			received = make([]byte, 0, len(message))
			go func() { _, err := conn.Write(message); sent <- err }()
		}
		if len(received) == len(message) {
			return received, <-sent
		}
		n, err := conn.Read(received[len(received):cap(received)])
		if received = received[:len(received)+n]; err != nil {
			conn.Close() // ends the write, too
			return received, errors.Join(err, <-sent)
		}
	}
}

func drop() {
	if conn != nil {
		conn.Close() // whatever is still to come on it belongs to nobody
	}
	conn = nil
}

func outcome(err error) string {
	var wait net.Error
	switch {
	case err == nil:
		return "ok"
	case errors.As(err, &wait) && wait.Timeout():
		return "timeout"
	case errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.EPIPE):
		return "reset"
	case errors.Is(err, syscall.ECONNREFUSED):
		return "refused"
	case errors.Is(err, io.EOF):
		return "closed"
	}
	return "other"
}

func main() {
	for requests, replies := bufio.NewScanner(os.Stdin), json.NewEncoder(os.Stdout); requests.Scan(); {
		var r struct {
			ID            int
			Kind, Payload string
			Fresh         bool
			Timeout       time.Duration `json:"timeout_ms"`
		}
		r.Timeout = 500
		if err := json.Unmarshal(requests.Bytes(), &r); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(2)
		}
		reply := map[string]any{"id": r.ID, "outcome": "unsupported"}
		if r.Kind == "echo" || r.Kind == "push" { // a push is sent, and no reply awaited
			message, err := os.ReadFile(r.Payload)
			var received []byte
			if err == nil {
				received, err = exchange(message, r.Fresh, r.Kind == "push", r.Timeout*time.Millisecond)
			}
			if err != nil {
				drop()
				reply["detail"] = err.Error()
			}
			reply["outcome"], reply["bytes"], reply["sha256"] = outcome(err), len(received), fmt.Sprintf("%x", sha256.Sum256(received))
		}
		replies.Encode(reply)
	}
	drop()
}
