package reports_test

import (
	"encoding/xml"
	"fmt"
	"os/exec"
	"strconv"
	"strings"
	"testing"

	. "github.com/onsi/gomega"

	"github.com/faultwire/faultwire/reports"
)

// forms are runs whose junit.xml everyone should be able to read, in both forms.
func forms() map[string]*reports.Run {
	all := map[string]*reports.Run{}
	for name, make := range map[string]func() *reports.Run{
		"rich": rich, "hostile": hostile, "self-test": sound,
		"strict": func() *reports.Run {
			r := rich()
			r.Strict = true
			return r
		},
		"empty": func() *reports.Run { return &reports.Run{} },
	} {
		all[name], all[name+", extended"] = make(), make()
		all[name+", extended"].JUnit = reports.JUnitExtended
	}
	return all
}

// shown is how many testcases a run has: its pairs, and the controls that did not pass.
func shown(run *reports.Run) int {
	n := len(run.Results)
	for _, t := range run.Targets {
		if t.Control != nil && t.Control.Verdict != reports.Pass {
			n++
		}
	}
	return n
}

// A node is an element as the readers below look at it.
type node struct {
	XMLName  xml.Name
	Attrs    []xml.Attr `xml:",any,attr"`
	Text     string     `xml:",chardata"`
	Children []node     `xml:",any"`
}

func (n node) attr(name string) string {
	for _, a := range n.Attrs {
		if a.Name.Local == name {
			return a.Value
		}
	}
	return ""
}

func (n node) all(name string) (found []node) {
	for _, c := range n.Children {
		if c.XMLName.Local == name {
			found = append(found, c)
		}
	}
	return found
}

// first is the first child of one of these names.
func (n node) first(names ...string) *node {
	for _, name := range names {
		if found := n.all(name); len(found) > 0 {
			return &found[0]
		}
	}
	return nil
}

func parsed(t *testing.T, run *reports.Run) (root node) {
	t.Helper()
	NewWithT(t).Expect(xml.Unmarshal([]byte(junit(t, run)), &root)).To(Succeed())
	return root
}

func TestXmllintFindsJUnit10Valid(t *testing.T) {
	program, err := exec.LookPath("xmllint")
	if err != nil {
		t.Skip(err)
	}
	check := func(document string) error {
		c := exec.Command(program, "--nonet", "--noout", "--huge", "--schema", "testdata/junit-10.xsd", "-")
		c.Stdin = strings.NewReader(document)
		out, err := c.CombinedOutput()
		if err != nil {
			return fmt.Errorf("%w: %.2000s", err, out)
		}
		return nil
	}
	for name, run := range forms() {
		if run.JUnit == reports.JUnitExtended && len(run.Results) > 0 {
			NewWithT(t).Expect(check(junit(t, run))).To(MatchError(ContainSubstring("properties")), name+" is more than the schema allows")
		} else {
			NewWithT(t).Expect(check(junit(t, run))).To(Succeed(), name)
		}
	}
	for _, wrong := range []string{`<testsuites><testcase name="x"/></testsuites>`, `<testsuite name="x" tests="1" failures="0" errors="0"><testcase name="x" file="y"/></testsuite>`} {
		NewWithT(t).Expect(check(wrong)).NotTo(Succeed())
	}
}

// GitLab takes a testcase's suite name, classname and name for its key and drops what has one that was seen before. It shows file and
// time, and the text of a failure or an error. What stands in a failure's system-out may be a reference to a file, which it links.
func TestGitLabReadsAll(t *testing.T) {
	for name, run := range forms() {
		t.Run(name, func(t *testing.T) {
			g := NewWithT(t)
			kept, text := map[string]bool{}, map[string]string{}
			for _, suite := range parsed(t, run).all("testsuite") {
				for _, c := range suite.all("testcase") {
					key := suite.attr("name") + "_" + c.attr("classname") + "_" + c.attr("name")
					g.Expect(kept).NotTo(HaveKey(key), "it would be dropped")
					kept[key] = true
					_, err := strconv.ParseFloat(c.attr("time"), 64)
					g.Expect(err).NotTo(HaveOccurred())
					if failed := c.first("failure", "error"); failed != nil {
						text[c.attr("name")] = failed.Text
						g.Expect(c.first("system-out")).To(BeNil(), "a target could name any file")
					}
					if run.JUnit == reports.JUnitExtended && strings.HasPrefix(c.attr("name"), "tcp.timeout.stall") {
						g.Expect(c.attr("file")).To(Equal("suites/timeout/stall.go"))
					}
				}
			}
			g.Expect(kept).To(HaveLen(shown(run)))
			for name, said := range text {
				g.Expect(said).To(ContainSubstring("Rule  "), name)
			}
		})
	}
}

// Jenkins takes what stands before the last dot of a classname for the package, and groups by it and by the rest, the class.
func TestJenkinsReadsAll(t *testing.T) {
	for name, run := range forms() {
		t.Run(name, func(t *testing.T) {
			g := NewWithT(t)
			packages, seen := map[string]map[string]bool{}, map[string]bool{}
			for _, suite := range parsed(t, run).all("testsuite") {
				for _, c := range suite.all("testcase") {
					at := strings.LastIndex(c.attr("classname"), ".")
					g.Expect(at).To(BeNumerically(">=", 0), "a class without a package lands among (root)")
					pack, class := c.attr("classname")[:at], c.attr("classname")[at+1:]
					g.Expect(pack).NotTo(ContainSubstring("."), "a package of a package")
					if packages[pack] == nil {
						packages[pack] = map[string]bool{}
					}
					packages[pack][class] = true
					key := pack + "\n" + class + "\n" + c.attr("name")
					g.Expect(seen).NotTo(HaveKey(key))
					seen[key] = true
				}
			}
			g.Expect(seen).To(HaveLen(shown(run)))
			if strings.HasPrefix(name, "rich") {
				g.Expect(packages).To(And(HaveLen(2), HaveKey("my_client"), HaveKey("greeter")))
				g.Expect(packages["my_client"]).To(HaveKey("timeout"), "themes are classes")
			}
		})
	}
}

// dorny/test-reporter (java-junit) groups a suite's testcases by classname, in which it shows trimmed names. A failure or an error
// fails; what else is not skipped passes. It is shown with the text of its failure.
func TestDornysTestReporterReadsAll(t *testing.T) {
	for name, run := range forms() {
		t.Run(name, func(t *testing.T) {
			g := NewWithT(t)
			count := map[string]int{}
			for _, suite := range parsed(t, run).all("testsuite") {
				g.Expect(strings.TrimSpace(suite.attr("name"))).NotTo(BeEmpty())
				groups := map[string]map[string]bool{}
				for _, c := range suite.all("testcase") {
					group := c.attr("classname")
					if group == suite.attr("name") {
						group = ""
					}
					if groups[group] == nil {
						groups[group] = map[string]bool{}
					}
					title := strings.TrimSpace(c.attr("name"))
					g.Expect(groups[group]).NotTo(HaveKey(title))
					groups[group][title] = true
					failed := c.first("failure", "error")
					switch {
					case failed != nil:
						g.Expect(failed.Text).NotTo(BeEmpty())
						count["failed"]++
					case c.first("skipped") != nil:
						count["skipped"]++
					default:
						count["passed"]++
					}
				}
			}
			g.Expect(count["failed"] + count["skipped"] + count["passed"]).To(Equal(shown(run)))
			if strings.HasPrefix(name, "rich") {
				g.Expect(count).To(Equal(map[string]int{"failed": 4, "skipped": 6, "passed": 2}))
			}
		})
	}
}

// mikepenz/action-junit-report annotates the file and the line that a testcase names, else what it guesses from the class and from
// numbers in the text. If it is to look for retries, it takes testcases of one name in a suite for one. A message is the failure's.
func TestMikepenzReadsAll(t *testing.T) {
	for name, run := range forms() {
		t.Run(name, func(t *testing.T) {
			g := NewWithT(t)
			total := 0
			for _, suite := range parsed(t, run).all("testsuite") {
				byName := map[string]bool{}
				for _, c := range suite.all("testcase") {
					total++
					g.Expect(byName).NotTo(HaveKey(c.attr("name")), "taken for a retry")
					byName[c.attr("name")] = true
					if failed := c.first("failure", "error"); failed != nil {
						g.Expect(strings.TrimSpace(failed.attr("message"))).NotTo(BeEmpty())
						g.Expect(c.first("skipped")).To(BeNil(), "which it would count as skipped")
					}
					if run.JUnit == reports.JUnitExtended && strings.HasPrefix(c.attr("name"), "tcp.timeout.stall") {
						g.Expect(c.attr("file") + ":" + c.attr("line")).To(Equal("suites/timeout/stall.go:31"))
					}
				}
			}
			g.Expect(total).To(Equal(shown(run)))
		})
	}
}

// Buildkite refuses a testcase without a classname or a name, and takes the two, with the file, for the test from run to run.
func TestBuildkiteReadsAll(t *testing.T) {
	for name, run := range forms() {
		t.Run(name, func(t *testing.T) {
			g := NewWithT(t)
			known := map[[3]string]bool{}
			for _, suite := range parsed(t, run).all("testsuite") {
				for _, c := range suite.all("testcase") {
					g.Expect(c.attr("classname")).NotTo(BeEmpty())
					g.Expect(c.attr("name")).NotTo(BeEmpty())
					known[[3]string{c.attr("classname"), c.attr("name"), c.attr("file")}] = true
				}
			}
			g.Expect(known).To(HaveLen(shown(run)))
		})
	}
}

// In the extended form what is in the body can be filtered by, too.
func TestExtendedHasProperties(t *testing.T) {
	g := NewWithT(t)
	run := rich()
	run.JUnit = reports.JUnitExtended
	c := parsed(t, run).all("testsuite")[0].all("testcase")[1]
	properties := map[string]string{}
	for _, p := range c.first("properties").all("property") {
		properties[p.attr("name")] = p.attr("value")
	}
	g.Expect(properties).To(And(HaveKeyWithValue("case", "tcp.timeout.stall-mid-message[at=1]"), HaveKeyWithValue("level", "must"),
		HaveKeyWithValue("basis", "norm"), HaveKeyWithValue("seed", "42"), HaveKeyWithValue("verdict", "fail"), HaveKeyWithValue("target", "my.client")))
}
