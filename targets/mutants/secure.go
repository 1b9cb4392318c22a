package mutants

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"time"

	"github.com/faultwire/faultwire/fixtures"
)

// secureMutants do something wrong with TLS, or because of it.
func secureMutants() []Mutant {
	return []Mutant{
		secureClientMutant("client-tls-trusts-all",
			"takes any certificate",
			func(c *client) { c.secure = configured(func(t *tls.Config) { t.InsecureSkipVerify = true }) },
			by(neverLie, "tls.certificate.refused*")),
		secureClientMutant("client-tls-any-name",
			"does not look whose the certificate is",
			func(c *client) { c.secure = configured(nameless) },
			by(neverLie, "tls.certificate.refused[is=wrong-name]")),
		secureClientMutant("client-tls-any-time",
			"does not look whether the certificate is still valid",
			func(c *client) { c.secure = configured(timeless) },
			by(neverLie, "tls.certificate.refused[is=expired]")),
		secureClientMutant("client-tls-endless-handshake",
			"has no deadline for the handshake",
			func(c *client) {
				c.secure = func(ctx context.Context, conn net.Conn, t *tls.Config, _ time.Duration) (net.Conn, error) {
					return shaken(ctx, conn, t, 0)
				}
			},
			by(neverHang, "tls.handshake.stall*")),
		secureClientMutant("client-tls-timeout-is-all",
			"calls whatever goes wrong in the handshake a timeout",
			func(c *client) {
				c.secure = func(ctx context.Context, conn net.Conn, t *tls.Config, limit time.Duration) (net.Conn, error) {
					secure, err := shaken(ctx, conn, t, limit)
					if err != nil {
						err = context.DeadlineExceeded
					}
					return secure, err
				}
			},
			by(sayWhat, "tls.handshake.fin*", "tls.handshake.reset*", "tls.handshake.plaintext")),
		secureClientMutant("client-tls-end-is-complete",
			"takes the end of the connection for the end of the message",
			func(c *client) { c.body = endingAt(fixtures.Closed) },
			by(neverLie, "tls.end.mid-message*")),
		secureClientMutant("client-tls-damage-is-end",
			"takes what does not decrypt for the end of the message",
			func(c *client) {
				c.length = func(r io.Reader) (int, error) {
					n, err := announced(r)
					if _, alert := errors.AsType[*net.OpError](err); alert && fixtures.OutcomeOf(err) == fixtures.Other {
						return 0, nil
					}
					return n, err
				}
			},
			by(neverLie, "tls.record.spoilt")),
		secureClientMutant("client-tls-peeks",
			"looks with one read whether the server's first bytes are of TLS",
			func(c *client) {
				c.secure = func(ctx context.Context, conn net.Conn, t *tls.Config, limit time.Duration) (net.Conn, error) {
					return shaken(ctx, &peeking{Conn: conn}, t, limit)
				}
			},
			by(reassemble, "tls.record.sliced[bytes=1]")),
		secureClientMutant("client-tls-hangs-up",
			"closes the connection without a word of TLS",
			func(c *client) {
				c.mood = func(conn patient) patient {
					if secure, is := conn.Conn.(*tls.Conn); is {
						conn.Conn = wordless{secure}
					}
					return conn
				}
			},
			by(sayWhat, "tls.end.notifies")),
		secureClientMutant("client-tls-wants-notify",
			"takes a message for incomplete if no close_notify comes behind it",
			func(c *client) {
				c.finish = func(conn patient) error {
					conn.read = 100 * time.Millisecond
					_, err := conn.Read(make([]byte, 1))
					if secure, is := conn.Conn.(*tls.Conn); is && err == io.EOF && secure.NetConn().(*noting).ended {
						return io.ErrUnexpectedEOF
					}
					return nil
				}
				c.secure = func(ctx context.Context, conn net.Conn, t *tls.Config, limit time.Duration) (net.Conn, error) {
					return shaken(ctx, &noting{Conn: conn}, t, limit)
				}
			},
			by(reassemble, "tls.end.no-notify")),
		overTLS(httpClientMutant("client-https-any-end",
			"takes whatever ends the connection for the end of the content",
			func(c *httpClient) {
				c.toEnd = func(r io.Reader) ([]byte, error) {
					b, _ := io.ReadAll(r)
					return b, nil
				}
			},
			by(neverLie, "tls.end.reset", "tls.end.truncated"))),

		overTLS(serverMutant("server-tls-handshake-first", fixtures.FramedProtocol,
			"makes the handshake before it accepts the next client",
			func(s *server) { s.admit = handshakeFirst },
			by(recovers, "tls.handshake.silent-clients"))),
		overTLS(serverMutant("server-tls-damage-ends-service", fixtures.FramedProtocol,
			"ends its accept loop with the first record that does not decrypt",
			func(s *server) { s.admit = untilDamaged },
			by(recovers, "tls.record.spoilt-request"))),
		overTLS(serverMutant("server-tls-hangs-up", fixtures.FramedProtocol,
			"closes the connection without a word of TLS",
			func(s *server) { s.hangUp = hangUpUnder },
			by(sayWhat, "tls.end.server-notifies"))),
	}
}

// secureClientMutant is the sound client over TLS with what the defect replaces.
func secureClientMutant(name, does string, defect func(*client), caught ...[]Catch) Mutant {
	return overTLS(clientMutant(name, fixtures.FramedProtocol, does, defect, caught...))
}

func overTLS(m Mutant) Mutant {
	m.Target.TLS = true
	return m
}

// shaken makes the handshake, within the limit if there is one.
func shaken(ctx context.Context, conn net.Conn, t *tls.Config, limit time.Duration) (net.Conn, error) {
	if limit > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, limit)
		defer cancel()
	}
	secure := tls.Client(conn, t)
	if err := secure.HandshakeContext(ctx); err != nil {
		conn.Close()
		return nil, err
	}
	return secure, nil
}

func configured(defect func(*tls.Config)) func(context.Context, net.Conn, *tls.Config, time.Duration) (net.Conn, error) {
	return func(ctx context.Context, conn net.Conn, t *tls.Config, limit time.Duration) (net.Conn, error) {
		t = t.Clone()
		defect(t)
		return shaken(ctx, conn, t, limit)
	}
}

// nameless verifies everything but the name.
func nameless(t *tls.Config) { verifying(t, func(*x509.VerifyOptions, *x509.Certificate) {}) }

// timeless verifies everything but the time.
func timeless(t *tls.Config) {
	name := t.ServerName
	verifying(t, func(v *x509.VerifyOptions, c *x509.Certificate) {
		v.DNSName, v.CurrentTime = name, c.NotBefore.Add(time.Minute)
	})
}

// verifying takes the check of the certificate into its own hands.
func verifying(t *tls.Config, options func(*x509.VerifyOptions, *x509.Certificate)) {
	t.InsecureSkipVerify = true
	t.VerifyConnection = func(s tls.ConnectionState) error {
		shown := s.PeerCertificates[0]
		v := x509.VerifyOptions{Roots: t.RootCAs}
		options(&v, shown)
		_, err := shown.Verify(v)
		return err
	}
}

// A peeking connection wants the five bytes of a record's header in its first read.
type peeking struct {
	net.Conn
	peeked bool
}

func (p *peeking) Read(b []byte) (int, error) {
	n, err := p.Conn.Read(b)
	if !p.peeked && err == nil && n < 5 {
		err = errors.New("this is no TLS")
	}
	p.peeked = true
	return n, err
}

type noting struct {
	net.Conn
	ended bool
}

func (n *noting) Read(b []byte) (int, error) {
	got, err := n.Conn.Read(b)
	n.ended = n.ended || err == io.EOF
	return got, err
}

type wordless struct{ *tls.Conn }

func (w wordless) Close() error { return w.NetConn().Close() }

func handshakeFirst(_ context.Context, l net.Listener, serve func(net.Conn) error) {
	for {
		conn, err := l.Accept()
		if err != nil {
			return
		}
		if secure, is := conn.(*tls.Conn); is {
			_ = secure.Handshake()
		}
		go serve(conn)
	}
}

func untilDamaged(ctx context.Context, l net.Listener, serve func(net.Conn) error) {
	allAtOnce(ctx, l, func(conn net.Conn) error { return serve(&fatal{conn, l}) })
}

// A fatal connection takes its listener with it when it is damaged, and before its end is seen.
type fatal struct {
	net.Conn
	l net.Listener
}

func (f *fatal) Read(b []byte) (int, error) {
	n, err := f.Conn.Read(b)
	if err != nil && fixtures.OutcomeOf(err) == fixtures.Other && !errors.Is(err, net.ErrClosed) {
		f.l.Close()
	}
	return n, err
}

func hangUpUnder(_ context.Context, conn net.Conn) {
	if secure, is := conn.(*tls.Conn); is {
		conn = secure.NetConn()
	}
	conn.Close()
}
