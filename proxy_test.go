package main

import (
	"context"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"testing"
	"time"

	. "github.com/onsi/gomega"
	"github.com/onsi/gomega/gbytes"
)

func TestTheProxyCommandServesUntilItIsInterrupted(t *testing.T) {
	g := NewWithT(t)
	config := filepath.Join(t.TempDir(), "toxiproxy.json")
	g.Expect(os.WriteFile(config, []byte(`[{"name": "db", "listen": "127.0.0.1:0", "upstream": "127.0.0.1:1",
		"toxics": [{"type": "latency", "attributes": {"latency": 5}}]}]`), 0o600)).To(Succeed())
	ctx, interrupt := context.WithCancel(t.Context())
	log := gbytes.NewBuffer()
	code := make(chan int)
	go func() {
		// toxiproxy-server's flags have one dash
		code <- run(ctx, []string{"proxy", "-host", "127.0.0.1", "-port", "0", "-config", config}, gbytes.NewBuffer(), log)
	}()
	g.Eventually(log).WithTimeout(time.Minute).Should(gbytes.Say(`proxy db: 127\.0\.0\.1:\d+ to 127\.0\.0\.1:1\nToxiproxy's API on http://.*\n`))
	url := regexp.MustCompile(`http://\S+`).Find(log.Contents())
	answer, err := http.Get(string(url) + "/proxies/db/toxics/latency_downstream")
	g.Expect(err).NotTo(HaveOccurred())
	defer answer.Body.Close()
	g.Expect(answer.StatusCode).To(Equal(http.StatusOK))
	interrupt()
	g.Eventually(code).WithTimeout(time.Minute).Should(Receive(Equal(0)))
}

func TestMistakesInTheProxysConfigurationAreNamed(t *testing.T) {
	for text, want := range map[string]string{
		`[{"name": "a",` + "\n" + `"upstrem": "x"}]`: "toxiproxy.json:2: upstrem: unknown key",
		`{}`:              "toxiproxy.json:1: expected a list of proxies",
		`[{"name": "a"}]`: "missing required field: upstream at proxy 1",
		`[{"name": "a", "upstream": "b:1", "toxics": [{"type": "latency", "attributes": {"latncy": 1}}]}]`: "attributes.latncy",
	} {
		g := NewWithT(t)
		config := filepath.Join(t.TempDir(), "toxiproxy.json")
		g.Expect(os.WriteFile(config, []byte(text), 0o600)).To(Succeed())
		log := gbytes.NewBuffer()
		g.Expect(run(t.Context(), []string{"proxy", "--port", "0", "--config", config}, gbytes.NewBuffer(), log)).To(Equal(exitUsage), text)
		g.Expect(string(log.Contents())).To(ContainSubstring(want))
	}
}
