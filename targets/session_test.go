//go:build unix

package targets

import (
	"bufio"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"testing"
	"time"

	. "github.com/onsi/gomega"

	"github.com/faultwire/faultwire/fixtures"
)

// sessionProgram obeys requests soundly until the request of which its one argument speaks: then it does something else.
func sessionProgram(args []string) {
	var conn net.Conn
	quirk := strings.Join(args, "")
	for in := bufio.NewScanner(os.Stdin); in.Scan(); {
		var r request
		if err := json.Unmarshal(in.Bytes(), &r); err != nil {
			panic(err)
		}
		if r.Kind == unknownKind {
			fmt.Printf(`{"id":%d,"outcome":"%s"}`+"\n", r.ID, map[bool]string{true: "ok", false: "unsupported"}[quirk == "knows-everything"])
			continue
		}
		switch quirk {
		case "silent":
			select {}
		case "dies":
			fmt.Fprintln(os.Stderr, "ValueError: enough")
			os.Exit(3)
		case "chats":
			fmt.Println("here comes the reply")
		case "other-id":
			r.ID++
		case "new-word":
			fmt.Printf(`{"id":%d,"outcome":"splendid"}`+"\n", r.ID)
			continue
		case "no-digest":
			fmt.Printf(`{"id":%d,"outcome":"ok"}`+"\n", r.ID)
			continue
		case "endless-line":
			for range 1 << 10 {
				fmt.Print(strings.Repeat("x", 1<<10))
			}
			fmt.Println()
		}
		if conn == nil || r.Fresh {
			conn = must(net.Dial("tcp", os.Getenv("FAULTWIRE_ADDR")))
		}
		body := must(os.ReadFile(r.Payload))
		must(conn.Write(body))
		reply := make([]byte, r.Size)
		must(io.ReadFull(conn, reply))
		sum := sha256.Sum256(reply)
		fmt.Printf(`{"id":%d,"outcome":"ok","bytes":%d,"sha256":"%s","connection":"%s"}`+"\n", r.ID, len(reply), hex.EncodeToString(sum[:]), conn.LocalAddr())
	}
	if quirk == "stays" {
		select {}
	}
}

func sessionOf(quirk ...string) *Target {
	c := this("session", quirk...)
	c.Session = true
	return clientOf(c)
}

func TestASessionPlaysExchanges(t *testing.T) {
	noLeaks(t)
	g := NewWithT(t)
	s, err := sessionOf().Open(soon(t), echoServer(t), 10*time.Second)
	g.Expect(err).NotTo(HaveOccurred())
	for i, body := range []string{"one", "", strings.Repeat("0123456789abcdef", 1<<12)} {
		job := jobOf(body)
		job.Fresh = i == 2
		said := s.Exchange(soon(t), job)
		g.Expect(said.Outcome).To(Equal(fixtures.OK), said.Detail)
		sum := sha256.Sum256([]byte(body))
		g.Expect(*said.Digest).To(Equal(Digest{int64(len(body)), hex.EncodeToString(sum[:])}))
	}
	p := s.End()
	g.Expect(p.Exit).To(BeZero())
	g.Expect(p.Unasked).To(BeTrue(), "the end of its requests is the end of the session")
	lines := strings.Split(strings.TrimSpace(string(p.Stdout)), "\n")
	g.Expect(lines).To(HaveLen(4))
	connection := func(line string) string { return line[strings.Index(line, "connection"):] }
	g.Expect(connection(lines[1])).To(Equal(connection(lines[2])))
	g.Expect(connection(lines[3])).NotTo(Equal(connection(lines[2])), "fresh")
	g.Expect(s.End()).To(Equal(p), "again")
}

// The limit of the first request, which a process has to be up for, is not that of those that follow.
func TestASessionIsAskedForLong(t *testing.T) {
	noLeaks(t)
	g := NewWithT(t)
	const patience = 2 * time.Second
	s, err := sessionOf().Open(soon(t), echoServer(t), patience)
	g.Expect(err).NotTo(HaveOccurred())
	defer s.End()
	time.Sleep(patience)
	said := s.Exchange(context.Background(), jobOf("hello"))
	g.Expect(said.Outcome).To(Equal(fixtures.OK), said.Detail)
}

func TestASessionThatDoesNotAnswerAsItShould(t *testing.T) {
	for quirk, want := range map[string]struct {
		outcome fixtures.Outcome
		says    string
	}{
		"dies":         {fixtures.Crash, "it ended in mid-session: exit code 3: ValueError: enough"},
		"chats":        {fixtures.Other, `no JSON object on one line: "here comes the reply"`},
		"other-id":     {fixtures.Other, "has the id 3, the request has 2"},
		"new-word":     {fixtures.Other, `unknown outcome "splendid"`},
		"no-digest":    {fixtures.Other, "without the bytes and the sha256"},
		"endless-line": {fixtures.Other, "no JSON object"},
	} {
		t.Run(quirk, func(t *testing.T) {
			noLeaks(t)
			g := NewWithT(t)
			s, err := sessionOf(quirk).Open(soon(t), echoServer(t), 10*time.Second)
			g.Expect(err).NotTo(HaveOccurred())
			defer s.End()
			said := s.Exchange(soon(t), jobOf("hello"))
			g.Expect(said.Outcome).To(Equal(want.outcome), said.Detail)
			g.Expect(said.Detail).To(ContainSubstring(want.says))
		})
	}
}

func TestASessionThatHangsIsKilled(t *testing.T) {
	noLeaks(t)
	g := NewWithT(t)
	s, err := sessionOf("silent").Open(soon(t), nowhere, 10*time.Second)
	g.Expect(err).NotTo(HaveOccurred())
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	g.Expect(s.Exchange(ctx, jobOf("hello")).Outcome).To(Equal(fixtures.Hang))
	g.Expect(s.End().Unasked).To(BeFalse())
}

func TestASessionThatDoesNotEndIsEnded(t *testing.T) {
	noLeaks(t)
	s, err := sessionOf("stays").Open(soon(t), nowhere, 10*time.Second)
	NewWithT(t).Expect(err).NotTo(HaveOccurred())
	NewWithT(t).Expect(s.End().Unasked).To(BeFalse())
}

func TestWhatIsNoSession(t *testing.T) {
	noLeaks(t)
	for _, x := range []struct {
		c    *Command
		says string
	}{
		{this("session", "knows-everything"), `said "ok" to a request of a kind that does not exist`},
		{this("exit", "7", "bad", "luck"), "it ended: exit code 7"},
		{this("echo-client"), "it has not replied in time"},
	} {
		x.c.Session = true
		_, err := clientOf(x.c).Open(soon(t), nowhere, 500*time.Millisecond)
		NewWithT(t).Expect(err).To(MatchError(ContainSubstring(x.says)))
	}
}
