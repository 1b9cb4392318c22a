package main

import (
	"context"
	"net"
	"sync"
)

// serve answers connections until ctx is done or stop is called; then it closes them all.
func serve(ctx context.Context, handle func(*net.TCPConn)) (addr string, stop func(), err error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", nil, err
	}
	ctx, cancel := context.WithCancel(ctx)
	context.AfterFunc(ctx, func() { _ = l.Close() })
	var all sync.WaitGroup
	all.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			all.Go(func() {
				defer c.Close()
				defer context.AfterFunc(ctx, func() { _ = c.Close() })()
				handle(c.(*net.TCPConn))
			})
		}
	})
	return l.Addr().String(), func() { cancel(); all.Wait() }, nil
}

// echo sends back what comes. It is no io.Copy, which would hold a pipe for each connection.
func echo(c *net.TCPConn) {
	buf := make([]byte, 1024)
	for {
		n, err := c.Read(buf)
		if err != nil {
			return
		}
		if _, err := c.Write(buf[:n]); err != nil {
			return
		}
	}
}

// pour sends as much as goes.
func pour(c *net.TCPConn) {
	buf := make([]byte, bulk)
	for {
		if _, err := c.Write(buf); err != nil {
			return
		}
	}
}

// bulk is the size of writes and reads where much is to flow.
const bulk = 256 << 10
