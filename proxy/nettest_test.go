//go:build linux

package proxy_test

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	. "github.com/onsi/gomega"
	"golang.org/x/net/nettest"

	"github.com/faultwire/faultwire/proxy"
)

// What holds for any net.Conn holds for one through the wire: nettest's whole conformance test, which knows nothing of relays.
func TestARelayedConnectionIsAConn(t *testing.T) {
	bothWays := func(f proxy.Fault) []proxy.Fault {
		return []proxy.Fault{f.On(proxy.Upstream), f.On(proxy.Downstream)}
	}
	dir, err := os.MkdirTemp("", "fw") // t.TempDir is too long for the path of a socket
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	unix := func(name string) string { return "unix:" + filepath.Join(dir, name) }

	for name, pipe := range map[string]nettest.MakePipe{
		"without a fault": relayed("127.0.0.1:0", "127.0.0.1:0"),
		"in pieces":       relayed("127.0.0.1:0", "127.0.0.1:0", bothWays(proxy.Slicer(100, 50, 0))...),
		// Where a subtest's peer does not read, the relay waits for it 250 ms a slice, and then slices no more: no subtest is
		// left out.
		"in lock-step":      relayed("127.0.0.1:0", "127.0.0.1:0", bothWays(proxy.Slice(700))...),
		"delayed":           relayed("127.0.0.1:0", "127.0.0.1:0", bothWays(proxy.Latency(2*time.Millisecond, time.Millisecond))...),
		"IPv6":              relayed("[::1]:0", "[::1]:0"),
		"Unix":              relayed(unix("a"), unix("b")),
		"Unix, delayed":     relayed(unix("c"), unix("d"), bothWays(proxy.Latency(2*time.Millisecond, time.Millisecond))...),
		"TCP before a Unix": relayed("127.0.0.1:0", unix("e")),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			nettest.TestConn(t, pipe)
		})
	}
}

// relayed makes connections through a relay of their own; the addresses are as [proxy.Config] has them.
func relayed(listen, upstream string, faults ...proxy.Fault) nettest.MakePipe {
	return func() (client, server net.Conn, stop func(), err error) {
		network, address := "tcp", upstream
		if path, ok := strings.CutPrefix(upstream, "unix:"); ok {
			network, address = "unix", path
		}
		l, err := net.Listen(network, address)
		if err != nil {
			return nil, nil, nil, err
		}
		if network == "tcp" {
			upstream = l.Addr().String()
		}
		r, err := proxy.Listen(proxy.Config{Listen: listen, Upstream: upstream, Plan: proxy.Plan{Faults: faults}})
		if err != nil {
			return nil, nil, nil, errors.Join(err, l.Close())
		}
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		client, err = r.Dial(ctx)
		if err == nil {
			server, err = l.Accept()
		}
		if err != nil {
			return nil, nil, nil, errors.Join(err, r.Close(), l.Close())
		}
		return client, server, func() {
			_ = client.Close()
			_ = server.Close()
			_ = r.Close()
			_ = l.Close()
		}, nil
	}
}

// TLS sees every byte that is wrong, missing or out of place. nettest itself cannot run on it, not without a wire either: a
// write that timed out spoils a TLS connection.
func TestTLSPassesTheWire(t *testing.T) {
	server, client := certified()
	for name, faults := range map[string][]proxy.Fault{
		"without a fault":       nil,
		"in pieces of one byte": {proxy.Slicer(1, 0, 0).UntilByte(5000), proxy.Slicer(1, 0, 0).On(proxy.Upstream).UntilByte(5000)},
		"in lock-step":          {proxy.Slice(99).UntilByte(50_000), proxy.Slice(99).On(proxy.Upstream).UntilByte(50_000)},
		"delayed":               {proxy.Latency(2*time.Millisecond, time.Millisecond), proxy.Latency(time.Millisecond, 0).On(proxy.Upstream)},
	} {
		t.Run(name, func(t *testing.T) {
			g := NewWithT(t)
			text := bytes.Repeat([]byte("faultwire!"), 100_000)
			heard := make(chan []byte, 1)
			r := wire(t, func(c *net.TCPConn) {
				s := tls.Server(c, server)
				said := make(chan struct{})
				go func() {
					defer close(said)
					_, _ = s.Write(text)
				}()
				b, _ := io.ReadAll(s)
				heard <- b
				<-said
				_ = s.CloseWrite()
			}, faults...)
			c := tls.Client(dial(t, r), client)
			g.Expect(c.Handshake()).To(Succeed())
			go func() {
				_, _ = c.Write(text)
				_ = c.CloseWrite()
			}()
			g.Expect(bytes.Equal(must(io.ReadAll(c)), text)).To(BeTrue(), "and the end is TLS's own, or this is an error")
			g.Expect(bytes.Equal(<-heard, text)).To(BeTrue())
		})
	}
}

// certified makes the two sides of a TLS connection, with a certificate made for it.
func certified() (server, client *tls.Config) {
	key := must(ecdsa.GenerateKey(elliptic.P256(), rand.Reader))
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1),
		NotBefore:    time.Now().Add(-time.Hour),
		NotAfter:     time.Now().Add(time.Hour),
		DNSNames:     []string{"wire.test"},
	}
	der := must(x509.CreateCertificate(rand.Reader, template, template, key.Public(), key))
	roots := x509.NewCertPool()
	roots.AddCert(must(x509.ParseCertificate(der)))
	return &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}},
		&tls.Config{RootCAs: roots, ServerName: "wire.test"}
}
