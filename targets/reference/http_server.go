package reference

import (
	"cmp"
	"context"
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/faultwire/faultwire/fixtures"
)

// HTTPServer serves by net/http: unless it is given a handler, a page of a few thousand bytes wherever it is asked for one, and to a POST what that carried. A
// request whose content does not come whole is not answered.
type HTTPServer struct {
	Idle    time.Duration // the longest time a client may take for the header section of its next request; 0 is a minute
	Handler http.Handler  // what answers; nil is the page
}

var page = fixtures.Message{Size: 4096, Kind: fixtures.Text}.Bytes(1)

// Serve implements [targets.Server].
func (s HTTPServer) Serve(ctx context.Context, l net.Listener) error {
	var open sync.WaitGroup
	defer open.Wait()
	idle := cmp.Or(s.Idle, defaultPatience)
	handler := s.Handler
	if handler == nil {
		handler = http.HandlerFunc(answer)
	}
	server := &http.Server{
		Handler:           handler,
		ReadHeaderTimeout: idle,
		IdleTimeout:       idle,
		ErrorLog:          log.New(io.Discard, "", 0),
		ConnState: func(_ net.Conn, state http.ConnState) {
			switch state {
			case http.StateNew:
				open.Add(1)
			case http.StateClosed, http.StateHijacked:
				open.Done()
			}
		},
	}
	defer context.AfterFunc(ctx, func() { _ = server.Close() })()
	if err := server.Serve(l); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

func answer(w http.ResponseWriter, r *http.Request) {
	content := page
	if r.Method == http.MethodPost {
		var err error
		if content, err = io.ReadAll(io.LimitReader(r.Body, fixtures.MaxFrame)); err != nil {
			panic(http.ErrAbortHandler) // which closes the connection
		}
	}
	w.Header().Set("Content-Type", "application/octet-stream")
	_, _ = w.Write(content) // who does not take it is told by the connection's end
}
