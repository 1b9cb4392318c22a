package main

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	. "github.com/onsi/gomega"
	"go.yaml.in/yaml/v3"

	"github.com/faultwire/faultwire/proxy"
	"github.com/faultwire/faultwire/targets"
)

const recipes = ".github/recipes/README.md"

// blocks are what stands in the recipes between fences, by language.
func blocks(t *testing.T) map[string][]string {
	t.Helper()
	text, err := os.ReadFile(recipes)
	NewWithT(t).Expect(err).NotTo(HaveOccurred())
	all := map[string][]string{}
	for _, b := range regexp.MustCompile("(?s)```(\\w+)\n(.*?)```").FindAllSubmatch(text, -1) {
		all[string(b[1])] = append(all[string(b[1])], string(b[2]))
	}
	return all
}

func TestTheRecipesCommandsAreTrue(t *testing.T) {
	g := NewWithT(t)
	text, err := os.ReadFile(recipes)
	g.Expect(err).NotTo(HaveOccurred())
	action, err := os.ReadFile(".github/action/action.yml")
	g.Expect(err).NotTo(HaveOccurred())
	var lines []string
	for _, line := range regexp.MustCompile(`(?m)(?:^ +|- |sh ')(faultwire [a-z]+.*?)(?:' \})?$`).FindAllSubmatch(text, -1) {
		lines = append(lines, string(line[1]))
	}
	for _, line := range regexp.MustCompile(`(?m)args: (--.*)$`).FindAllSubmatch(text, -1) {
		lines = append(lines, "faultwire run "+string(line[1]))
	}
	for _, line := range regexp.MustCompile(`(?m)(?:command|args): \[(proxy, .*)\]$`).FindAllSubmatch(text, -1) {
		lines = append(lines, "faultwire "+strings.ReplaceAll(string(line[1]), ",", ""))
	}
	g.Expect(len(lines)).To(BeNumerically(">", 9))
	for _, line := range lines {
		words, err := targets.SplitCommand(line)
		g.Expect(err).NotTo(HaveOccurred(), line)
		command, rest, err := commands(nil).Find(singleDashed(words[1:]))
		g.Expect(err).NotTo(HaveOccurred(), line)
		g.Expect(command.ParseFlags(rest)).To(Succeed(), line)
		if command.Name() == "merge" || command.Name() == "diff" {
			g.Expect(command.Args(command, command.Flags().Args())).To(Succeed(), line)
		}
	}
	for _, input := range []string{"args", "version"} {
		g.Expect(string(action)).To(ContainSubstring("\n  " + input + ":\n"))
	}
}

func TestTheRecipesFilesAreTrue(t *testing.T) {
	g := NewWithT(t)
	found := map[string]string{}
	for _, text := range blocks(t)["yaml"] {
		var any any
		g.Expect(yaml.Unmarshal([]byte(text), &any)).To(Succeed(), text)
		name := strings.TrimPrefix(strings.SplitN(text, "\n", 2)[0], "# ")
		found[name] = text
	}
	plan, err := proxy.ParsePlan("plan.yaml", []byte(found["plan.yaml"]))
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(plan.Faults).To(HaveLen(3))
	inFolder(t, map[string]string{"proxies.yaml": found["proxies.yaml"]})
	made, err := (&proxyOptions{config: "proxies.yaml"}).definitions()
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(made).To(HaveLen(1))
}

func TestTheRecipesCodeIsCompiled(t *testing.T) {
	g := NewWithT(t)
	var compiled bytes.Buffer
	for _, file := range []string{"suites/example_test.go", "suites/specs/example_test.go", "suites/cases/example_test.go"} {
		text, err := os.ReadFile(file)
		g.Expect(err).NotTo(HaveOccurred())
		compiled.Write(text)
	}
	for _, code := range blocks(t)["go"] {
		g.Expect(compiled.String()).To(ContainSubstring(code))
	}
	g.Expect(blocks(t)["go"]).To(HaveLen(3))
}

func TestTheRecipesLinksLead(t *testing.T) {
	g := NewWithT(t)
	text, err := os.ReadFile(recipes)
	g.Expect(err).NotTo(HaveOccurred())
	for _, link := range regexp.MustCompile(`\]\(([^)]+)\)`).FindAllSubmatch(text, -1) {
		g.Expect(filepath.Join(filepath.Dir(recipes), string(link[1]))).To(BeAnExistingFile())
	}
}

// The action's scripts are what it does; the rest GitHub does.
func TestTheActionRuns(t *testing.T) {
	needs(t, "bash", "xargs", "curl", "sha256sum")
	g := NewWithT(t)
	action, err := filepath.Abs(".github/action")
	g.Expect(err).NotTo(HaveOccurred())
	inFolder(t, nil)
	faultwire := `#!/bin/sh
echo faultwire "$@"
for word; do echo "<$word>" >>said; done
test "$1" = version || exit 3
`
	for _, system := range []string{"linux-amd64", "linux-arm64", "darwin-amd64", "darwin-arm64"} {
		g.Expect(os.MkdirAll("releases/v1", 0o777)).To(Succeed())
		g.Expect(os.WriteFile("releases/v1/faultwire-"+system, []byte(faultwire), 0o666)).To(Succeed())
	}
	here, err := os.Getwd()
	g.Expect(err).NotTo(HaveOccurred())
	sh := func(env []string, line ...string) (string, int) {
		return inShell(t, append(env, "RUNNER_TEMP="+here, "GITHUB_PATH="+here+"/path"), line...)
	}
	_, code := sh(nil, "sh", "-c", "cd releases/v1 && sha256sum faultwire-* >SHA256SUMS")
	g.Expect(code).To(Equal(0))
	release := []string{"VERSION=v1", "RELEASES=file://" + here + "/releases"}
	out, code := sh(release, action+"/install")
	g.Expect(code).To(Equal(0), out)
	bin := filepath.Join(here, "faultwire-bin")
	g.Expect(os.ReadFile("path")).To(BeEquivalentTo(bin + "\n"))

	inputs := []string{"PATH=" + bin + ":" + os.Getenv("PATH"), "OUTPUT=my report", "CONFIG=", "ARGS=--client 'python3 client.py {host} {port}'\n  --run \"tcp.**\" $X `x`"}
	out, code = sh(inputs, action+"/run")
	g.Expect(code).To(Equal(3), out)
	g.Expect(os.ReadFile("said")).To(BeEquivalentTo("<run>\n<--output>\n<my report>\n<--client>\n<python3 client.py {host} {port}>\n<--run>\n<tcp.**>\n<$X>\n<`x`>\n"))

	g.Expect(os.WriteFile("releases/v1/SHA256SUMS", []byte(strings.Repeat("0", 64)+"  faultwire-linux-amd64\n"), 0o666)).To(Succeed())
	out, code = sh(release, action+"/install")
	g.Expect(code).NotTo(Equal(0), out)
}

// inShell runs the line with more variables than it has, and says what it said and how it ended.
func inShell(t *testing.T, env []string, line ...string) (said string, code int) {
	t.Helper()
	cmd := exec.Command(line[0], line[1:]...)
	cmd.Env = append(os.Environ(), env...)
	out, err := cmd.CombinedOutput()
	if err != nil && cmd.ProcessState == nil {
		t.Fatal(err)
	}
	return string(out), cmd.ProcessState.ExitCode()
}
