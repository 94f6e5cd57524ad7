package control_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"sync"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
	"github.com/getkin/kin-openapi/routers/gorillamux"

	"github.com/tokenstage/tokenstage/openapi"
)

const (
	jsonContent    = "application/json"
	problemContent = "application/problem+json"
)

// checked is a transport that holds every reply of the control plane to its contract, and every request that was
// served: what the contract forbids must not work.
type checked struct {
	tb       testing.TB
	doc      *openapi3.T
	router   routers.Router
	next     http.RoundTripper
	anything bool // requests are not held to the contract, even if served
}

func newChecked(tb testing.TB, next http.RoundTripper) *checked {
	tb.Helper()
	contract, err := loadContract()
	if err != nil {
		tb.Fatal(err)
	}
	contract.tb, contract.next = tb, next
	return &contract
}

// loadContract reads the contract once for all tests.
var loadContract = sync.OnceValues(func() (checked, error) {
	// The decoder of plain text: there is none for certificates.
	openapi3filter.RegisterBodyDecoder("application/x-pem-file", openapi3filter.RegisteredBodyDecoder("text/plain"))
	source, err := openapi.Files.ReadFile("control.yaml")
	if err != nil {
		return checked{}, err
	}
	doc, err := openapi3.NewLoader().LoadFromData(source)
	if err != nil {
		return checked{}, err
	}
	if err := doc.Validate(context.Background()); err != nil {
		return checked{}, err
	}
	router, err := gorillamux.NewRouter(doc)
	return checked{doc: doc, router: router}, err
})

// RoundTrip sends the request and reports what breaks the contract as a failure of the test.
func (c *checked) RoundTrip(req *http.Request) (*http.Response, error) {
	sent, err := drain(&req.Body)
	if err != nil {
		return nil, err
	}
	resp, err := c.next.RoundTrip(req)
	if err != nil {
		return nil, err
	}
	got, err := drain(&resp.Body)
	if err != nil {
		return nil, err
	}
	req.Body = io.NopCloser(bytes.NewReader(sent))
	if err := c.check(req, resp, got); err != nil {
		c.tb.Errorf("%s %s breaks the contract: %v\nstatus %d, body %s", req.Method, req.URL, err, resp.StatusCode, got)
	}
	return resp, nil
}

// drain reads a body and puts it back.
func drain(body *io.ReadCloser) ([]byte, error) {
	if *body == nil {
		return nil, nil
	}
	raw, err := io.ReadAll(*body)
	err = errors.Join(err, (*body).Close())
	*body = io.NopCloser(bytes.NewReader(raw))
	return raw, err
}

func (c *checked) check(req *http.Request, resp *http.Response, body []byte) error {
	if resp.StatusCode >= http.StatusInternalServerError {
		return errors.New("the control plane failed")
	}
	if req.Method == http.MethodHead {
		return nil // no body to judge
	}
	route, params, err := c.router.FindRoute(req)
	if err != nil {
		return c.checkStray(req, resp, body)
	}
	input := &openapi3filter.RequestValidationInput{
		Request: req, Route: route, PathParams: params,
		Options: &openapi3filter.Options{
			AuthenticationFunc: openapi3filter.NoopAuthenticationFunc, IncludeResponseStatus: true,
			SkipSettingDefaults: true, MultiError: true,
		},
	}
	if resp.StatusCode < http.StatusBadRequest && !c.anything {
		if err := openapi3filter.ValidateRequest(req.Context(), input); err != nil {
			return fmt.Errorf("served although not allowed: %w", err)
		}
	}
	return checkReply(req.Context(), input, resp, body)
}

func checkReply(
	ctx context.Context, input *openapi3filter.RequestValidationInput, resp *http.Response, body []byte,
) error {
	if resp.StatusCode == http.StatusNoContent && len(body) > 0 {
		return errors.New("204 with a body")
	}
	return openapi3filter.ValidateResponse(ctx, &openapi3filter.ResponseValidationInput{
		RequestValidationInput: input, Status: resp.StatusCode, Header: resp.Header, Options: input.Options,
		Body: io.NopCloser(bytes.NewReader(body)),
	})
}

// checkStray judges the answer to what the contract does not list: a problem, 404 or 405, unless the guard was first or
// an id is misshapen. OPTIONS tells the methods of a path.
func (c *checked) checkStray(req *http.Request, resp *http.Response, body []byte) error {
	allow := resp.Header.Get("Allow")
	if req.Method == http.MethodOptions && resp.StatusCode == http.StatusNoContent && allow != "" && len(body) == 0 {
		return nil
	}
	switch resp.StatusCode {
	default:
		return errors.New("neither in the contract nor refused")
	case http.StatusMethodNotAllowed:
		if allow == "" {
			return errors.New("405 without Allow")
		}
	case http.StatusBadRequest, http.StatusNotFound, http.StatusUnauthorized, http.StatusForbidden:
	}
	if got := resp.Header.Get("Content-Type"); got != problemContent {
		return fmt.Errorf("content type %q of a problem", got)
	}
	var value any
	if err := unmarshal(body, &value); err != nil {
		return err
	}
	return c.doc.Components.Schemas["Problem"].Value.VisitJSON(value)
}
