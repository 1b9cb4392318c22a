// Command gateway is a sound HTTP gateway (reverse proxy), made to be copied. It passes requests on to one server, the origin, and what that
// replies back: all of it, or so that nobody takes it for all.
//
//	gateway [--read-ms 500] [--idle-ms 600] host port origin-url
package main

import (
	"context"
	"errors"
	"flag"
	"log"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"os"
	"os/signal"
	"syscall"
	"time"
)

const farewell = time.Second // what clients get to finish when the gateway is told to end

// A patient connection waits so long for each sign of the origin: the header and each part of the content. Transport's own
// ResponseHeaderTimeout ends with the header.
type patient struct {
	net.Conn
	wait time.Duration
}

func (p patient) Read(b []byte) (int, error) {
	p.SetReadDeadline(time.Now().Add(p.wait)) // a point in time: it has to be set anew for each wait
	return p.Conn.Read(b)
}

// gateway passes requests on to the origin. When that has no reply it says 502; when a reply breaks off, ReverseProxy breaks off its own.
func gateway(origin *url.URL, wait time.Duration) http.Handler {
	dialer := net.Dialer{Timeout: wait}
	proxy := &httputil.ReverseProxy{
		Rewrite: func(r *httputil.ProxyRequest) {
			r.SetURL(origin)
			r.SetXForwarded()
		},
		Transport: &http.Transport{DialContext: func(ctx context.Context, network, addr string) (net.Conn, error) {
			conn, err := dialer.DialContext(ctx, network, addr)
			if err != nil {
				return nil, err
			}
			return patient{conn, wait}, nil
		}},
		FlushInterval: -1, // what comes is passed on at once
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		// net/http takes a client that has said all it has to say, and closed its direction, for one that has gone: it cancels the context.
		ctx, cancel := context.WithCancel(context.WithoutCancel(r.Context())) // one that can be cancelled, or ReverseProxy looks for itself
		defer cancel()
		proxy.ServeHTTP(w, r.WithContext(ctx))
	})
}

func main() {
	wait := flag.Int("read-ms", 500, "give the origin up when it is silent for so long")
	idle := flag.Int("idle-ms", 600, "close a client that takes longer for a header section")
	flag.Parse()
	origin, err := url.Parse(flag.Arg(2))
	if flag.NArg() != 3 || err != nil || origin.Host == "" {
		flag.Usage()
		os.Exit(2)
	}
	limit := time.Duration(*idle) * time.Millisecond
	server := &http.Server{
		Addr:              net.JoinHostPort(flag.Arg(0), flag.Arg(1)),
		Handler:           gateway(origin, time.Duration(*wait)*time.Millisecond),
		ReadHeaderTimeout: limit,
		IdleTimeout:       limit,
	}
	told, _ := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	ended := make(chan struct{})
	context.AfterFunc(told, func() { // take no more, let those finish that are being served
		defer close(ended)
		soon, cancel := context.WithTimeout(context.Background(), farewell)
		defer cancel()
		if server.Shutdown(soon) != nil {
			server.Close()
		}
	})
	if err := server.ListenAndServe(); !errors.Is(err, http.ErrServerClosed) {
		log.Fatal(err)
	}
	<-ended
}
