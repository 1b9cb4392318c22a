package reports_test

import (
	"testing"

	. "github.com/onsi/gomega"

	"github.com/faultwire/faultwire/reports"
)

func TestShares(t *testing.T) {
	g := NewWithT(t)
	for _, x := range []struct {
		k, n int
		says string
	}{
		{0, 1000, "0 of 1000 (95 %: at most 0.38 %)"},
		{5, 5, "5 of 5 (95 %: at least 57 %)"},
		{1, 10, "1 of 10 (95 %: 1.8 % to 40 %)"},
		{500, 1000, "500 of 1000 (95 %: 47 % to 53 %)"},
		{0, 0, "0 of 0 (95 %: at most 100 %)"},
	} {
		g.Expect(reports.Share(x.k, x.n)).To(Equal(x.says))
	}
}
