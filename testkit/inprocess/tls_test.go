package inprocess_test

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"strings"
	"syscall"
	"testing"

	"github.com/tokenstage/tokenstage/testkit/client"
	"github.com/tokenstage/tokenstage/testkit/inprocess"
)

// askAt asks for an access token at a base URL.
func askAt(t *testing.T, through *http.Client, base string, app client.App) (status int, err error) {
	t.Helper()
	body := fmt.Sprintf(`{"app_key":%q,"app_secret":%q}`, app.AppKey, app.AppSecret)
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, base+tokenPath, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/json")
	response, err := through.Do(request)
	if err != nil {
		return 0, err
	}
	return response.StatusCode, response.Body.Close()
}

func TestHTTPClientReachesTheEmulatorUnderEveryName(t *testing.T) {
	t.Parallel()
	em := inprocess.Start(t, inprocess.WithTLS())
	box := em.Sandbox(t)
	app := em.HTTPClient(t)
	bases := []string{
		"https://service.besclouds.com", "https://service.besclouds.com:28070", "http://service.besclouds.com",
		em.TLSURL(), em.URL(), box.Endpoints.TLS, "https://localhost",
	}
	for _, base := range bases {
		if status, err := askAt(t, app, base, box.Fabric); err != nil || status != http.StatusOK {
			t.Errorf("%s: %d, %v", base, status, err)
		}
	}
	box.Expect(t, "ccmessaging.tokenByAkSk").Outcome("ok").Times(len(bases))
	if url := box.Requests(client.Filter{})[1].Request.URL; url != "https://service.besclouds.com:28070"+tokenPath {
		t.Errorf("the journal says %s", url)
	}
	if status, err := askAt(t, app, "https://example.com", box.Fabric); err == nil {
		t.Errorf("example.com is served: %d", status)
	}
}

// A container engine elsewhere is reached at an address that no certificate names.
func TestHTTPClientAtTheEmulatorsOwnAddress(t *testing.T) {
	t.Parallel()
	em := inprocess.Start(t, inprocess.WithTLS())
	_, port, err := net.SplitHostPort(em.TLSAddr())
	if err != nil {
		t.Fatal(err)
	}
	elsewhere := em.WithTLS(net.JoinHostPort("0.0.0.0", port)) // connects to this machine
	box := elsewhere.Sandbox(t)
	if status, err := askAt(t, elsewhere.HTTPClient(t), elsewhere.TLSURL(), box.Fabric); err != nil || status != http.StatusOK {
		t.Errorf("%d, %v", status, err)
	}
}

func TestConnectOverTLS(t *testing.T) {
	t.Parallel()
	em := inprocess.Start(t, inprocess.WithTLS())
	shared := client.Connect(t, em.Control().URL())
	if shared.TLSAddr() != em.TLSAddr() || em.TLSAddr() == "" {
		t.Errorf("found %q, want %q", shared.TLSAddr(), em.TLSAddr())
	}
	box := shared.Sandbox(t)
	if _, err := askAt(t, shared.HTTPClient(t), "https://service.besclouds.com", box.Fabric); err != nil {
		t.Error(err)
	}
	box.Expect(t, "*").Once()
}

// A scripted reset reaches the app under test as one, through the encryption too.
func TestResetOverTLS(t *testing.T) {
	t.Parallel()
	em := inprocess.Start(t, inprocess.WithTLS())
	box := em.Sandbox(t, client.Script("reset", "name: reset\nrules: [{on: ccmessaging.tokenByAkSk, script: [{network: reset}]}]"))
	if _, err := askAt(t, em.HTTPClient(t), em.TLSURL(), box.Fabric); !errors.Is(err, syscall.ECONNRESET) {
		t.Errorf("the client felt %v", err)
	}
}

func TestWithoutTLS(t *testing.T) {
	t.Parallel()
	em := inprocess.Start(t)
	if em.TLSAddr() != "" || em.TLSURL() != "" || em.Sandbox(t).Endpoints.TLS != "" {
		t.Errorf("an address %q, %q", em.TLSAddr(), em.TLSURL())
	}
	box := em.Sandbox(t)
	app := em.HTTPClient(t)
	if status, err := askAt(t, app, "http://service.besclouds.com", box.Fabric); err != nil || status != http.StatusOK {
		t.Errorf("%d, %v", status, err)
	}
	if _, err := askAt(t, app, "https://service.besclouds.com", box.Fabric); err == nil || !strings.Contains(err.Error(), "WithTLS") {
		t.Errorf("says %v", err)
	}
}
