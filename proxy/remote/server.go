// Package remote puts the faults of a plan on a Toxiproxy server that runs already, through Toxiproxy's own client. It takes
// what stock Toxiproxy does as it is meant, and says of everything else that it does not.
//
// Toxiproxy tells nobody what passed through it, so it does not measure: a [proxy.Relay] beside it does.
package remote

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"strings"
	"sync/atomic"
	"time"

	toxiproxy "github.com/Shopify/toxiproxy/v2/client"

	"github.com/faultwire/faultwire/proxy"
)

// A Server is a Toxiproxy server that others may be using too: only proxies made by [Server.Open] are touched.
type Server struct {
	url    string
	client *toxiproxy.Client
	prefix string       // of the names of our proxies: two processes, and two Servers of one, have different ones
	opened atomic.Int64 // how many proxies there have been
}

// New is the server whose API is at a URL such as http://127.0.0.1:8474. Nothing is asked of it yet.
func New(at string) (*Server, error) {
	full := at
	if !strings.Contains(full, "://") {
		full = "http://" + full
	}
	u, err := url.Parse(full)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" ||
		strings.Trim(u.Path, "/") != "" || u.RawQuery != "" {
		return nil, fmt.Errorf("%q is not the URL of a Toxiproxy's API; write one such as http://127.0.0.1:8474", at)
	}
	s := &Server{url: u.Scheme + "://" + u.Host, prefix: fmt.Sprintf("faultwire-%d-%s", os.Getpid(), rand.Text()[:6])}
	s.client = toxiproxy.NewClient(s.url)
	s.client.UserAgent = "faultwire"
	return s, nil
}

// String is the server's URL.
func (s *Server) String() string { return s.url }

// checkPatience bounds [Server.Check]: a server that is there answers in milliseconds.
const checkPatience = 5 * time.Second

// Check finds out whether a Toxiproxy is there that can be used, and which version it is. That takes a connection through
// it: one that runs in a container with a network of its own answers, too, but its proxies lead nowhere.
func (s *Server) Check(ctx context.Context) (version string, err error) {
	ctx, cancel := context.WithTimeout(ctx, checkPatience)
	defer cancel()
	type answer struct {
		version string
		err     error
	}
	answered := make(chan answer, 1)
	go func() { // Toxiproxy's client knows no context
		v, err := s.version()
		if err == nil {
			err = s.try()
		}
		answered <- answer{v, err}
	}()
	select {
	case a := <-answered:
		return a.version, a.err
	case <-ctx.Done():
		return "", fmt.Errorf("%s: no answer in %v; is that a toxiproxy-server, and does it still work?", s.url, checkPatience)
	}
}

func (s *Server) version() (string, error) {
	answer, err := s.client.Version()
	if _, unreachable := errors.AsType[*url.Error](err); unreachable {
		return "", fmt.Errorf("%s: nothing answers there: %w; start a toxiproxy-server, or mend the URL", s.url, err)
	}
	var said struct {
		Version string `json:"version"`
	}
	if err != nil || json.Unmarshal(answer, &said) != nil || said.Version == "" {
		return "", fmt.Errorf("%s: something answers there, but it is not a Toxiproxy of version 2: GET /version must say which it is; mend the URL",
			s.url)
	}
	if c := said.Version[0]; c >= '0' && c <= '9' && !strings.HasPrefix(said.Version, "2.") { // built from source it says "git"
		return "", fmt.Errorf("%s: Toxiproxy %s is there; it must be version 2", s.url, said.Version)
	}
	return said.Version, nil
}

// try makes a connection through a proxy to a listener of our own.
func (s *Server) try() error {
	l, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		return err
	}
	defer l.Close()
	p, err := s.Open(l.Addr().String(), proxy.Plan{})
	if err != nil {
		return err
	}
	err = through(p.Addr(), l.(*net.TCPListener))
	if e := p.Close(); err == nil {
		return e
	}
	return fmt.Errorf("%s: no connection comes through its proxies: %w; it must run on this machine, in the same network (a container: --network host)",
		s.url, err)
}

func through(addr string, l *net.TCPListener) error {
	c, err := net.DialTimeout("tcp4", addr, checkPatience/2)
	if err != nil {
		return err
	}
	defer c.Close()
	_ = l.SetDeadline(time.Now().Add(checkPatience / 2))
	there, err := l.Accept()
	if err == nil {
		_ = there.Close()
	}
	return err
}
