// Command screenshots takes the README's pictures: it runs the catalogue against the second stage of the beginner's client, and has
// Chromium show what a terminal and the page say of it. What the report says of the machine is left out; all else is as it was found.
//
//	go run ./reports/screenshots bin/faultwire     # or make screenshots; needs python3 and chromium
package main

import (
	"bytes"
	"context"
	"fmt"
	"html"
	"image"
	"image/color"
	"image/draw"
	"image/png"
	"maps"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/faultwire/faultwire/reports"
)

const (
	client = "targets/examples/python/client_2_bytes.py"
	folder = "reports/screenshots"
)

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: go run ./reports/screenshots FAULTWIRE, in the repository's folder")
		os.Exit(2)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Minute)
	defer cancel()
	if err := take(ctx, os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, "screenshots:", err)
		os.Exit(1)
	}
}

func take(ctx context.Context, faultwire string) error {
	work, err := os.MkdirTemp("", "faultwire-screenshots-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(work)
	script, err := os.ReadFile(client)
	if err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(work, "client.py"), script, 0o666); err != nil {
		return err
	}
	said, err := run(ctx, faultwire, work)
	if err != nil {
		return err
	}
	page := filepath.Join(work, "page")
	if err := anonymous(filepath.Join(work, reports.DefaultFolder), page); err != nil {
		return err
	}
	terminal := filepath.Join(work, "terminal.html")
	text := onScreen(said)
	if err := os.WriteFile(terminal, []byte(text), 0o666); err != nil {
		return err
	}
	for _, shot := range []struct {
		of, name      string
		width, height int
	}{
		{terminal, "terminal.png", 1240, 40 + 18*strings.Count(text, "\n")},
		{filepath.Join(page, "report.html"), "report.png", 1600, 1800},
	} {
		if err := photograph(ctx, work, shot.of, filepath.Join(folder, shot.name), shot.width, shot.height); err != nil {
			return fmt.Errorf("%s: %w", shot.name, err)
		}
	}
	return nil
}

var arguments = []string{"run", "--client", "python3 client.py {host} {port}", "--read-timeout", "500ms"}

// run runs the catalogue and returns what it says at a terminal.
func run(ctx context.Context, faultwire, work string) (string, error) {
	faultwire, err := filepath.Abs(faultwire)
	if err != nil {
		return "", err
	}
	c := exec.CommandContext(ctx, faultwire, append(slices.Clone(arguments), "--color", "always", "--seed", "1")...)
	c.Dir, c.Stderr = work, os.Stderr
	said, err := c.Output()
	if code := c.ProcessState.ExitCode(); code != reports.ExitNonconformant {
		return "", fmt.Errorf("the run ended with %d, %v; a beginner's client fails, which is 1", code, err)
	}
	return string(said), nil
}

// anonymous writes the report anew, without what it says of the machine.
func anonymous(from, to string) error {
	run, err := reports.ReadJSON(filepath.Join(from, "results.json"))
	if err != nil {
		return err
	}
	if err := run.LoadEvidence(from); err != nil {
		return err
	}
	run.Host = reports.Host{OS: run.Host.OS, Arch: run.Host.Arch, CPUs: run.Host.CPUs, Go: run.Host.Go}
	run.Tool, run.Command = "faultwire", append([]string{"faultwire"}, arguments...)
	return run.WriteFolder(to)
}

// lines of a terminal's picture: of the first failure, and of the end.
const firstLines, lastLines = 34, 7

var (
	sequence = regexp.MustCompile("\x1b\\[([0-9;]*)m")
	hues     = map[string]string{"1": "font-weight:bold", "2": "color:#8b949e", "31": "color:#ff7b72", "32": "color:#7ee787", "33": "color:#e3b341"}
)

// onScreen is a page that looks as a terminal does.
func onScreen(said string) string {
	lines := strings.Split(strings.TrimRight(said, "\n"), "\n")
	if len(lines) > firstLines+lastLines {
		lines = slices.Concat(lines[:firstLines], []string{"", "\x1b[2m  ⋮\x1b[0m", ""}, lines[len(lines)-lastLines:])
	}
	prompt := "\x1b[2m$\x1b[0m faultwire run --client 'python3 client.py {host} {port}' --read-timeout 500ms"
	text := html.EscapeString(strings.Join(append([]string{prompt}, lines...), "\n"))
	text = sequence.ReplaceAllStringFunc(text, func(s string) string {
		var styles []string
		for code := range strings.SplitSeq(sequence.FindStringSubmatch(s)[1], ";") {
			styles = append(styles, hues[code])
		}
		if styles[0] == "" {
			return "</span>"
		}
		return fmt.Sprintf(`<span style="%s">`, strings.Join(styles, ";"))
	})
	return `<!doctype html><meta charset="utf-8"><body style="margin:0;background:#0d1117;color:#e6edf3"><pre style="margin:0;padding:16px 20px;` +
		`font:13px/18px 'DejaVu Sans Mono',monospace">` + text + "</pre>"
}

// photograph takes a picture of the page, with few colours and without what is empty below.
func photograph(ctx context.Context, work, page, to string, width, height int) error {
	raw := filepath.Join(work, "raw.png")
	c := exec.CommandContext(ctx, "chromium", "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--user-data-dir="+filepath.Join(work, "profile"),
		fmt.Sprintf("--window-size=%d,%d", width, height), "--screenshot="+raw, "file://"+page)
	if out, err := c.CombinedOutput(); err != nil {
		return fmt.Errorf("chromium: %w\n%s", err, out)
	}
	data, err := os.ReadFile(raw)
	if err != nil {
		return err
	}
	picture, err := png.Decode(bytes.NewReader(data))
	if err != nil {
		return err
	}
	var small bytes.Buffer
	if err := (&png.Encoder{CompressionLevel: png.BestCompression}).Encode(&small, reduced(picture)); err != nil {
		return err
	}
	fmt.Printf("%s: %d KB\n", to, small.Len()/1000)
	return os.WriteFile(to, small.Bytes(), 0o666)
}

// reduced is the picture in 256 of its colours: the commonest, and then those that are least like any chosen before, so that no hue
// is lost for being rare.
func reduced(picture image.Image) *image.Paletted {
	bounds, n := picture.Bounds(), map[color.RGBA]int{}
	for y := bounds.Min.Y; y < bounds.Max.Y; y++ {
		for x := bounds.Min.X; x < bounds.Max.X; x++ {
			n[color.RGBAModel.Convert(picture.At(x, y)).(color.RGBA)]++
		}
	}
	commonest := slices.SortedFunc(maps.Keys(n), func(a, b color.RGBA) int { return n[b] - n[a] })
	palette, away := make(color.Palette, 0, 256), make([]int, len(commonest))
	for i := range away {
		away[i] = math.MaxInt
	}
	for len(palette) < min(cap(palette), len(commonest)) {
		next := len(palette)
		if len(palette) >= cap(palette)/4 {
			next = slices.Index(away, slices.Max(away))
		}
		palette = append(palette, commonest[next])
		for i, c := range commonest {
			away[i] = min(away[i], difference(c, commonest[next]))
		}
	}
	out := image.NewPaletted(bounds, palette)
	draw.Draw(out, bounds, picture, bounds.Min, draw.Src)
	return out
}

func difference(a, b color.RGBA) int {
	square := func(x, y uint8) int { return (int(x) - int(y)) * (int(x) - int(y)) }
	return square(a.R, b.R) + square(a.G, b.G) + square(a.B, b.B)
}
