// Package real is programs that people have: what each is, how it is built, and whether and in which version it is installed.
package real

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"regexp"

	"github.com/faultwire/faultwire/targets"
)

// Folder is this one, relative to the module's.
const Folder = "targets/examples/real"

// Files are the configurations, relative to this folder.
var Files = []string{"http.yaml", "https.yaml", "servers.yaml", "echo.yaml", "../conversation/faultwire.yaml"}

// A Program is a target, and what there is to say of it.
type Program struct {
	targets.Target
	Config  string // the file that it is from, relative to the module
	Title   string // what people call it
	Version string // empty where it is not installed
}

// Load reads a configuration, one of [Files], in the module at root.
func Load(root, file string) ([]Program, error) {
	config := path.Join(Folder, file)
	all, err := targets.Load(filepath.Join(root, filepath.FromSlash(config)))
	if err != nil {
		return nil, err
	}
	var programs []Program
	for _, t := range all {
		k := kindOf(t.Name)
		if k == nil {
			return nil, fmt.Errorf("%s: nothing is known of the program %q: say in %s/programs.go what it is", config, t.Name, Folder)
		}
		programs = append(programs, Program{Target: t, Config: config, Title: k.title, Version: k.installed()})
	}
	return programs, nil
}

// Build compiles what does not run as it is, into bin, as http.yaml says. What has no compiler here stays out.
func Build(root string) error {
	dir, err := filepath.Abs(filepath.Join(root, filepath.FromSlash(Folder)))
	if err != nil {
		return err
	}
	sources, err := filepath.Glob(filepath.Join(dir, "http", "*.java"))
	if err != nil {
		return err
	}
	bin := filepath.Join(dir, "bin")
	for _, args := range [][]string{
		{"go", "build", "-o", filepath.Join(bin, "go-net-http"), "./http"},
		append([]string{"javac", "-d", bin}, sources...),
	} {
		if _, err := exec.LookPath(args[0]); errors.Is(err, exec.ErrNotFound) {
			continue
		}
		cmd := exec.Command(args[0], args[1:]...)
		cmd.Dir = dir
		if out, err := cmd.CombinedOutput(); err != nil {
			return fmt.Errorf("%s: %w\n%s", args[0], err, out)
		}
	}
	return nil
}

// A kind is a program, as the targets that are named for it run it.
type kind struct {
	name    string // of its targets, as a pattern
	title   string
	version []string       // what prints it
	in      *regexp.Regexp // where in that it is; all of it, if this is nil
}

func python(code string) []string {
	return []string{"/usr/bin/python3", "-c", "import sys; v = sys.version.split()[0]; " + code}
}

func debian(name string) []string { return []string{"dpkg-query", "-W", "-f", "${Version}", name} }

// upstream is the version of a Debian package without what Debian says of it.
var upstream = regexp.MustCompile(`^(?:\d+:)?([^-+~]+)`)

var kinds = []kind{
	{`curl(-tls)?`, "curl", []string{"curl", "-V"}, regexp.MustCompile(`^curl (\S+)`)},
	{`wget(-tls)?`, "wget", []string{"wget", "-V"}, regexp.MustCompile(`Wget (\S+)`)},
	{`python-http-client(-tls)?`, "Python http.client", python("print(v)"), nil},
	{`python-urllib(-tls)?`, "Python urllib.request", python("print(v)"), nil},
	{`python-requests(-tls)?`, "Python requests", python("import requests, urllib3; print(f'{requests.__version__}, urllib3 {urllib3.__version__}')"), nil},
	{`python-httpx(-tls)?`, "Python httpx", python("import httpx, httpcore; print(f'{httpx.__version__}, httpcore {httpcore.__version__}')"), nil},
	{`python-aiohttp(-tls)?`, "Python aiohttp", python("import aiohttp; print(aiohttp.__version__)"), nil},
	{`node-fetch(-tls)?`, "Node fetch", []string{"node", "-p", "`${process.versions.node}, undici ${process.versions.undici}`"}, nil},
	{`node-http(-tls)?`, "Node node:http", []string{"node", "-p", "process.versions.node"}, nil},
	{`go-net-http(-tls)?`, "Go net/http", []string{"go", "version"}, regexp.MustCompile(`go(\d\S*)`)},
	{`java-http-client(-tls)?`, "Java HttpClient", []string{"java", "-version"}, regexp.MustCompile(`version "([^"]+)"`)},
	{`java-url-connection(-tls)?`, "Java HttpURLConnection", []string{"java", "-version"}, regexp.MustCompile(`version "([^"]+)"`)},
	{`ruby-net-http(-tls)?`, "Ruby Net::HTTP", []string{"ruby", "-rnet/http", "-e", "print RUBY_VERSION, ', net-http ', Net::HTTP::VERSION"}, nil},
	{`php-streams(-tls)?`, "PHP http:// streams", []string{"php", "-r", "echo PHP_VERSION;"}, nil},
	{`openssl-s-client`, "openssl s_client", []string{"openssl", "version"}, regexp.MustCompile(`OpenSSL (\S+)`)},
	{`openssl-s-server`, "openssl s_server -WWW", []string{"openssl", "version"}, regexp.MustCompile(`OpenSSL (\S+)`)},
	{`socat-openssl`, "socat OPENSSL", []string{"socat", "-V"}, regexp.MustCompile(`socat version (\S+)`)},
	{`socat-openssl-exec`, "socat OPENSSL-LISTEN, EXEC:cat", []string{"socat", "-V"}, regexp.MustCompile(`socat version (\S+)`)},
	{`socat-exec`, "socat EXEC:cat", []string{"socat", "-V"}, regexp.MustCompile(`socat version (\S+)`)},
	{`socat-exec-pipes`, "socat EXEC:cat,pipes", []string{"socat", "-V"}, regexp.MustCompile(`socat version (\S+)`)},
	{`socat-pipe`, "socat PIPE", []string{"socat", "-V"}, regexp.MustCompile(`socat version (\S+)`)},
	{`ncat-exec`, "ncat -e /bin/cat", []string{"ncat", "--version"}, regexp.MustCompile(`Version (\S+)`)},
	{`tcpserver-cat`, "tcpserver cat", debian("ucspi-tcp"), upstream},
	{`xinetd-echo`, "xinetd's own echo", debian("xinetd"), upstream},
	{`nginx(-tls)?`, "nginx", []string{"nginx", "-v"}, regexp.MustCompile(`nginx/(\S+)`)},
	{`nginx-gateway`, "nginx, as a gateway", []string{"nginx", "-v"}, regexp.MustCompile(`nginx/(\S+)`)},
	{`haproxy-gateway`, "haproxy, as a gateway", []string{"haproxy", "-v"}, regexp.MustCompile(`version ([^\s-]+)`)},
	{`haproxy`, "haproxy", []string{"haproxy", "-v"}, regexp.MustCompile(`version ([^\s-]+)`)},
	{`python-http-server`, "Python http.server", python("print(v)"), nil},
	{`redis-server`, "redis-server", []string{"redis-server", "-v"}, regexp.MustCompile(`v=(\S+)`)},
	{`redis-cli`, "redis-cli", []string{"redis-cli", "-v"}, regexp.MustCompile(`redis-cli (\S+)`)},
	{`memcached`, "memcached", []string{"memcached", "-V"}, regexp.MustCompile(`memcached (\S+)`)},
	{`aiosmtpd`, "aiosmtpd", []string{"aiosmtpd", "--version"}, regexp.MustCompile(`(\d\S*)`)},
}

func kindOf(name string) *kind {
	for i, k := range kinds {
		if regexp.MustCompile(`^(?:` + k.name + `)$`).MatchString(name) {
			return &kinds[i]
		}
	}
	return nil
}

// installed is the version, or nothing where the program is not there.
func (k *kind) installed() string {
	cmd := exec.Command(k.version[0], k.version[1:]...)
	cmd.Env = append(os.Environ(), "LC_ALL=C")
	out, err := cmd.CombinedOutput()
	if err != nil {
		return ""
	}
	out = bytes.TrimSpace(out)
	if k.in == nil {
		return string(out)
	}
	if m := k.in.FindSubmatch(out); m != nil {
		return string(m[1])
	}
	return ""
}
