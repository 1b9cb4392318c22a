package main

import (
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"

	"github.com/Shopify/toxiproxy/v2"
	. "github.com/onsi/gomega"
	"github.com/rs/zerolog"

	"github.com/faultwire/faultwire/reports"
)

func TestAToxiproxyThatCannotBeUsed(t *testing.T) {
	inFolder(t, nil)
	page := httptest.NewServer(http.NotFoundHandler())
	defer page.Close()
	nobody := httptest.NewServer(nil)
	nobody.Close()
	for _, c := range []struct{ name, url, says string }{
		{"unreachable", nobody.URL, nobody.URL + ": nothing answers there"},
		{"something else", page.URL, page.URL + ": something answers there, but it is not a Toxiproxy"},
		{"no URL", "8474:localhost:x", `"8474:localhost:x" is not the URL of a Toxiproxy's API; write one such as http://127.0.0.1:8474`},
		{"nothing", "", `"" is not the URL`},
	} {
		t.Run(c.name, func(t *testing.T) {
			g := NewWithT(t)
			code, stdout, stderr := faultwire(t, "run", "--toxiproxy", c.url)
			g.Expect(code).To(Equal(2), stdout+stderr)
			g.Expect(stderr).To(HavePrefix("faultwire: --toxiproxy: " + c.says))
			g.Expect(reports.DefaultFolder).NotTo(BeADirectory(), "nothing ran, so nothing is reported")
		})
	}
}

func TestListNamesWhatRunsOverAToxiproxy(t *testing.T) {
	g := NewWithT(t)
	inFolder(t, nil)
	flags := []string{"--run", "tcp.timeout.**", "--seed", "7"}
	_, own, _ := faultwire(t, append([]string{"list"}, flags...)...)
	code, listed, stderr := faultwire(t, append([]string{"list", "--toxiproxy", "127.0.0.1:9"}, flags...)...) // nobody is asked
	g.Expect(code).To(Equal(0), stderr)
	g.Expect(listed).To(Equal(own), "what is skipped is a pair, too")

	there := httptest.NewServer(toxiproxy.NewServer(toxiproxy.NewMetricsContainer(nil), zerolog.Nop()).Routes())
	defer there.Close()
	code, stdout, stderr := faultwire(t, append([]string{"run", "--toxiproxy", there.URL}, flags...)...)
	g.Expect(code).To(Equal(0), stdout+stderr)
	g.Expect(stderr).To(ContainSubstring("over Toxiproxy git at " + there.URL))
	g.Expect(stdout).To(ContainSubstring("needs stall; Toxiproxy cannot"))
	report, err := reports.ReadJSON(filepath.Join(reports.DefaultFolder, "results.json"))
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(report.Results).To(HaveLen(strings.Count(listed, "\n")))
	g.Expect(report.Results[0].Replay).To(HaveSuffix("--seed 7 --toxiproxy " + there.URL))
}
