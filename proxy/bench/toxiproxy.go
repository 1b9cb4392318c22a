package main

import (
	"bufio"
	"context"
	"debug/buildinfo"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"time"

	toxiproxy "github.com/Shopify/toxiproxy/v2/client"

	"github.com/faultwire/faultwire/proxy"
)

// stockToxiproxy is a toxiproxy-server as it comes, driven through its HTTP API. Its -runtime-metrics tell how many
// goroutines it has, and cost nothing until they are asked for.
func stockToxiproxy(program string) system {
	return system{"toxiproxy", func(ctx context.Context, upstream string, faults ...proxy.Fault) (*path, error) {
		api, err := freeAddr()
		if err != nil {
			return nil, err
		}
		_, port, _ := net.SplitHostPort(api)
		p, err := start(ctx, program, "-host", "127.0.0.1", "-port", port, "-runtime-metrics")
		if err != nil {
			return nil, err
		}
		go func() { _, _ = io.Copy(io.Discard, p.out) }() // it logs every connection
		addr, err := configure(ctx, api, upstream, faults)
		if err != nil {
			p.end()
			return nil, fmt.Errorf("toxiproxy-server: %w", err)
		}
		return &path{addr: addr, process: p, goroutines: func() (float64, error) { return goGoroutines(ctx, api) }}, nil
	}}
}

// freeAddr is where nobody listens. Toxiproxy does not say which port it got if it is asked to choose one.
func freeAddr() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	return l.Addr().String(), l.Close()
}

// configure waits for the API and creates a proxy with its toxics.
func configure(ctx context.Context, api, upstream string, faults []proxy.Fault) (addr string, err error) {
	client := toxiproxy.NewClient(api)
	for {
		if _, err = client.Version(); err == nil {
			break
		}
		select {
		case <-time.After(5 * time.Millisecond):
		case <-ctx.Done():
			return "", errors.Join(ctx.Err(), err)
		}
	}
	p, err := client.CreateProxy("bench", "127.0.0.1:0", upstream)
	if err != nil {
		return "", err
	}
	for _, f := range faults {
		attributes := toxiproxy.Attributes{}
		for k, v := range f.Attributes {
			attributes[k] = v
		}
		if _, err := p.AddToxic(f.ID(), f.Type, string(f.Stream), float32(f.Toxicity), attributes); err != nil {
			return "", err
		}
	}
	return p.Listen, nil
}

func goGoroutines(ctx context.Context, api string) (float64, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+api+"/metrics", nil)
	if err != nil {
		return 0, err
	}
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		return 0, err
	}
	defer answer.Body.Close()
	for in := bufio.NewScanner(answer.Body); in.Scan(); {
		if n, found := strings.CutPrefix(in.Text(), "go_goroutines "); found {
			return strconv.ParseFloat(n, 64)
		}
	}
	return 0, errors.New("no go_goroutines in /metrics")
}

// versionOf is the version a toxiproxy-server was built from. It says only "git" itself if it was built with go install.
func versionOf(program string) (string, error) {
	info, err := buildinfo.ReadFile(program)
	if err != nil {
		return "", fmt.Errorf("-toxiproxy: %w", err)
	}
	if !strings.HasPrefix(info.Main.Path, "github.com/Shopify/toxiproxy") {
		return "", fmt.Errorf("-toxiproxy: %s is no toxiproxy-server but %s", program, info.Path)
	}
	return info.Main.Version, nil
}
