package reference

import (
	"context"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httputil"
	"time"

	"github.com/faultwire/faultwire/targets"
)

// Gateway makes a gateway of net/http/httputil's ReverseProxy. It waits so long for each sign of the server behind it, and says 502 when it
// cannot have a reply of it; in the middle of one it breaks off its own. idle is as in [HTTPServer].
func Gateway(read, idle time.Duration) targets.NewGateway {
	return func(dial func(context.Context) (net.Conn, error)) targets.Server {
		return gatewayServer{read, idle, dial}
	}
}

type gatewayServer struct {
	read, idle time.Duration
	dial       func(context.Context) (net.Conn, error)
}

// Serve implements [targets.Server].
func (g gatewayServer) Serve(ctx context.Context, l net.Listener) error {
	transport := &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		conn, err := g.dial(ctx)
		if err != nil {
			return nil, err
		}
		return timedConn{Conn: conn, read: g.read}, nil
	}}
	defer transport.CloseIdleConnections()
	proxy := &httputil.ReverseProxy{
		Rewrite: func(r *httputil.ProxyRequest) {
			r.Out.URL.Scheme, r.Out.URL.Host = "http", "origin"
		},
		Transport:     transport,
		ErrorLog:      log.New(io.Discard, "", 0),
		FlushInterval: -1, // what comes is passed on at once
	}
	// The context of a request ends with what its client sends, though the client may wait for the reply (half-close). One without an end would
	// have ReverseProxy ask for itself (http.CloseNotifier).
	handler := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ctx, cancel := context.WithCancel(context.WithoutCancel(r.Context()))
		defer cancel()
		proxy.ServeHTTP(w, r.WithContext(ctx))
	})
	return HTTPServer{Idle: g.idle, Handler: handler}.Serve(ctx, l)
}
