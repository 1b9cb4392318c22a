package reports

import (
	"path/filepath"
	"strings"
	"testing"

	. "github.com/onsi/gomega"
)

func TestClean(t *testing.T) {
	for in, want := range map[string]string{
		"plain ünïcode ✓\n\t": "plain ünïcode ✓\n\t",
		"a\x00b\x1b[0mc\r\n":  `a\x00b\x1b[0mc\x0d` + "\n",
		"\x7f\u0085":          `\x7f\x85`,
		"broken \xff\xc3":     `broken \xff\xc3`,
		"kept \ufffd":         "kept \ufffd",
		"\ufffe\uffff\u202e":  `\ufffe\uffff\u202e`,
	} {
		NewWithT(t).Expect(Clean(in)).To(Equal(want))
	}
}

func TestCleanIsBoundedAndIdempotent(t *testing.T) {
	for _, s := range []string{strings.Repeat("x", 1<<20), strings.Repeat("\x00", 1<<20), strings.Repeat("✓", 1<<18)} {
		once := Clean(s)
		NewWithT(t).Expect(len(once)).To(And(BeNumerically("<=", textLimit), BeNumerically(">", textLimit*9/10)))
		NewWithT(t).Expect(Clean(once)).To(Equal(once))
		NewWithT(t).Expect(once).To(ContainSubstring("bytes left out"))
	}
}

func TestFileName(t *testing.T) {
	for in, want := range map[string]string{
		"tcp.timeout.drip":                      "tcp.timeout.drip",
		"tcp.timeout.stall-mid-message[at=512]": "tcp.timeout.stall-mid-message--at-512",
		"stdout":                                "stdout",
	} {
		NewWithT(t).Expect(fileName(in)).To(Equal(want))
	}
	seen := map[string]string{}
	for _, in := range []string{"", ".", "..", "../..", "a/b", "a_b", `a\b`, "a b", "con", "NUL.txt", "a.", "/", "x\x00", strings.Repeat("l", 300), strings.Repeat("l", 301)} {
		name := fileName(in)
		NewWithT(t).Expect(filepath.IsLocal(name)).To(BeTrue(), name)
		NewWithT(t).Expect(name).NotTo(Or(ContainSubstring("/"), ContainSubstring(`\`), Equal("."), HaveSuffix(".")))
		NewWithT(t).Expect(len(name)).To(BeNumerically("<", 200))
		NewWithT(t).Expect(seen).NotTo(HaveKey(name), "%q and %q", in, seen[name])
		seen[name] = in
	}
}

func TestWrap(t *testing.T) {
	for in, want := range map[string][]string{
		"":                             {""},
		"one two three four":           {"one two", "three four"},
		"Go: one two three":            {"Go: one", "    two", "    three"},
		"Go  one two three":            {"Go  one", "    two", "    three"},
		"a\nb":                         {"a", "b"},
		"    indented code stays":      {"    indented", "    code", "    stays"},
		"https://example.com/long/one": {"https://example.com/long/one"},
		"ä ö ü ß é è ê":                {"ä ö ü ß é", "è ê"},
	} {
		NewWithT(t).Expect(wrap(in, 10)).To(Equal(want), in)
	}
}

func TestCleanedIsACopy(t *testing.T) {
	type nested struct {
		Words []string
		Map   map[string]any
		inner string
	}
	observed := &nested{Words: []string{"\x00"}, Map: map[string]any{"\x01": [1]string{"\x02"}, "none": nil}, inner: "\x03"}
	run := &Run{Results: []Result{{Observation: observed, Attachments: map[string][]byte{"stderr": {0}}}}}
	NewWithT(t).Expect(run.cleaned().Results[0].Observation).To(Equal(&nested{
		Words: []string{`\x00`}, Map: map[string]any{`\x01`: [1]string{`\x02`}, "none": nil}, inner: "\x03"}))
	NewWithT(t).Expect(observed.Words).To(Equal([]string{"\x00"}), "the original stays")
	NewWithT(t).Expect(run.cleaned().Results[0].Attachments["stderr"]).To(Equal([]byte{0}), "evidence is kept as it is")
}
