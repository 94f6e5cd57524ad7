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

// answer is the response to a request.
type answer struct {
	Status  int
	Header  http.Header
	Body    []byte
	latency time.Duration
}

// load says how requests are sent: over conns connections, one request at a time on each. With a rate, in requests a
// second over all connections, each request waits for its time; without one it is sent once the previous answer came.
type load struct{ conns, rate int }

// send sends the requests and returns the answers in the same order.
func (l load) send(ctx context.Context, addr string, requests [][]byte) ([]answer, error) {
	answers := make([]answer, len(requests))
	failures := make([]error, min(l.conns, len(requests)))
	var pause time.Duration
	if l.rate > 0 {
		pause = time.Second / time.Duration(l.rate)
	}
	var senders sync.WaitGroup
	for first := range failures {
		senders.Go(func() {
			failures[first] = sendOver(ctx, addr, first, len(failures), pause, requests, answers)
		})
	}
	senders.Wait()
	return answers, errors.Join(failures...)
}

// sendOver sends every step-th request over one connection. Request i is not sent before i pauses have passed.
func sendOver(
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
		if err := waitUntil(ctx, start.Add(time.Duration(i)*pause)); err != nil {
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

// waitUntil waits until that time, or until ctx ends.
func waitUntil(ctx context.Context, at time.Time) error {
	rest := time.Until(at)
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
