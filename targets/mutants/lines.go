package mutants

import (
	"bufio"
	"bytes"
	"cmp"
	"io"

	"github.com/faultwire/faultwire/fixtures"
)

// lineMutants misread lines, on either side.
func lineMutants() []Mutant {
	return []Mutant{
		lineClientMutant("client-line-one-recv",
			"takes what one read brings for a line",
			lineOneRead,
			by(neverLie, "tcp.reassembly.split*", "tcp.disconnect.fin-before-line-end")),
		lineClientMutant("client-line-rest-is-line",
			"takes what stands behind the last line end, when the stream has ended, for a line",
			lineOrRest,
			by(neverLie, "tcp.disconnect.fin-before-line-end", "tcp.disconnect.fin-mid-message*")),
		lineClientMutant("client-line-silence-is-end",
			"takes what has come for a line when nothing more comes",
			lineOrSilence,
			by(neverHang, "tcp.timeout.stall-before-line-end"), by(neverLie, "tcp.timeout.stall-mid-message*")),
		lineClientMutant("client-line-64k",
			"reads lines with a scanner that refuses those of 64 KiB and more",
			scannedLine,
			by(reassemble, "tcp.reassembly.size[bytes=65536]")),
		lineClientMutant("client-line-empty-is-end",
			"takes an empty line for the end",
			lineUnlessEmpty,
			by(reassemble, "tcp.reassembly.zero-length")),

		lineServerMutant("server-line-one-recv",
			"takes what one read brings for a line, and gives it an end if it has none",
			lineEachRead,
			byEither([]string{reassemble, neverLie}, "tcp.reassembly.line-end-split", "tcp.reassembly.split*")),
		lineServerMutant("server-line-forgets-rest",
			"throws away what a read brings behind a line end",
			lineThenForget,
			by(reassemble, "tcp.reassembly.together"), byEither([]string{reassemble, neverLie}, "tcp.reassembly.one-and-a-half", "tcp.reassembly.pipelined")),
		lineServerMutant("server-line-at-end-of-read",
			"looks for a line end only at the end of a read",
			lineAtEndOfRead,
			by(reassemble, "tcp.reassembly.one-and-a-half")),
		lineServerMutant("server-line-empty-is-end",
			"takes an empty line for the end",
			eachLine(func(line []byte) ([]byte, error) {
				if len(line) == 0 {
					return nil, io.EOF
				}
				return line, nil
			}),
			by(reassemble, "tcp.reassembly.zero-length", "tcp.reassembly.zero-length-then-more")),
		lineServerMutant("server-line-strips-cr",
			"takes a CR at the end of a line for a part of its end",
			eachLine(func(line []byte) ([]byte, error) { return bytes.TrimSuffix(line, []byte{'\r'}), nil }),
			by(neverLie, "tcp.reassembly.cr-lf-split")),
		lineServerMutant("server-line-short-buffer",
			"ends a line that fills its buffer of 1024 bytes",
			lineOfBuffer,
			by(neverLie, "tcp.reassembly.size[bytes=1025]", "tcp.reassembly.size[bytes=4096]")),
	}
}

func lineClientMutant(name, does string, line func(*bufio.Reader) ([]byte, error), caught ...[]Catch) Mutant {
	return clientMutant(name, fixtures.LineProtocol, does, func(c *client) { c.line = line }, caught...)
}

func lineServerMutant(name, does string, echo func(patient) error, caught ...[]Catch) Mutant {
	return serverMutant(name, fixtures.LineProtocol, does, func(s *server) { s.echo = echo }, caught...)
}

// wholeLine reads up to a line end. On an error it returns what came.
func wholeLine(r *bufio.Reader) ([]byte, error) {
	line, err := r.ReadBytes('\n')
	return bytes.TrimSuffix(line, []byte{'\n'}), err
}

func lineOneRead(r *bufio.Reader) ([]byte, error) {
	if _, err := r.Peek(1); err != nil {
		return nil, err
	}
	line := make([]byte, r.Buffered())
	io.ReadFull(r, line)
	return bytes.TrimSuffix(line, []byte{'\n'}), nil
}

func lineOrRest(r *bufio.Reader) ([]byte, error) {
	line, err := wholeLine(r)
	if err == io.EOF && len(line) > 0 {
		err = nil
	}
	return line, err
}

func lineOrSilence(r *bufio.Reader) ([]byte, error) {
	line, err := wholeLine(r)
	if fixtures.OutcomeOf(err) == fixtures.Timeout && len(line) > 0 {
		err = nil
	}
	return line, err
}

func scannedLine(r *bufio.Reader) ([]byte, error) {
	lines := bufio.NewScanner(r)
	if !lines.Scan() {
		return nil, cmp.Or(lines.Err(), io.EOF)
	}
	return lines.Bytes(), nil
}

func lineUnlessEmpty(r *bufio.Reader) ([]byte, error) {
	line, err := wholeLine(r)
	if err == nil && len(line) == 0 {
		err = io.EOF
	}
	return line, err
}

// lines sends back each line when it is complete, and what is left when the client ends.
func lines(conn patient) error {
	return eachLine(func(line []byte) ([]byte, error) { return line, nil })(conn)
}

// eachLine answers each line as reply says.
func eachLine(reply func(line []byte) ([]byte, error)) func(patient) error {
	return func(conn patient) error {
		for r := bufio.NewReader(conn); ; {
			line, err := wholeLine(r)
			if err != nil {
				conn.Write(line)
				return err
			}
			if line, err = reply(line); err != nil {
				return err
			}
			if err := answerLine(conn, line); err != nil {
				return err
			}
		}
	}
}

func lineEachRead(conn patient) error {
	return stream(func() filter {
		return func(chunk []byte) []byte { return fixtures.LineProtocol.Encode(bytes.TrimSuffix(chunk, []byte{'\n'})) }
	})(conn)
}

func lineThenForget(conn patient) error {
	for {
		line, err := wholeLine(bufio.NewReader(conn))
		if err != nil {
			return err
		}
		if err := answerLine(conn, line); err != nil {
			return err
		}
	}
}

func lineAtEndOfRead(conn patient) error {
	return stream(func() filter {
		var have []byte
		return func(chunk []byte) []byte {
			have = append(have, chunk...)
			if !bytes.HasSuffix(chunk, []byte{'\n'}) {
				return nil
			}
			defer func() { have = nil }()
			return have
		}
	})(conn)
}

func lineOfBuffer(conn patient) error {
	for r := bufio.NewReaderSize(conn, 1024); ; {
		line, err := r.ReadSlice('\n')
		if err != nil && err != bufio.ErrBufferFull {
			return err
		}
		if err := answerLine(conn, bytes.TrimSuffix(line, []byte{'\n'})); err != nil {
			return err
		}
	}
}

func answerLine(w io.Writer, line []byte) error {
	_, err := w.Write(fixtures.LineProtocol.Encode(line))
	return err
}
