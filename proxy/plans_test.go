package proxy_test

import (
	"os"
	"regexp"
	"testing"

	. "github.com/onsi/gomega"

	"github.com/faultwire/faultwire/proxy"
)

func TestThePageOnPlansIsTrue(t *testing.T) {
	g := NewWithT(t)
	page := must(os.ReadFile("PLANS.md"))
	for _, kind := range proxy.Types() {
		g.Expect(string(page)).To(MatchRegexp("(?m)^\\| `"+kind+"` \\|"), "%s is not told of", kind)
	}
	for _, row := range regexp.MustCompile("(?m)^\\| `([a-z_]+)` \\|[^|]*\\|([^|]*)\\|$").FindAllSubmatch(page, -1) {
		for _, name := range regexp.MustCompile("`([a-z_]+)`").FindAllSubmatch(row[2], -1) {
			g.Expect(proxy.Takes(string(row[1]), string(name[1]))).To(BeTrue(), "%s takes no %s", row[1], name[1])
		}
	}
	for _, example := range regexp.MustCompile("(?s)```yaml\n(.*?)```").FindAllSubmatch(page, -1) {
		_, err := proxy.ParsePlan("PLANS.md", example[1])
		g.Expect(err).NotTo(HaveOccurred())
	}
}
