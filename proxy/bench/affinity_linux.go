package main

import (
	"os"
	"runtime"
	"strconv"

	"golang.org/x/sys/unix"
)

// onOneCPU pins this process, and those it starts meanwhile, to one CPU.
func onOneCPU(do func() error) error {
	var all, one unix.CPUSet
	if err := unix.SchedGetaffinity(0, &all); err != nil {
		return err
	}
	for cpu := 0; one.Count() == 0; cpu++ {
		if all.IsSet(cpu) {
			one.Set(cpu)
		}
	}
	// With one goroutine at a time no thread is woken for work that another of the same CPU does anyway.
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	defer func() { _ = pinThreads(&all) }()
	if err := pinThreads(&one); err != nil {
		return err
	}
	return do()
}

// pinThreads pins all threads of this process. A new one is where the one is that starts it, so the second look finds those
// that were started during the first.
func pinThreads(cpus *unix.CPUSet) error {
	for range 2 {
		threads, err := os.ReadDir("/proc/self/task")
		if err != nil {
			return err
		}
		for _, t := range threads {
			id, err := strconv.Atoi(t.Name())
			if err != nil {
				return err
			}
			if err := unix.SchedSetaffinity(id, cpus); err != nil && err != unix.ESRCH {
				return err
			}
		}
	}
	return nil
}
