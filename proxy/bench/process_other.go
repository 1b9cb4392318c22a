//go:build !linux

package main

import "os/exec"

// contain leaves the process as it is: roles of this program end with their standard input.
func contain(*exec.Cmd) {}
