package reports

import (
	"bytes"
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"html/template"
	"io"
	"strings"
)

const htmlFile = "report.html"

var (
	//go:embed html.gohtml
	htmlTemplate string
	//go:embed html.css
	htmlStyle string
	//go:embed html.js
	htmlScript string
)

// htmlPage is the page's template, with the timelines' as "timeline". What is template.CSS, template.JS and so on in it are
// Faultwire's own files; what a run or a target says is text, and escaped as the place asks for it.
var htmlPage = func() *template.Template {
	sum := sha256.Sum256([]byte(htmlScript))
	t := timelineFiles()
	return template.Must(t.New("page").Funcs(template.FuncMap{
		"style":  func() template.CSS { return template.CSS(htmlStyle + timelineStyle) },
		"script": func() template.JS { return template.JS(htmlScript) },
		"policy": func() string {
			return "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'; " +
				"script-src 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"
		},
		"upper": strings.ToUpper,
	}).Parse(htmlTemplate))
}()

// WriteHTML writes the run as one page that needs nothing else: no network, and a script only to filter and to copy. It links to
// the evidence beside it.
func (r *Run) WriteHTML(w io.Writer) error {
	var out bytes.Buffer
	if err := htmlPage.Execute(&out, r.cleaned().sheet()); err != nil {
		return err
	}
	_, err := w.Write(out.Bytes())
	return err
}
