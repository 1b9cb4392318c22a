// Command go-net-http tests net/http: get URL, head URL, post URL FILE, or session. Client.Timeout bounds the whole exchange,
// the body's reading included; unset, there is none.
package main

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strconv"
	"strings"
	"syscall"
	"time"
)

var codes = map[string]int{"ok": 0, "other": 1, "timeout": 10, "reset": 11, "closed": 12, "refused": 13, "corrupt": 14, "protocol": 15}

// untyped is what net/http says without a type to know it by.
var untyped = map[string]string{
	"unexpected EOF": "closed", "malformed": "protocol", "bad Content-Length": "protocol", "chunk length": "protocol",
}

var client = &http.Client{}

// exchange returns what came of the body also beside an error.
func exchange(method, url, payload string, fresh bool, timeout time.Duration) (received []byte, err error) {
	if fresh {
		client.CloseIdleConnections()
	}
	var body io.Reader
	if payload != "" {
		data, err := os.ReadFile(payload)
		if err != nil {
			return nil, err
		}
		body = bytes.NewReader(data)
	}
	request, err := http.NewRequest(method, url, body)
	if err != nil {
		return nil, err
	}
	if body != nil {
		request.Header.Set("Content-Type", "application/octet-stream")
	}
	client.Timeout = timeout
	response, err := client.Do(request)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	received, err = io.ReadAll(response.Body)
	if err == nil && response.StatusCode/100 != 2 {
		err = errors.New("status " + response.Status)
	}
	return received, err
}

func outcome(err error) string {
	var wait net.Error
	switch {
	case err == nil:
		return "ok"
	case errors.As(err, &wait) && wait.Timeout():
		return "timeout"
	case errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.EPIPE):
		return "reset"
	case errors.Is(err, syscall.ECONNREFUSED):
		return "refused"
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return "closed"
	}
	for text, word := range untyped {
		if strings.Contains(err.Error(), text) {
			return word
		}
	}
	return "other"
}

func main() {
	mode, args := os.Args[1], os.Args[2:]
	switch mode {
	case "get", "head", "post":
		timeout, _ := strconv.Atoi(os.Getenv("FAULTWIRE_TIMEOUT_MS"))
		received, err := exchange(strings.ToUpper(mode), args[0], strings.Join(args[1:], ""), false, time.Duration(timeout)*time.Millisecond)
		os.Stdout.Write(received)
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
		}
		os.Exit(codes[outcome(err)])
	case "session":
		session()
	default:
		os.Exit(89)
	}
}

func session() {
	for requests, replies := bufio.NewScanner(os.Stdin), json.NewEncoder(os.Stdout); requests.Scan(); {
		var r struct {
			ID                         int
			Kind, Method, URL, Payload string
			Fresh                      bool
			Timeout                    time.Duration `json:"timeout_ms"`
		}
		if err := json.Unmarshal(requests.Bytes(), &r); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(2)
		}
		reply := map[string]any{"id": r.ID, "outcome": "unsupported"}
		if r.Kind == "http" && (r.Method == "GET" || r.Method == "HEAD" || r.Method == "POST") {
			received, err := exchange(r.Method, r.URL, r.Payload, r.Fresh, r.Timeout*time.Millisecond)
			if err != nil {
				reply["detail"] = err.Error()
			}
			reply["outcome"], reply["bytes"], reply["sha256"] = outcome(err), len(received), fmt.Sprintf("%x", sha256.Sum256(received))
		}
		replies.Encode(reply)
	}
	client.CloseIdleConnections()
}
