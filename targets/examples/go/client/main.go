// Command client is a sound TCP client, made to be copied. It sends what it reads from stdin as one message, waits for the
// same message to come back, and writes it to stdout. The exit code says how that ended, and stderr says it in words.
package main

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"os"
	"slices"
	"strconv"
	"syscall"
	"time"
)

const limit = 16 << 20 // the longest message; a longer one is a mistake or an attack

var (
	errCorrupt   = errors.New("the reply is not what was sent")
	errMalformed = errors.New("the reply breaks the protocol")
)

// encode adds what tells the other side where the message ends.
func encode(protocol string, message []byte) []byte {
	switch protocol {
	case "framed":
		return append(binary.BigEndian.AppendUint32(nil, uint32(len(message))), message...)
	case "line":
		return slices.Concat(message, []byte{'\n'})
	}
	return message
}

// receive reads one reply, and no further: nothing else will come. TCP is a stream without message boundaries, so one Read
// may bring any part of it, even of the length. Beside an error it returns what of the body came.
func receive(conn io.Reader, protocol string, sent int) ([]byte, error) {
	if protocol == "line" {
		line, err := bufio.NewReader(io.LimitReader(conn, limit+1)).ReadBytes('\n')
		if err != nil && len(line) > limit {
			err = errMalformed
		}
		return bytes.TrimSuffix(line, []byte{'\n'}), err
	}
	size := uint32(sent) // an echo is complete when as much is back as was sent
	if protocol == "framed" {
		var prefix [4]byte
		if _, err := io.ReadFull(conn, prefix[:]); err != nil {
			return nil, err
		}
		if size = binary.BigEndian.Uint32(prefix[:]); size > limit { // a stranger's claim: no memory and no waiting for it
			return nil, errMalformed
		}
	}
	body := make([]byte, size)
	n, err := io.ReadFull(conn, body)
	return body[:n], err
}

// patient is a connection on which no wait is longer than silence, and all of them end by end: a peer that drips a byte now
// and then would renew the first for ever. Whatever comes or goes is a sign of life and renews both directions.
type patient struct {
	net.Conn
	silence time.Duration
	end     time.Time
}

func (p patient) renew() {
	deadline := time.Now().Add(p.silence) // a deadline in Go is a point in time: it has to be set anew for each wait
	if p.end.Before(deadline) {
		deadline = p.end
	}
	p.SetDeadline(deadline)
}

func (p patient) Read(b []byte) (int, error) { p.renew(); return p.Conn.Read(b) }

func (p patient) send(b []byte) error {
	for part := range slices.Chunk(b, 16<<10) { // in parts, for a long message on a slow link takes longer than one wait
		p.renew()
		if _, err := p.Write(part); err != nil {
			return err
		}
	}
	p.renew() // from now on the silence counts
	return nil
}

func exchange(addr, protocol string, message []byte, timeout time.Duration) ([]byte, error) {
	end := time.Now().Add(4 * timeout)
	conn, err := net.DialTimeout("tcp", addr, timeout) // without a timeout: minutes, if nobody answers
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	p := patient{conn, timeout, end}

	// Read while sending: a peer that answers at once stops reading when nobody takes its answer, and a client that only
	// sends would then wait for a peer that waits for the client.
	sent := make(chan error, 1)
	go func() { sent <- p.send(encode(protocol, message)) }()
	body, err := receive(p, protocol, len(message))
	if err == nil && !bytes.Equal(body, message) {
		return body, errCorrupt
	}
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) { // the peer has closed, or so it seems:
		conn.Close()
		if sending := <-sent; isReset(sending) { // the kernel tells of a reset once. If send was told, Read sees a plain end
			return body, sending
		}
		return body, fmt.Errorf("the peer closed before the whole reply was here: %w", io.ErrUnexpectedEOF)
	}
	return body, err
}

func isReset(err error) bool {
	return errors.Is(err, syscall.ECONNRESET) || errors.Is(err, syscall.EPIPE) || errors.Is(err, syscall.ECONNABORTED)
}

// exitCode tells the failures apart, for a caller tries again after a timeout, but not after a corrupt reply.
func exitCode(err error) int {
	var waited net.Error
	switch {
	case err == nil:
		return 0
	case errors.As(err, &waited) && waited.Timeout(): // to connect, to receive, to send, or for the whole
		return 10
	case isReset(err):
		return 11
	case errors.Is(err, io.ErrUnexpectedEOF):
		return 12
	case errors.Is(err, syscall.ECONNREFUSED):
		return 13
	case errors.Is(err, errCorrupt):
		return 14
	case errors.Is(err, errMalformed):
		return 15
	}
	return 1 // no such host, no route, …
}

func main() {
	timeout, err := strconv.Atoi(os.Getenv("FAULTWIRE_TIMEOUT_MS"))
	if err != nil {
		timeout = 500
	}
	protocol := flag.String("protocol", "echo", "echo, framed or line")
	flag.IntVar(&timeout, "timeout-ms", timeout, "the longest wait; the whole may take four times as long")
	flag.Parse()
	if flag.NArg() != 2 || !slices.Contains([]string{"echo", "framed", "line"}, *protocol) {
		fmt.Fprintln(os.Stderr, "usage: client [--protocol echo|framed|line] [--timeout-ms 500] host port")
		os.Exit(2)
	}

	message, err := io.ReadAll(os.Stdin)
	if *protocol != "echo" && len(message) > limit || *protocol == "line" && bytes.IndexByte(message, '\n') >= 0 {
		fmt.Fprintln(os.Stderr, "client: too long a message, or a line of several lines")
		os.Exit(89)
	}
	var body []byte
	if err == nil {
		addr, patience := net.JoinHostPort(flag.Arg(0), flag.Arg(1)), time.Duration(timeout)*time.Millisecond
		body, err = exchange(addr, *protocol, message, patience)
	}
	os.Stdout.Write(body)
	if err != nil {
		fmt.Fprintln(os.Stderr, "client:", err)
	}
	os.Exit(exitCode(err)) // 0 only if every byte is back: success is what the calling program believes
}
