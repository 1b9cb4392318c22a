// Package reports is the result model and its writers.
//
// A [Run] is everything one run found. [Run.WriteFolder] keeps it as results.json, with the evidence of what did not pass
// beside it; all other files, such as junit.xml ([Run.WriteJUnit]), and the terminal's summary ([Run.WriteSummary]) are pure
// functions of a Run with its evidence: they ask neither the clock nor the host, so that a report read back gives the same files.
//
// Nothing that a target prints can forge or break a report: every string passes one filter before it is written.
package reports
