// Command bench measures what the relay costs and how exact it is, beside a stock toxiproxy-server, a bare splice proxy and
// no proxy at all, and writes the figures and their ratios as a markdown table:
//
//	go run ./proxy/bench -toxiproxy bin/toxiproxy-server -o proxy/BENCHMARKS.md
//
// Clients and servers live in this process; every proxy is a process of its own, started afresh for each figure. In a round
// all systems take their turn at one figure before the next begins, and the turns rotate from round to round: a machine that
// is slow for a while is slow for all of them. The ratios hold better than the figures.
package main

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"math"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"
	"time"
)

func main() {
	if len(os.Args) > 1 && os.Args[1] == roleArg {
		if err := play(os.Args[2:]); err != nil {
			fmt.Fprintln(os.Stderr, "bench:", err)
			os.Exit(1)
		}
		return
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		stop()
		os.Exit(1)
	}
}

func run(ctx context.Context) error {
	rounds := flag.Int("rounds", 5, "how often each figure is taken; the table has the medians")
	only := flag.String("only", "", "take only these, separated by commas: "+strings.Join(names(catalogue(1)), ","))
	stock := flag.String("toxiproxy", "", "the toxiproxy-server to compare with; without one its column stays empty")
	out := flag.String("o", "", "the file to write; default: standard output")
	flag.Parse()
	if flag.NArg() > 0 || *rounds < 1 {
		return errors.New("no arguments but flags, and at least one round; see -h")
	}

	measures, err := choose(catalogue(*rounds), *only)
	if err != nil {
		return err
	}
	systems := []system{direct, splice, faultwire}
	version := ""
	if *stock != "" {
		if version, err = versionOf(*stock); err != nil {
			return err
		}
		systems = append(systems, stockToxiproxy(*stock))
	}

	began := time.Now()
	results := newResults(measures)
	for round := range *rounds {
		for _, m := range measures {
			for i := range systems {
				s := systems[(i+round)%len(systems)]
				if !slices.Contains(m.on, s.name) {
					continue
				}
				values, err := takeOne(ctx, m, s)
				if ctx.Err() != nil {
					return errors.New("interrupted; nothing was written")
				}
				results.add(m, s.name, values, err)
				progress(round+1, *rounds, m, s.name, values, err)
			}
		}
	}

	var page bytes.Buffer
	writePage(&page, header{
		Command: strings.Join(append([]string{"go run ./proxy/bench"}, os.Args[1:]...), " "),
		Rounds:  *rounds, Began: began, Took: time.Since(began), Toxiproxy: version,
	}, results)
	if *out == "" {
		_, err = os.Stdout.Write(page.Bytes())
	} else {
		err = os.WriteFile(*out, page.Bytes(), 0o644)
	}
	if err == nil && len(results.failures) > 0 {
		err = fmt.Errorf("%d figures could not be taken; the page says which", len(results.failures))
	}
	return err
}

// takeOne bounds a measure: whatever hangs, the run goes on.
func takeOne(ctx context.Context, m measure, s system) ([]float64, error) {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	values, err := m.take(ctx, s)
	if err != nil {
		values = make([]float64, len(m.figures))
		for i := range values {
			values[i] = math.NaN()
		}
	}
	return values, err
}

func choose(all []measure, only string) ([]measure, error) {
	if only == "" {
		return all, nil
	}
	wanted := strings.Split(only, ",")
	for _, w := range wanted {
		if !slices.Contains(names(all), w) {
			return nil, fmt.Errorf("-only %q: there are %s", w, strings.Join(names(all), ", "))
		}
	}
	return slices.DeleteFunc(all, func(m measure) bool { return !slices.Contains(wanted, m.name) }), nil
}

func progress(round, rounds int, m measure, system string, values []float64, err error) {
	var b strings.Builder
	fmt.Fprintf(&b, "%d/%d %-10s %s", round, rounds, system, m.name)
	for i, f := range m.figures {
		fmt.Fprintf(&b, "; %s %s", f.name, number(values[i]))
	}
	if err != nil {
		fmt.Fprintf(&b, ": %v", err)
	}
	fmt.Fprintln(os.Stderr, b.String())
}
