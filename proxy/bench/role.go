package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"os"
	"runtime"
	"time"

	"github.com/faultwire/faultwire/proxy"
)

// roleArg is the first argument of this program run as a proxy: role, upstream and plan follow.
const roleArg = "role"

// play is a proxy's process. It prints its address, then answers each line on its standard input with its number of
// goroutines. It ends with its input, and so with the process that started it.
func play(args []string) error {
	if len(args) != 3 {
		return fmt.Errorf("a role takes its name, an upstream and a plan, not %q", args)
	}
	var addr net.Addr
	switch role, upstream := args[0], args[1]; role {
	case "splice":
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return err
		}
		addr = l.Addr()
		go spliceAll(l, upstream)
	case "faultwire":
		var plan proxy.Plan
		if err := json.Unmarshal([]byte(args[2]), &plan); err != nil {
			return err
		}
		r, err := proxy.Listen(proxy.Config{Upstream: upstream, Plan: plan})
		if err != nil {
			return err
		}
		addr = r.Addr()
	default:
		return fmt.Errorf("no role %q", role)
	}
	fmt.Println(addr)
	for in := bufio.NewScanner(os.Stdin); in.Scan(); {
		fmt.Println(runtime.NumGoroutine())
	}
	return nil
}

// spliceAll is the bare splice proxy, the least that a proxy in Go can cost: io.Copy between two TCP connections moves the
// bytes inside the kernel.
func spliceAll(l net.Listener, upstream string) {
	for {
		c, err := l.Accept()
		if err != nil {
			time.Sleep(10 * time.Millisecond) // out of descriptors: each direction holds a pipe
			continue
		}
		go func() {
			defer c.Close()
			up, err := net.Dial("tcp", upstream)
			if err != nil {
				return
			}
			defer up.Close()
			back := make(chan struct{})
			go func() {
				defer close(back)
				_, _ = io.Copy(c, up)
				_ = c.(*net.TCPConn).CloseWrite()
			}()
			_, _ = io.Copy(up, c)
			_ = up.(*net.TCPConn).CloseWrite()
			<-back
		}()
	}
}
