// Command server is a sound TCP server, made to be copied. It sends back each message of each client, until the client has
// finished.
//
//	server [--protocol echo|framed|line] [--idle-ms 600] host port
package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"flag"
	"fmt"
	"io"
	"log"
	"net"
	"os"
	"os/signal"
	"slices"
	"sync"
	"syscall"
	"time"
)

const (
	limit        = 16 << 20         // the longest message: what one client may make this server keep
	writeTimeout = 60 * time.Second // a slow reader is no idle client, but one that never reads must not be kept for ever
	farewell     = time.Second      // what clients get to finish when the server is told to end
)

var errMalformed = errors.New("malformed message")

// receive returns the next message, as it came, or what there is of it and the error that ended it; io.EOF is the client's
// end.
func receive(r *bufio.Reader, protocol string) ([]byte, error) {
	var message bytes.Buffer // grows as bytes come, not as the prefix promises
	switch protocol {
	case "framed":
		prefix, err := r.Peek(4) // waits for all four
		if err != nil {
			return nil, err
		}
		size := binary.BigEndian.Uint32(prefix)
		if size > limit {
			return nil, fmt.Errorf("%w: it claims to be %d bytes long", errMalformed, size)
		}
		if _, err = io.CopyN(&message, r, 4+int64(size)); err != nil {
			return nil, err // half a message is none
		}
		return message.Bytes(), nil
	case "line":
		for { // bytes until an LF; a CR is one of them
			if _, err := r.Peek(1); err != nil { // waits until something has come
				return message.Bytes(), err
			}
			part, _ := r.Peek(r.Buffered())
			line, _, ends := bytes.Cut(part, []byte{'\n'})
			if message.Len()+len(line) > limit {
				return nil, fmt.Errorf("%w: a line without end", errMalformed)
			}
			message.Write(line)
			r.Discard(len(line))
			if ends {
				r.Discard(1)
				message.WriteByte('\n')
				return message.Bytes(), nil
			}
		}
	}
	_, err := r.Peek(1) // an echo has no messages: whatever has come
	io.CopyN(&message, r, int64(r.Buffered()))
	return message.Bytes(), err
}

// serve serves one client. Whatever happens to it is its own trouble, never the server's.
func serve(client net.Conn, protocol string, idle time.Duration) error {
	defer client.Close() // whichever way this ends. All was read, so this is a FIN behind the last answer, not a reset
	r := bufio.NewReaderSize(reader{client, idle}, 64<<10)
	for {
		message, err := receive(r, protocol)
		// Nothing is read while an answer is written, so a client that does not take its answers is slowed down by TCP, and
		// no queue grows. In parts, for a long answer to a slow reader takes longer than one write may.
		for part := range slices.Chunk(message, 16<<10) {
			client.SetWriteDeadline(time.Now().Add(writeTimeout))
			if _, err := client.Write(part); err != nil {
				return err
			}
		}
		if errors.Is(err, io.EOF) { // the client has sent its last byte; it still reads, and all is answered by now
			return nil
		}
		if err != nil {
			return err
		}
	}
}

// reader reads from a client and gives up after a silence: a client that has vanished never says so.
type reader struct {
	net.Conn
	idle time.Duration
}

func (r reader) Read(b []byte) (int, error) {
	r.SetReadDeadline(time.Now().Add(r.idle)) // a point in time: it has to be set anew for each wait
	return r.Conn.Read(b)
}

func main() {
	protocol := flag.String("protocol", "echo", "echo, framed or line")
	idle := flag.Int("idle-ms", 600, "close a client that is silent for so long")
	flag.Parse()
	if flag.NArg() != 2 || !slices.Contains([]string{"echo", "framed", "line"}, *protocol) {
		flag.Usage()
		os.Exit(2)
	}

	listener, err := net.Listen("tcp", net.JoinHostPort(flag.Arg(0), flag.Arg(1))) // sets SO_REUSEADDR and a long backlog
	if err != nil {
		log.Fatal(err)
	}
	log.Print("listening on port ", listener.Addr().(*net.TCPAddr).Port)
	told, _ := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(told, func() { listener.Close() }) // ends Accept

	var clients sync.WaitGroup
	for {
		client, err := listener.Accept()
		switch {
		case told.Err() != nil: // take no more, let those finish that are being served
			time.AfterFunc(farewell, func() { os.Exit(0) })
			clients.Wait()
			return
		case err != nil: // the client is gone already, or too many are open: the next one may fare better
			log.Print(err)
			time.Sleep(100 * time.Millisecond) // when descriptors run out Accept fails at once, again and again
		default:
			clients.Go(func() { // a goroutine each, so that a silent client holds up nobody
				if err := serve(client, *protocol, time.Duration(*idle)*time.Millisecond); err != nil {
					log.Print(err)
				}
			})
		}
	}
}
