package reports

import (
	"bytes"
	_ "embed"
	"html/template"
)

var (
	//go:embed timeline.css
	timelineStyle string
	//go:embed timeline.gohtml
	timelineTemplate string
)

// timelineFiles makes the template of a file with timelines. The page has it, too, for the "timeline" in it.
func timelineFiles() *template.Template {
	return template.Must(template.New("timeline.svg").Funcs(template.FuncMap{
		"picturestyle": func() template.CSS { return template.CSS(timelineStyle) },
	}).Parse(timelineTemplate))
}

var timelineSVG = timelineFiles()

// eventsFile is the evidence that a timeline is drawn of, beside the observation.
const eventsFile = "trace.jsonl"

// timelineSVG is the result's timelines as a file of their own.
func (r *Run) timelineSVG(res *Result) ([]byte, error) {
	file := struct {
		Height   int
		Pictures []*timeline
	}{Pictures: r.sight(res).timelines(res)}
	const margin, caption = 12, 22
	for i, t := range file.Pictures {
		t.ID = string(rune('0' + i))
		file.Height += margin
		if t.Caption != "" {
			file.Height += caption
		}
		t.Y = file.Height
		file.Height += t.Height
	}
	file.Height = max(file.Height, 2*margin) + margin
	var b bytes.Buffer
	err := timelineSVG.Execute(&b, file)
	return append(b.Bytes(), '\n'), err
}
