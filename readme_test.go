package main

import (
	"os"
	"regexp"
	"slices"
	"testing"

	. "github.com/onsi/gomega"
	"github.com/spf13/cobra"

	"github.com/faultwire/faultwire/targets"
)

func TestTheReadmeIsTrue(t *testing.T) {
	g := NewWithT(t)
	text, err := os.ReadFile("README.md")
	g.Expect(err).NotTo(HaveOccurred())

	yaml := regexp.MustCompile("(?s)```yaml\n(.*?)```").FindSubmatch(text)
	g.Expect(yaml).NotTo(BeNil())
	inFolder(t, map[string]string{"faultwire.yaml": string(yaml[1])})
	all, err := targets.Load("faultwire.yaml")
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(all).NotTo(BeEmpty())

	var o options
	c := &cobra.Command{}
	o.bind(c)
	others := []string{"junit-report", "focus"} // Ginkgo's
	unquoted := regexp.MustCompile(`'[^'\n]*'`).ReplaceAll(text, nil)
	for _, line := range regexp.MustCompile("faultwire run.*|`--[a-z-]+`").FindAll(unquoted, -1) {
		for _, flag := range regexp.MustCompile(`--([a-z-]+)`).FindAllSubmatch(line, -1) {
			if name := string(flag[1]); !slices.Contains(others, name) {
				g.Expect(c.Flags().Lookup(name)).NotTo(BeNil(), "--"+name)
			}
		}
	}
}
