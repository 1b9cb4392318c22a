package main

import (
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"
	"time"

	. "github.com/onsi/gomega"
)

// The gateway passes on what is whole, and nothing else as whole.
func TestGateway(t *testing.T) {
	over := make(chan struct{})
	half := func(w http.ResponseWriter) {
		w.Write([]byte("half of "))
		w.(http.Flusher).Flush()
	}
	pages := http.NewServeMux()
	pages.HandleFunc("/whole", func(w http.ResponseWriter, _ *http.Request) { w.Write([]byte("all of it")) })
	pages.HandleFunc("/cut", func(w http.ResponseWriter, _ *http.Request) { half(w); panic(http.ErrAbortHandler) })
	pages.HandleFunc("/none", func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) })
	pages.HandleFunc("/silent", func(http.ResponseWriter, *http.Request) { <-over })
	pages.HandleFunc("/stalls", func(w http.ResponseWriter, _ *http.Request) { half(w); <-over })
	origin := httptest.NewServer(pages)
	defer origin.Close()
	defer close(over)
	at, err := url.Parse(origin.URL)
	NewWithT(t).Expect(err).NotTo(HaveOccurred())
	front := httptest.NewServer(gateway(at, 200*time.Millisecond))
	defer front.Close()

	for path, want := range map[string]struct {
		status int
		page   string
		broken bool
	}{
		"/whole":  {200, "all of it", false},
		"/cut":    {200, "half of ", true},
		"/none":   {502, "", false},
		"/silent": {502, "", false},
		"/stalls": {200, "half of ", true},
	} {
		t.Run(path, func(t *testing.T) {
			g := NewWithT(t)
			reply, err := http.Get(front.URL + path)
			g.Expect(err).NotTo(HaveOccurred())
			defer reply.Body.Close()
			g.Expect(reply.StatusCode).To(Equal(want.status))
			page, err := io.ReadAll(reply.Body)
			g.Expect(string(page)).To(Equal(want.page))
			g.Expect(err != nil).To(Equal(want.broken), "%v", err)
		})
	}
}
