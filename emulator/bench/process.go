package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// process is a server that this program started.
type process struct {
	data, control string // where it listens, as host:port

	cmd     *exec.Cmd
	cancel  context.CancelFunc
	drained chan struct{} // closed once the log was read to its end
}

// stopLimit is how long a server may take to stop before it is killed.
const stopLimit = 5 * time.Second

// start starts a program and waits until its log names the addresses at which it serves.
func start(ctx context.Context, input io.Reader, env []string, program string, args ...string) (*process, error) {
	ctx, cancel := context.WithCancel(ctx)
	p := &process{cmd: exec.CommandContext(ctx, program, args...), cancel: cancel, drained: make(chan struct{})}
	p.cmd.Env, p.cmd.Stdin, p.cmd.WaitDelay = append(os.Environ(), env...), input, stopLimit
	p.cmd.Cancel = func() error { return p.cmd.Process.Signal(os.Interrupt) }
	log, err := p.cmd.StderrPipe()
	if err == nil {
		err = p.cmd.Start()
	}
	if err != nil {
		cancel()
		return nil, fmt.Errorf("start %s: %w", program, err)
	}
	lines := bufio.NewReader(log)
	err = p.readAddresses(lines)
	go func() {
		_, _ = io.Copy(io.Discard, lines)
		close(p.drained)
	}()
	if err != nil {
		p.stop()
		return nil, fmt.Errorf("start %s: %w", program, err)
	}
	return p, nil
}

// readAddresses reads the JSON log of the process up to the line that names the addresses.
func (p *process) readAddresses(log *bufio.Reader) error {
	for {
		line, err := log.ReadBytes('\n')
		if err != nil {
			return fmt.Errorf("it ended before it served requests: %w", err)
		}
		var serving struct{ Msg, Data, Control string }
		if json.Unmarshal(line, &serving) == nil && serving.Msg == "serving" {
			p.data, p.control = serving.Data, serving.Control
			return nil
		}
	}
}

func (p *process) stop() {
	p.cancel()
	<-p.drained
	_ = p.cmd.Wait() // its error says only that the process was told to stop
}

// tick is the unit of time in /proc: 1/USER_HZ, and USER_HZ is 100 on every Linux.
const tick = 10 * time.Millisecond

// cpu returns the processor time of the process, in user mode and in the kernel: proc(5), /proc/pid/stat, fields 14
// and 15.
func (p *process) cpu() (time.Duration, error) {
	raw, err := os.ReadFile(p.proc("stat"))
	if err != nil {
		return 0, err
	}
	after := raw[bytes.LastIndexByte(raw, ')')+1:] // the name before it may hold blanks
	fields := strings.Fields(string(after))
	if len(fields) < 13 {
		return 0, errors.New("/proc/pid/stat is too short")
	}
	user, err := strconv.ParseInt(fields[11], 10, 64)
	if err != nil {
		return 0, err
	}
	system, err := strconv.ParseInt(fields[12], 10, 64)
	return time.Duration(user+system) * tick, err
}

// cpuOfThreads returns the processor time of the threads that the process has, to the nanosecond: the first number of
// each /proc/pid/task/tid/schedstat. Threads that ended are not in it, which in a process that just started are few.
func (p *process) cpuOfThreads() (sum time.Duration, err error) {
	files, err := filepath.Glob(p.proc("task/*/schedstat"))
	if err != nil {
		return 0, err
	}
	for _, file := range files {
		raw, err := os.ReadFile(file)
		if err != nil {
			continue // the thread ended
		}
		first, _, _ := strings.Cut(string(raw), " ")
		nanoseconds, err := strconv.ParseInt(first, 10, 64)
		if err != nil {
			return 0, fmt.Errorf("%s: %w", file, err)
		}
		sum += time.Duration(nanoseconds)
	}
	return sum, nil
}

// resident returns the resident memory of the process, in MB: proc(5), /proc/pid/status, VmRSS.
func (p *process) resident() (float64, error) {
	raw, err := os.ReadFile(p.proc("status"))
	if err != nil {
		return 0, err
	}
	_, after, found := strings.Cut(string(raw), "VmRSS:")
	fields := strings.Fields(after)
	if !found || len(fields) == 0 {
		return 0, errors.New("/proc/pid/status has no VmRSS")
	}
	kilobytes, err := strconv.ParseFloat(fields[0], 64)
	return kilobytes / 1024, err
}

func (p *process) proc(file string) string {
	return "/proc/" + strconv.Itoa(p.cmd.Process.Pid) + "/" + file
}
