package reports_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	. "github.com/onsi/gomega"

	"github.com/faultwire/faultwire/reports"
)

// A browser is headless Chromium, driven by WebDriver (W3C), of which this is as much as the tests need.
type browser struct {
	t    *testing.T
	base string // of the session
}

// browse starts a browser, or skips the test where there is none; make browser insists on one.
func browse(t *testing.T, script bool) *browser {
	t.Helper()
	if testing.Short() {
		t.Skip("a browser takes seconds")
	}
	for _, program := range []string{"chromium", "chromedriver"} {
		if _, err := exec.LookPath(program); err != nil && os.Getenv("FAULTWIRE_BROWSER") == "" {
			t.Skip(err)
		} else if err != nil {
			t.Fatal(err)
		}
	}
	l, err := net.Listen("tcp4", "127.0.0.1:0")
	NewWithT(t).Expect(err).NotTo(HaveOccurred())
	port := l.Addr().(*net.TCPAddr).Port
	NewWithT(t).Expect(l.Close()).To(Succeed())

	profile, err := os.MkdirTemp("", "faultwire-browser-")
	NewWithT(t).Expect(err).NotTo(HaveOccurred())
	t.Cleanup(func() { _ = os.RemoveAll(profile) }) // of which a browser may not let go at once
	driver := exec.Command("chromedriver", fmt.Sprintf("--port=%d", port))
	driver.Env = append(os.Environ(), "HOME="+profile)
	NewWithT(t).Expect(driver.Start()).To(Succeed())
	t.Cleanup(func() {
		_ = driver.Process.Kill()
		_ = driver.Wait()
	})
	b := &browser{t, fmt.Sprintf("http://127.0.0.1:%d", port)}
	NewWithT(t).Eventually(func() error {
		resp, err := http.Get(b.base + "/status")
		if err == nil {
			_ = resp.Body.Close()
		}
		return err
	}).WithTimeout(time.Minute).Should(Succeed())

	chrome := map[string]any{"args": []string{"--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
		"--disable-component-update", "--disable-sync", "--hide-scrollbars", "--user-data-dir=" + filepath.Join(profile, "profile")}}
	if !script {
		chrome["prefs"] = map[string]any{"profile.managed_default_content_settings.javascript": 2}
	}
	var session struct{ SessionID string }
	b.call("POST", "/session", map[string]any{"capabilities": map[string]any{"alwaysMatch": map[string]any{
		"goog:chromeOptions": chrome, "goog:loggingPrefs": map[string]any{"browser": "ALL"}, "unhandledPromptBehavior": "ignore"}}}, &session)
	b.base += "/session/" + session.SessionID
	t.Cleanup(func() { b.call("DELETE", "", nil, nil) })
	return b
}

func (b *browser) call(method, path string, body, into any) {
	b.t.Helper()
	g := NewWithT(b.t)
	var sent io.Reader
	if method == "POST" {
		data, err := json.Marshal(body)
		g.Expect(err).NotTo(HaveOccurred())
		sent = bytes.NewReader(data)
	}
	req, err := http.NewRequest(method, b.base+path, sent)
	g.Expect(err).NotTo(HaveOccurred())
	client := http.Client{Timeout: 2 * time.Minute}
	resp, err := client.Do(req)
	g.Expect(err).NotTo(HaveOccurred())
	defer resp.Body.Close()
	data, err := io.ReadAll(resp.Body)
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(resp.StatusCode).To(Equal(http.StatusOK), string(data))
	if into != nil {
		g.Expect(json.Unmarshal(data, &struct{ Value any }{into})).To(Succeed())
	}
}

// open shows the run's page, with what stands behind the # of its address.
func (b *browser) open(run *reports.Run, hash string) {
	b.t.Helper()
	file := filepath.Join(b.t.TempDir(), "report.html")
	write(b.t, file, page(b.t, run))
	b.visit(file, hash)
}

func (b *browser) visit(file, hash string) {
	b.t.Helper()
	b.call("POST", "/url", map[string]any{"url": "about:blank"}, nil)
	b.call("POST", "/url", map[string]any{"url": "file://" + file + hash}, nil)
}

// ask evaluates an expression of JavaScript.
func (b *browser) ask(expression string) (value any) {
	b.t.Helper()
	b.call("POST", "/execute/sync", map[string]any{"script": "return " + expression, "args": []any{}}, &value)
	return value
}

func (b *browser) element(selector string) string {
	b.t.Helper()
	var found map[string]string
	b.call("POST", "/element", map[string]any{"using": "css selector", "value": selector}, &found)
	for _, id := range found {
		return id
	}
	return ""
}

func (b *browser) click(selector string) {
	b.t.Helper()
	b.call("POST", "/element/"+b.element(selector)+"/click", map[string]any{}, nil)
}

func (b *browser) keys(selector, text string) {
	b.t.Helper()
	b.call("POST", "/element/"+b.element(selector)+"/value", map[string]any{"text": text}, nil)
}

// press presses keys, wherever the focus is.
func (b *browser) press(keys ...string) {
	b.t.Helper()
	var actions []map[string]any
	for _, key := range keys {
		actions = append(actions, map[string]any{"type": "keyDown", "value": key}, map[string]any{"type": "keyUp", "value": key})
	}
	b.call("POST", "/actions", map[string]any{"actions": []any{map[string]any{"type": "key", "id": "keyboard", "actions": actions}}}, nil)
}

func (b *browser) wide(pixels int) {
	b.t.Helper()
	b.call("POST", "/goog/cdp/execute", map[string]any{"cmd": "Emulation.setDeviceMetricsOverride",
		"params": map[string]any{"width": pixels, "height": 900, "deviceScaleFactor": 1, "mobile": false}}, nil)
}

// shown are the IDs of what matches the selector and is to be seen.
func (b *browser) shown(selector string) any {
	b.t.Helper()
	return b.ask(fmt.Sprintf(`[...document.querySelectorAll(%q)].filter(e => e.checkVisibility()).map(e => e.id).sort().join(" ")`, selector))
}

// complaints are what the browser's console says, such as of scripts that were not let run.
func (b *browser) complaints() (all []struct{ Message string }) {
	b.t.Helper()
	b.call("POST", "/se/log", map[string]any{"type": "browser"}, &all)
	return all
}

func (b *browser) hash() string {
	b.t.Helper()
	hash, err := url.QueryUnescape(b.ask("location.hash").(string))
	NewWithT(b.t).Expect(err).NotTo(HaveOccurred())
	return hash
}

const (
	tab   = "\ue004"
	space = " "
)

func TestInABrowser(t *testing.T) {
	b := browse(t, true)
	const (
		stall = "tcp.timeout.stall-mid-message"
		cases = "details.case"
	)

	t.Run("filters", func(t *testing.T) {
		g, b := NewWithT(t), &browser{t, b.base}
		b.open(illustrated(), "")
		g.Expect(b.ask(`document.querySelectorAll("details.case").length`)).To(BeEquivalentTo(11))
		b.click(`#filter button[data-v=warn]`)
		g.Expect(b.shown(cases)).To(Equal("tcp.disconnect.late-fin"))
		b.click(`#filter button[data-v=fail]`)
		g.Expect(b.shown(cases)).To(Equal("tcp.disconnect.late-fin " + stall))
		g.Expect(b.hash()).To(Equal("#verdict=fail,warn"))
		g.Expect(b.ask(`document.querySelector("#filter output").textContent`)).To(Equal("3 of 12"))

		b.keys(`#filter [name=text]`, "AT=512")
		g.Eventually(func() any { return b.shown(".pair") }).Should(Equal("c2t0"))
		g.Expect(b.hash()).To(Equal("#verdict=fail,warn&text=AT=512"))
		where := b.ask("location.href").(string)

		b.click(`#filter [type=reset]`)
		g.Eventually(func() any { return b.ask("location.hash") }).Should(Equal(""))
		g.Expect(b.ask(`[...document.querySelectorAll("details.case")].every(d => d.checkVisibility())`)).To(BeTrue())

		path, hash, _ := strings.Cut(strings.TrimPrefix(where, "file://"), "#")
		b.visit(path, "#"+hash) // as who was sent the link sees it
		g.Expect(b.shown(".pair")).To(Equal("c2t0"))

		b.visit(path, "#target=greeter&theme=connect&level=must")
		g.Expect(b.shown(cases)).To(Equal("tcp.connect.close-storm tcp.connect.reset-storm"))
		g.Expect(b.shown(".control")).To(Equal("t1"))
		g.Expect(b.complaints()).To(BeEmpty())
	})

	t.Run("opens a case", func(t *testing.T) {
		g, b := NewWithT(t), &browser{t, b.base}
		b.open(illustrated(), "#verdict=fail,pass")
		inView := func(id string) any {
			return b.ask(fmt.Sprintf(`(r => r.top >= 0 && r.bottom <= innerHeight)(document.getElementById(%q).querySelector("summary").getBoundingClientRect())`, id))
		}
		g.Expect(b.ask(`document.getElementById("c2t0").open`)).To(BeFalse())
		g.Expect(b.ask(`document.querySelector('tr[data-c="2"]').checkVisibility()`)).To(BeFalse(), "the family is folded")
		b.click(`.fam input`)
		b.click(`tr[data-c="2"] td a`)
		g.Expect(b.ask(`document.getElementById("c2t0").open`)).To(BeTrue())
		g.Eventually(func() any { return inView("c2t0") }).Should(BeTrue())
		g.Expect(b.hash()).To(Equal("#verdict=fail,pass&at=c2t0"), "what is filtered is not lost")
		g.Expect(b.ask(`document.activeElement.parentNode.id`)).To(Equal("c2t0"))

		b.click(`#filter [type=reset]`)
		b.click(`a[href="#tcp.connect.refused"].m`)
		g.Eventually(func() any { return inView("tcp.connect.refused") }).Should(BeTrue())
		g.Expect(b.ask(`document.getElementById("tcp.connect.refused").open`)).To(BeTrue(), "one that passed is closed at first")
		g.Expect(b.hash()).To(Equal("#tcp.connect.refused"))
		g.Expect(b.complaints()).To(BeEmpty())
	})

	t.Run("copies the line that runs a case alone", func(t *testing.T) {
		g, b := NewWithT(t), &browser{t, b.base}
		b.open(illustrated(), "")
		line := strings.Join(strings.Fields(illustrated().Results[1].Replay), " ")
		b.call("POST", "/permissions", map[string]any{"descriptor": map[string]any{"name": "clipboard-read"}, "state": "granted"}, nil)
		b.click(`#c1t0 .copy button`)
		g.Eventually(func() any { return b.ask(`document.querySelector("#c1t0 .copy button").textContent`) }).Should(Equal("copied"))
		g.Expect(b.ask(`navigator.clipboard.readText()`)).To(Equal(line))

		b.open(illustrated(), "") // and where there is no such interface
		b.ask(`(Object.defineProperty(navigator, "clipboard", {value: undefined}), addEventListener("copy", () => { window.taken = getSelection().toString() }), 1)`)
		b.click(`#c1t0 .copy button`)
		g.Eventually(func() any { return b.ask(`document.querySelector("#c1t0 .copy button").textContent`) }).Should(Equal("copied"))
		g.Expect(b.ask(`window.taken`)).To(Equal(line))
		g.Expect(b.complaints()).To(BeEmpty())
	})

	t.Run("obeys the keyboard", func(t *testing.T) {
		g, b := NewWithT(t), &browser{t, b.base}
		b.open(illustrated(), "")
		b.press("/")
		g.Expect(b.ask(`document.activeElement.name`)).To(Equal("text"))
		b.ask(`(document.querySelector("#filter button").focus(), 1)`)
		b.press(space)
		g.Expect(b.hash()).To(Equal("#verdict=fail"))
		b.ask(`(document.querySelector(".fam input").focus(), 1)`)
		b.press(space)
		g.Expect(b.ask(`document.querySelector('tr[data-c="2"]').checkVisibility()`)).To(BeTrue())
		b.press(tab, tab)
		g.Expect(b.ask(`document.activeElement.closest("tr").dataset.c`)).To(Equal("1"), "from a family to its first case")
	})

	t.Run("fits", func(t *testing.T) {
		g, b := NewWithT(t), &browser{t, b.base}
		for name, run := range map[string]*reports.Run{"illustrated": illustrated(), "hostile": injecting(), "synthetic": synthetic(40, 12, 5)} {
			b.open(run, "")
			b.ask(`[...document.querySelectorAll("details")].forEach(d => { d.open = true })`)
			for _, width := range []int{380, 900, 1500} {
				b.wide(width)
				g.Expect(b.ask(`document.documentElement.scrollWidth`)).To(BeEquivalentTo(width), name)
			}
			g.Expect(b.ask(`performance.getEntriesByType("resource").length`)).To(BeZero(), "nothing is fetched")
			g.Expect(b.complaints()).To(BeEmpty(), name)
		}
	})
}

func TestInABrowserWithoutScript(t *testing.T) {
	b, g := browse(t, false), NewWithT(t)
	b.open(illustrated(), "")
	g.Expect(b.ask(`document.getElementById("filter").checkVisibility()`)).To(BeFalse())
	g.Expect(b.ask(`[...document.querySelectorAll(".copy button")].some(e => e.checkVisibility())`)).To(BeFalse())
	g.Expect(b.ask(`[...document.querySelectorAll("details.case")].every(e => e.checkVisibility())`)).To(BeTrue())
	g.Expect(b.ask(`document.querySelector(".group h2").firstChild.textContent.trim()`)).To(Equal("Not kept"), "failures come first")
	b.click(`.fam input`)
	g.Expect(b.ask(`document.querySelector('tr[data-c="2"]').checkVisibility()`)).To(BeTrue(), "a family unfolds")
}
