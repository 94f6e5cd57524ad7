package emulator_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/tokenstage/tokenstage/emulator/internal/gatewaytest"
)

// The Node client @alicloud/openapi-core 1.0.8 sends its bodies chunked and without a length: signatures cover the body
// without that coding.
func TestChunkedBodyIsTransparent(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	server := httptest.NewServer(w.handler)
	t.Cleanup(server.Close)
	op := operation(t, w, "aicontent", "CreateAccessWarrant")
	signed := w.acs.V3(gatewaytest.Request{
		Method: http.MethodPost, Path: op.Path, Host: strings.TrimPrefix(server.URL, "http://"), Body: `{"appId":"a123"}`,
		Header: http.Header{"Content-Type": {"application/json; charset=utf-8"}},
	}, op.Action, op.Version)
	// A reader whose length is unknown goes out chunked.
	body := io.MultiReader(strings.NewReader(signed.Body[:5]), strings.NewReader(signed.Body[5:]))
	req, err := http.NewRequestWithContext(t.Context(), signed.Method, server.URL+signed.Path, body)
	if err != nil {
		t.Fatal(err)
	}
	req.Header = signed.Header
	resp, err := server.Client().Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != http.StatusOK || !strings.Contains(string(text), `"success":true`) {
		t.Errorf("%v: %d %s", err, resp.StatusCode, text)
	}
}
