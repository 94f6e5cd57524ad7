package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"sync"
	"time"
)

// answer is what came back for a request.
type answer struct {
	Status  int
	Header  http.Header
	Body    []byte
	latency time.Duration
}

// load is how requests are sent: over so many connections, one at a time on each. With a rate, of requests a second in
// all, none is sent before its time; without one, each when the answer before it has come.
type load struct{ conns, rate int }

// drive sends the requests and returns the answers in their order.
func (l load) drive(ctx context.Context, addr string, requests [][]byte) ([]answer, error) {
	answers := make([]answer, len(requests))
	failures := make([]error, min(l.conns, len(requests)))
	var pause time.Duration
	if l.rate > 0 {
		pause = time.Second / time.Duration(l.rate)
	}
	var driving sync.WaitGroup
	for first := range failures {
		driving.Go(func() {
			failures[first] = driveOne(ctx, addr, first, len(failures), pause, requests, answers)
		})
	}
	driving.Wait()
	return answers, errors.Join(failures...)
}

// driveOne sends every step-th request over one connection, the n-th of all not before n pauses have passed.
func driveOne(
	ctx context.Context, addr string, first, step int, pause time.Duration, requests [][]byte, answers []answer,
) error {
	var dialer net.Dialer
	conn, err := dialer.DialContext(ctx, "tcp", addr)
	if err != nil {
		return err
	}
	defer conn.Close()
	defer context.AfterFunc(ctx, func() { _ = conn.Close() })()
	in := bufio.NewReader(conn)
	start := time.Now()
	for i := first; i < len(requests); i += step {
		if err := await(ctx, start.Add(time.Duration(i)*pause)); err != nil {
			return err
		}
		begun := time.Now()
		if _, err := conn.Write(requests[i]); err != nil {
			return fmt.Errorf("send request %d: %w", i, err)
		}
		if answers[i], err = readAnswer(in); err != nil {
			return fmt.Errorf("read answer %d: %w", i, err)
		}
		answers[i].latency = time.Since(begun)
	}
	return nil
}

// await lasts until then, or until ctx ends.
func await(ctx context.Context, then time.Time) error {
	rest := time.Until(then)
	if rest <= 0 {
		return nil
	}
	select {
	case <-time.After(rest):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func readAnswer(in *bufio.Reader) (answer, error) {
	resp, err := http.ReadResponse(in, nil)
	if err != nil {
		return answer{}, err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	return answer{Status: resp.StatusCode, Header: resp.Header, Body: body}, err
}
