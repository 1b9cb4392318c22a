package reports

import "strings"

// Text tells the result in full, as [Run.WriteSummary] tells a failure: the requirement, what was expected and seen, why it
// matters, what to do. It is for those who show results one at a time, such as a test framework.
func (res *Result) Text() string {
	alone := *res
	alone.Observation = nil
	p := &page{Run: (&Run{Results: []Result{alone}}).cleaned(), Look: Look{Width: 100}, told: map[string]string{}}
	safe := &p.Results[0]
	p.line(0, oneLine(safe.Target+"  "+safe.Case.ID)+"\n"+oneLine(safe.Case.Title)+"\n")
	if safe.Verdict == Error { // the requirement is not at fault: why it matters and how to keep it would mislead
		p.entry("Reason", safe.Reason)
		p.lastWords(safe)
		p.entry("Run alone", oneLine(safe.Replay))
	} else {
		p.story(safe)
	}
	return strings.TrimRight(p.out.String(), "\n")
}
