// Package client is a typed Go client of Tokenstage's control API. It needs the standard library only, and the types
// that are generated from the contract of that API.
package client

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"
)

const (
	// maxReply bounds what is read of one reply: the largest page of a journal fits with room to spare.
	maxReply = 64 << 20
	// defaultTimeout bounds a call whose context has no deadline.
	defaultTimeout = 30 * time.Second
)

// Client calls the control plane of one Tokenstage. It is safe for concurrent use. A method whose call was answered
// with an error returns one that wraps a *Problem; where no answer came, the error of net/http.
type Client struct {
	base  string
	token string
	http  *http.Client
}

// Option configures a Client.
type Option func(*Client)

// WithToken sends the control plane's token with every call.
func WithToken(token string) Option { return func(c *Client) { c.token = token } }

// WithHTTPClient makes calls through an HTTP client of the caller's. Without it calls end after 30 seconds.
func WithHTTPClient(h *http.Client) Option { return func(c *Client) { c.http = h } }

// New returns a client of the control plane at baseURL, such as "http://127.0.0.1:4011". An address without a scheme is
// taken for one of plain HTTP.
func New(baseURL string, options ...Option) *Client {
	if !strings.Contains(baseURL, "://") {
		baseURL = "http://" + baseURL
	}
	c := &Client{base: strings.TrimRight(baseURL, "/"), http: &http.Client{Timeout: defaultTimeout}}
	for _, set := range options {
		set(c)
	}
	return c
}

// URL is the base URL of the control plane, without a slash at its end.
func (c *Client) URL() string { return c.base }

// Health returns nil when the emulator answers.
func (c *Client) Health(ctx context.Context) error {
	_, err := call[json.RawMessage](ctx, c, http.MethodGet, "/healthz", nil)
	return err
}

// CA is the certificate, in PEM, that clients of the data plane over HTTPS have to trust. Where that is off the error
// is a *Problem of status 404.
func (c *Client) CA(ctx context.Context) ([]byte, error) {
	return c.do(ctx, http.MethodGet, "/ca.pem", nil)
}

// call makes one call and decodes its reply. A body of nil sends none.
func call[T any](ctx context.Context, c *Client, method, path string, body any) (T, error) {
	var reply T
	raw, err := c.do(ctx, method, path, body)
	if err != nil {
		return reply, err
	}
	if err := json.Unmarshal(raw, &reply); err != nil {
		return reply, fmt.Errorf("%s %s: the reply of %s is none of a control plane: %w", method, path, c.base, err)
	}
	return reply, nil
}

// run makes one call whose reply has nothing to say.
func (c *Client) run(ctx context.Context, method, path string) error {
	_, err := c.do(ctx, method, path, nil)
	return err
}

// do returns the body of a reply that tells of success, and a *Problem for any other.
func (c *Client) do(ctx context.Context, method, path string, body any) ([]byte, error) {
	return c.doAs(ctx, method, path, body, "")
}

// doAs does so, and asks for a media type where one is given.
func (c *Client) doAs(ctx context.Context, method, path string, body any, accept string) ([]byte, error) {
	req, err := c.request(ctx, method, path, body)
	if err != nil {
		return nil, fmt.Errorf("%s %s: %w", method, path, err)
	}
	if accept != "" {
		req.Header.Set("Accept", accept)
	}
	reply, err := c.http.Do(req)
	if err != nil {
		return nil, err // it names method and URL
	}
	defer func() { _ = reply.Body.Close() }()
	raw, err := io.ReadAll(io.LimitReader(reply.Body, maxReply+1))
	switch {
	case err != nil:
		return nil, fmt.Errorf("%s %s: read the reply: %w", method, path, err)
	case len(raw) > maxReply:
		return nil, fmt.Errorf("%s %s: the reply has more than %d bytes", method, path, maxReply)
	case reply.StatusCode < 200 || reply.StatusCode > 299:
		return nil, fmt.Errorf("%s %s: %w", method, path, readProblem(reply.StatusCode, raw))
	}
	return raw, nil
}

func (c *Client) request(ctx context.Context, method, path string, body any) (*http.Request, error) {
	raw, contentType, err := encode(body)
	if err != nil {
		return nil, fmt.Errorf("encode the body: %w", err)
	}
	req, err := http.NewRequestWithContext(ctx, method, c.base+path, bytes.NewReader(raw))
	if err != nil {
		return nil, err
	}
	if contentType != "" {
		req.Header.Set("Content-Type", contentType)
	}
	if c.token != "" {
		req.Header.Set("Authorization", "Bearer "+c.token)
	}
	return req, nil
}

// encode makes the bytes of a body, and says what they are: none for nil, a document as it was written, else JSON.
func encode(body any) (raw []byte, contentType string, err error) {
	switch body := body.(type) {
	case nil:
		return nil, "", nil
	case document:
		return []byte(body), "application/yaml", nil
	}
	raw, err = json.Marshal(body)
	return raw, "application/json", err
}

// sandboxPath is the path of something of a sandbox.
func sandboxPath(id string, parts ...string) string {
	path := "/v1/sandboxes/" + url.PathEscape(id)
	for _, part := range parts {
		path += "/" + url.PathEscape(part)
	}
	return path
}
