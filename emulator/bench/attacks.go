package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/tokenstage/tokenstage/emulator/internal/gatewaytest"
	"github.com/tokenstage/tokenstage/testkit/client"
)

// attack is somebody who knows what is public or documented, and has a sandbox.
type attack struct {
	decoy       bool // what is attacked is no Tokenstage, and its answers are not looked at
	data, plane string
	control     *client.Client
	caller      *caller
	only        string // what the names of its attacks hold
	names       atomic.Int64
	form        []byte // of 4 MB, with a wrong signature
	head        []byte // of many tiny lines
}

func newAttack(ctx context.Context, p *process, only string) (*attack, error) {
	callers, err := createSandboxes(ctx, p, 1)
	if err != nil {
		return nil, err
	}
	a := &attack{data: p.data, plane: p.control, control: client.New(p.control), caller: callers[0], only: only}
	form := url.Values{
		"Action": {"ApplyToken"}, "Version": {"2020-04-20"}, "AccessKeyId": {a.caller.signer.AccessKeyID},
		"SignatureMethod": {"HMAC-SHA1"}, "SignatureVersion": {"1.0"}, "SignatureNonce": {"n"},
		"Timestamp": {time.Now().UTC().Format(time.RFC3339)}, "Signature": {"f+jcZQjNo24hDU9blDBJmeRtxyE="},
	}.Encode() + "&note=" + strings.Repeat("%25/", 950_000)
	a.form = fmt.Appendf(nil, "POST / HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-www-form-urlencoded\r\n"+
		"Content-Length: %d\r\n\r\n%s", len(form), form)
	a.head = []byte("GET / HTTP/1.1\r\nHost: x\r\n" + strings.Repeat("a: b\r\n", 131_080) + "\r\n")
	return a, nil
}

// at is the same attack at a bare handler.
func (a *attack) at(bare *process) *attack {
	return &attack{
		decoy: true, data: bare.data, plane: bare.data, control: client.New(bare.data), caller: a.caller, only: a.only,
		form: a.form, head: a.head,
	}
}

// all are the attacks by their names. An error is about this program, or an answer that says that the server failed.
func (a *attack) all() map[string]func(context.Context) error {
	all := map[string]func(context.Context) error{
		"a head of tiny lines":         func(ctx context.Context) error { return a.raw(ctx, a.head) },
		"a wrongly signed form":        func(ctx context.Context) error { return a.raw(ctx, a.form) },
		"a form whose reader is slow":  a.slowReader,
		"a parameter of 3.9 MB":        a.longParameter,
		"secrets in a body, read":      a.secretsInABody,
		"blank lines in YAML":          func(ctx context.Context) error { return a.document(ctx, blankLines()) },
		"aliases in YAML":              func(ctx context.Context) error { return a.document(ctx, aliases()) },
		"a long program":               func(ctx context.Context) error { return a.document(ctx, program()) },
		"sandboxes that come and go":   a.comeAndGo,
		"idle connections":             a.idle,
		"forged signatures":            a.forged,
		"deep JSON":                    func(ctx context.Context) error { return a.json(ctx, strings.Repeat("[", 1<<20)) },
		"a journal that nobody reads":  a.unreadJournal,
		"many parameters":              func(ctx context.Context) error { return a.json(ctx, strings.Repeat("a=b&", 1<<20)) },
		"calls whose client goes away": a.leftCalls,
	}
	maps.DeleteFunc(all, func(name string, _ func(context.Context) error) bool { return !strings.Contains(name, a.only) })
	return all
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }

// open is a connection to the data plane that ends with ctx.
func (a *attack) open(ctx context.Context) (net.Conn, func(), error) {
	conn, err := new(net.Dialer).DialContext(ctx, "tcp", a.data)
	if err != nil {
		return nil, nil, err
	}
	stop := context.AfterFunc(ctx, func() { _ = conn.Close() })
	return conn, func() { stop(); _ = conn.Close() }, nil
}

// raw sends what is no good request. It need not be taken to its end.
func (a *attack) raw(ctx context.Context, request []byte) error {
	conn, closeIt, err := a.open(ctx)
	if err != nil {
		return err
	}
	defer closeIt()
	go func() { _, _ = conn.Write(request) }()
	_ = conn.SetReadDeadline(time.Now().Add(5 * time.Second))
	line := make([]byte, 12)
	if _, err := io.ReadFull(conn, line); err != nil {
		return nil //nolint:nilerr // it was cut off, which is an answer
	}
	return notFailed(string(line[9:]))
}

// notFailed is an error where the server says that it failed.
func notFailed(status string) error {
	if strings.HasPrefix(status, "5") && status != "503" {
		return fmt.Errorf("the server failed with status %s", status)
	}
	return nil
}

func (a *attack) slowReader(ctx context.Context) error {
	conn, closeIt, err := a.open(ctx)
	if err != nil {
		return err
	}
	go func() {
		defer closeIt()
		_, _ = conn.Write(a.form)
		_ = waitUntil(ctx, time.Now().Add(2*time.Second)) // and reads nothing
	}()
	return nil
}

func (a *attack) longParameter(ctx context.Context) error {
	signed := a.caller.signer.RPC(gatewaytest.Request{Method: http.MethodPost, Path: "/", Host: "x", Query: url.Values{
		"EndUserId": {strconv.FormatInt(a.names.Add(1), 10) + strings.Repeat("x", 3_900_000)},
	}}, "GetAuthCode", "2021-02-18")
	return a.post(ctx, "application/x-www-form-urlencoded", signed.Query.Encode())
}

func (a *attack) post(ctx context.Context, kind, body string) error {
	return a.raw(ctx, fmt.Appendf(nil, "POST / HTTP/1.1\r\nHost: x\r\nContent-Type: %s\r\nContent-Length: %d\r\n\r\n%s",
		kind, len(body), body))
}

func (a *attack) json(ctx context.Context, body string) error {
	return a.raw(ctx, fmt.Appendf(nil, "POST /apigovernance/api/oauth/tokenByAkSk HTTP/1.1\r\nHost: x\r\n"+
		"Content-Type: application/json\r\nContent-Length: %d\r\n\r\n%s", len(body), body))
}

// secretsInABody fills a journal with fields that look like secrets, and reads it.
func (a *attack) secretsInABody(ctx context.Context) error {
	var body strings.Builder
	body.WriteString(`{"app_key":"` + a.caller.signer.AccessKeyID + `"`)
	for i := range 1500 {
		_, _ = fmt.Fprintf(&body, `,"secret%d":"s%d%d%d"`, i, i, i*i, i)
	}
	if err := a.json(ctx, body.String()+"}"); err != nil {
		return err
	}
	_, err := fetch(ctx, http.MethodGet, "http://"+a.plane+"/v1/requests?limit=20", nil)
	return err
}

// unreadJournal asks for a journal, and for its events, and leaves.
func (a *attack) unreadJournal(ctx context.Context) error {
	for _, path := range []string{"/v1/requests?limit=1000", "/v1/events"} {
		conn, err := new(net.Dialer).DialContext(ctx, "tcp", a.plane)
		if err != nil {
			return err
		}
		_, _ = fmt.Fprintf(conn, "GET %s HTTP/1.1\r\nHost: %s\r\n\r\n", path, a.plane)
		_, _ = conn.Read(make([]byte, 1))
		_ = conn.Close()
	}
	return nil
}

// document has a scenario checked that costs much to read. It is refused, or taken.
func (a *attack) document(ctx context.Context, yaml string) error {
	_, err := fetch(ctx, http.MethodPost, "http://"+a.plane+"/v1/scenarios/check", []byte(yaml))
	return err
}

func blankLines() string { return strings.Repeat("\n", 64<<10) + "name: x" }

func aliases() string {
	return "name: x\nrules:\n- &a {on: '*', script: [pass]}\n" + strings.Repeat("- *a\n", 8000)
}

func program() string {
	const before, after = `{name: x, rules: [{on: "*", when: {params.A: {matches: "`, `"}}, script: [pass]}]}`
	return before + strings.Repeat("(a|b|c){1,900}", 20) + after
}

// comeAndGo makes a sandbox, calls it and removes it, with a call in flight.
func (a *attack) comeAndGo(ctx context.Context) error {
	box, err := a.control.CreateSandbox(ctx, client.Definition{})
	if err != nil {
		return err
	}
	if len(box.Credentials.ACS) == 0 {
		return errors.New("a sandbox without credentials was made")
	}
	key := box.Credentials.ACS[0]
	c := newCaller(a.data, box.ID, key.AccessKeyID, key.AccessKeySecret)
	called := make(chan error, 1)
	go func() {
		signed, err := requests([]*caller{c}, 20)
		for _, one := range signed {
			if err == nil {
				err = a.raw(ctx, one)
			}
		}
		called <- err
	}()
	err = a.control.RemoveSandbox(context.WithoutCancel(ctx), box.ID)
	return errors.Join(err, <-called)
}

// idle holds connections that say nothing, or half of a head.
func (a *attack) idle(ctx context.Context) error {
	for i := range 20 {
		conn, closeIt, err := a.open(ctx)
		if err != nil {
			return err
		}
		if i%2 == 0 {
			_, _ = io.WriteString(conn, "POST / HTTP/1.1\r\nHost: x\r\nX-Half: ")
		}
		go func() {
			defer closeIt()
			_ = waitUntil(ctx, time.Now().Add(time.Second))
		}()
	}
	return nil
}

// forged sends good signatures of something else.
func (a *attack) forged(ctx context.Context) error {
	for range 20 {
		raw, err := a.caller.request()
		if err != nil {
			return err
		}
		for _, change := range [][2]string{
			{"SignedHeaders=", "SignedHeaders=Host;"},
			{"Credential=", "Credential=x,Credential="},
			{"Host: ", "Host: elsewhere."},
		} {
			if err := a.raw(ctx, bytes.Replace(raw, []byte(change[0]), []byte(change[1]), 1)); err != nil {
				return err
			}
		}
	}
	return nil
}

// leftCalls begin calls and go away before their end.
func (a *attack) leftCalls(ctx context.Context) error {
	for i := range 20 {
		raw, err := a.caller.request()
		if err != nil {
			return err
		}
		conn, closeIt, err := a.open(ctx)
		if err != nil {
			return err
		}
		_, _ = conn.Write(raw[:len(raw)-i])
		closeIt()
	}
	return nil
}

// fetch asks the control plane. An answer below 500 is no error.
func fetch(ctx context.Context, method, target string, body []byte) (string, error) {
	req, err := http.NewRequestWithContext(ctx, method, target, bytes.NewReader(body))
	if err != nil {
		return "", err
	}
	req.Header.Set("Content-Type", "application/yaml")
	reply, err := http.DefaultClient.Do(req)
	if err != nil {
		return "", err
	}
	defer reply.Body.Close()
	text, err := io.ReadAll(reply.Body)
	if err != nil {
		return "", err
	}
	return string(text), notFailed(strconv.Itoa(reply.StatusCode))
}

// gauge reads a whole number from metrics as Prometheus writes them.
func gauge(metrics, name string) (int, error) {
	found := regexp.MustCompile(`(?m)^` + name + ` (\S+)$`).FindStringSubmatch(metrics)
	if found == nil {
		return 0, fmt.Errorf("the metrics have no %s", name)
	}
	value, err := strconv.ParseFloat(found[1], 64)
	return int(value), err
}
