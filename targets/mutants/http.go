package mutants

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"errors"
	"io"
	"net"
	"strconv"
	"strings"
	"time"

	"github.com/faultwire/faultwire/fixtures"
)

// httpClientMutants misread HTTP, or trust it too much.
func httpClientMutants() []Mutant {
	return []Mutant{
		httpClientMutant("client-http-short-is-whole",
			"takes what came before the end for all of the content, whatever its stated length",
			func(c *httpClient) { c.length = lengthOrLess(fixtures.Closed) },
			by(neverLie, "http.body.cut-by-fin*")),
		httpClientMutant("client-http-reset-is-end",
			"takes an abort for the end of the content",
			func(c *httpClient) {
				c.length = lengthOrLess(fixtures.Reset)
				c.toEnd = orLess(fixtures.Reset)
			},
			by(neverLie, "http.body.cut-by-reset", "http.body.until-close-reset")),
		httpClientMutant("client-http-chunks-until-end",
			"takes the end of the connection for the last chunk",
			func(c *httpClient) { c.chunks = chunksUntilEnd },
			by(neverLie, "http.body.chunks-cut[at=between]", "http.body.last-chunk-missing")),
		httpClientMutant("client-http-part-of-chunk",
			"takes a part of a chunk for the chunk when the connection has ended",
			func(c *httpClient) { c.chunks = partsOfChunks },
			by(neverLie, "http.body.chunks-cut[at=chunk]")),
		httpClientMutant("client-http-any-size",
			"takes what is no number for the last chunk",
			func(c *httpClient) {
				c.size = func(line string) (int, error) {
					n, _ := strconv.ParseUint(line, 16, 31)
					return int(n % (1 << 20)), nil
				}
			},
			byEither([]string{neverLie, sayWhat}, "http.body.bad-chunk-size[is=no-number]", "http.body.bad-chunk-size[is=negative]", "http.body.bad-chunk-size[is=empty]")),
		httpClientMutant("client-http-one-read-a-chunk",
			"takes what one read brings for a chunk",
			func(c *httpClient) { c.chunks = readsForChunks },
			byEither([]string{neverLie, reassemble}, "http.body.chunks-sliced[of=content]", "http.body.chunks-sliced[of=all]")),
		httpClientMutant("client-http-needs-length",
			"knows no content without a stated length",
			func(c *httpClient) { c.toEnd = func(io.Reader) ([]byte, error) { return nil, nil } },
			by(neverLie, "http.body.until-close")),
		httpClientMutant("client-http-head-until-end",
			"takes the end of the connection for the end of the header section",
			func(c *httpClient) { c.fields = fieldsUntilEnd },
			by(neverLie, "http.head.cut[at=field]")),
		httpClientMutant("client-http-every-end-is-good",
			"takes the end of the connection for the end of whatever it reads",
			func(c *httpClient) { c.fields, c.length = fieldsUntilEnd, lengthOrLess(fixtures.Closed) },
			by(neverLie, "http.head.cut[at=field]", "http.head.cut[at=empty-line]", "http.body.cut-by-fin*")),
		httpClientMutant("client-http-nothing-is-a-page",
			"takes no reply for an empty one",
			func(c *httpClient) {
				c.status = func(r *bufio.Reader) (int, error) {
					status, err := statusLine(r)
					if err == io.EOF {
						return 204, nil
					}
					return status, err
				}
				c.fields = fieldsUntilEnd
			},
			by(neverLie, "http.head.empty-reply")),
		httpClientMutant("client-http-cut-status",
			"takes as much of a status line as has come",
			func(c *httpClient) {
				c.status = func(r *bufio.Reader) (int, error) {
					status, err := statusLine(r)
					if errors.Is(err, io.ErrUnexpectedEOF) {
						return 204, nil
					}
					return status, err
				}
				c.fields = fieldsUntilEnd
			},
			by(neverLie, "http.head.cut[at=status]")),
		httpClientMutant("client-http-first-status",
			"takes the first status for the answer",
			func(c *httpClient) {
				c.interim = func(int) bool { return false }
				c.bodyless = func(method string, status int) bool {
					return method == "HEAD" || status/100 == 1 || status == 204 || status == 304
				}
			},
			byEither([]string{reassemble, neverLie}, "http.head.interim[status=100]", "http.head.interim[status=103]")),
		httpClientMutant("client-http-reads-none",
			"waits for content whatever the status and the method",
			func(c *httpClient) { c.bodyless = func(string, int) bool { return false } },
			byEither([]string{neverHang, reassemble}, "http.body.none[status=204]", "http.body.none[status=304]", "http.body.none-to-head")),
		httpClientMutant("client-http-no-deadline-for-content",
			"has a deadline for the header section alone",
			func(c *httpClient) {
				c.length, c.chunks = boundless(c.length), chunksBoundless
			},
			by(neverHang, "http.timeout.stall[at=content]", "http.timeout.stall[at=chunk]")),
		httpClientMutant("client-http-silence-is-end",
			"takes what came before its deadline for all of the content",
			func(c *httpClient) { c.length = lengthOrLess(fixtures.Timeout) },
			by(neverLie, "http.timeout.stall[at=content]")),
		httpClientMutant("client-http-no-total",
			"has deadlines for each read alone",
			func(c *httpClient) {
				c.keep = func(d fixtures.Deadlines) fixtures.Deadlines { d.Total = 0; return d }
			},
			by(neverHang, "http.timeout.drip*", "http.head.interim-for-ever", "http.redirect.total")),
		httpClientMutant("client-http-total-a-hop",
			"gives each hop of a redirect a total of its own",
			func(c *httpClient) { c.renews = true },
			by(neverHang, "http.redirect.total")),
		httpClientMutant("client-http-no-deadline-for-status",
			"waits without end for the first line of a reply",
			func(c *httpClient) { c.status = statusBoundless },
			by(neverHang, "http.redirect.stall", "http.timeout.stall[at=status]")),
		httpClientMutant("client-http-keeps-surplus",
			"keeps a connection whatever stands unread on it",
			func(c *httpClient) { c.clean = func(int) bool { return true } },
			by(neverLie, "http.connection.surplus")),
		httpClientMutant("client-http-no-retry",
			"reports it when a kept connection has ended",
			func(c *httpClient) { c.tries = func(string, bool) int { return 1 } },
			by(recovers, "http.connection.closed-while-idle")),
		httpClientMutant("client-http-posts-again",
			"sends a POST again when the connection ends",
			func(c *httpClient) { c.tries = func(string, bool) int { return 3 } },
			by(neverLie, "http.retry.post-fresh", "http.retry.post-reused")),
		httpClientMutant("client-http-asks-for-ever",
			"asks again thirty times",
			func(c *httpClient) { c.tries = func(string, bool) int { return 30 } },
			by(recovers, "http.retry.bounded", "http.head.empty-reply")),
		httpClientMutant("client-http-waits-for-100",
			"sends nothing before it is told to go on",
			func(c *httpClient) { c.sends = sendWhenTold },
			byEither([]string{reassemble, neverHang}, "http.upload.no-continue")),
		httpClientMutant("client-http-deaf-while-sending",
			"reports that it could not send, whatever the server says",
			func(c *httpClient) {
				c.sends = func(conn net.Conn, head, content []byte, _ func(time.Duration) bool) error {
					_, err := conn.Write(append(head, content...))
					return err
				}
			},
			by(sayWhat, "http.upload.early-error")),
		httpClientMutant("client-http-gzip-as-far-as-it-goes",
			"takes what can be decompressed for all of it",
			func(c *httpClient) {
				c.length = lengthOrLess(fixtures.Closed)
				c.decode = func(b []byte) ([]byte, error) {
					r, err := gzip.NewReader(bytes.NewReader(b))
					if err != nil {
						return nil, err
					}
					b, err = io.ReadAll(r)
					if err == io.ErrUnexpectedEOF {
						err = nil
					}
					return b, err
				}
			},
			by(neverLie, "http.body.gzip-cut*")),
	}
}

// lengthOrLess takes what came for the content when reading it ends so.
func lengthOrLess(ended fixtures.Outcome) func(io.Reader, int) ([]byte, error) {
	return func(r io.Reader, n int) ([]byte, error) {
		b, err := whole(r, n)
		if fixtures.OutcomeOf(err) == ended {
			err = nil
		}
		return b, err
	}
}

func orLess(ended fixtures.Outcome) func(io.Reader) ([]byte, error) {
	return func(r io.Reader) ([]byte, error) {
		b, err := io.ReadAll(r)
		if fixtures.OutcomeOf(err) == ended {
			err = nil
		}
		return b, err
	}
}

func chunksUntilEnd(r *bufio.Reader, size func(string) (int, error)) ([]byte, error) {
	var all []byte
	for {
		if _, err := r.Peek(1); err == io.EOF {
			return all, nil
		}
		line, err := wholeLine(r)
		if err != nil {
			return all, err
		}
		n, err := size(strings.TrimSuffix(string(line), "\r"))
		if err != nil {
			return all, err
		}
		part, err := whole(r, n+len("\r\n"))
		all = append(all, part[:min(n, len(part))]...)
		if err != nil || n == 0 {
			return all, err
		}
	}
}

func partsOfChunks(r *bufio.Reader, size func(string) (int, error)) ([]byte, error) {
	b, err := allChunks(r, size)
	if errors.Is(err, io.ErrUnexpectedEOF) && len(b)%chunkOfCases != 0 {
		err = nil
	}
	return b, err
}

// chunkOfCases is how long the chunks are that the cases cut.
const chunkOfCases = 100

func readsForChunks(r *bufio.Reader, size func(string) (int, error)) (all []byte, err error) {
	for {
		line, err := wholeLine(r)
		if err != nil {
			return all, err
		}
		n, err := size(strings.TrimSuffix(string(line), "\r"))
		if err != nil || n == 0 {
			return all, err
		}
		part := make([]byte, n)
		got, err := r.Read(part)
		all = append(all, part[:got]...)
		if err != nil {
			return all, err
		}
		if _, err := wholeLine(r); err != nil {
			return all, err
		}
	}
}

func fieldsUntilEnd(r *bufio.Reader) (map[string]string, error) {
	fields := map[string]string{}
	for {
		line, err := wholeLine(r)
		text := strings.TrimSuffix(string(line), "\r")
		if err == io.EOF || err == nil && text == "" {
			return fields, nil
		}
		if err != nil {
			return nil, err
		}
		name, value, _ := strings.Cut(text, ":")
		fields[strings.ToLower(name)] = strings.TrimSpace(value)
	}
}

// boundless reads content for as long as it takes. What it reads from is the connection, whose deadlines are its own.
func boundless(read func(io.Reader, int) ([]byte, error)) func(io.Reader, int) ([]byte, error) {
	return func(r io.Reader, n int) ([]byte, error) {
		for have := []byte{}; ; {
			b, err := read(r, n-len(have))
			have = append(have, b...)
			if fixtures.OutcomeOf(err) != fixtures.Timeout {
				return have, err
			}
			time.Sleep(time.Millisecond) // a mutant must not wear out the machine
		}
	}
}

func chunksBoundless(r *bufio.Reader, size func(string) (int, error)) ([]byte, error) {
	return allChunks(bufio.NewReader(stubborn{r}), size)
}

// A stubborn reader does not take a deadline for an answer.
type stubborn struct{ io.Reader }

func (s stubborn) Read(b []byte) (int, error) {
	for {
		n, err := s.Reader.Read(b)
		if n > 0 || fixtures.OutcomeOf(err) != fixtures.Timeout {
			return n, err
		}
		time.Sleep(time.Millisecond)
	}
}

func statusBoundless(r *bufio.Reader) (int, error) {
	for {
		status, err := statusLine(r)
		if fixtures.OutcomeOf(err) != fixtures.Timeout {
			return status, err
		}
		time.Sleep(time.Millisecond)
	}
}

func sendWhenTold(conn net.Conn, head, content []byte, answered func(time.Duration) bool) error {
	if _, err := conn.Write(head); err != nil {
		return err
	}
	if bytes.Contains(head, []byte("Expect:")) && !answered(time.Hour) {
		return errors.New("the server does not say that it wants it")
	}
	_, err := conn.Write(content)
	return err
}
