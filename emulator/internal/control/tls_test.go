package control_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/tokenstage/tokenstage/emulator"
	"github.com/tokenstage/tokenstage/emulator/internal/control"
)

func TestWithoutTLSThereIsNoCA(t *testing.T) {
	t.Parallel()
	w := open(t)
	if p := w.refused(t, http.MethodGet, "/ca.pem", "", http.StatusNotFound); !strings.Contains(p.Detail, "--tls-addr") {
		t.Errorf("says %q", p.Detail)
	}
	if url, there := w.create(t, "{}").Endpoints["tls"]; there {
		t.Errorf("endpoint %q", url)
	}
}

func TestTLS(t *testing.T) {
	t.Parallel()
	const ca = "-----BEGIN CERTIFICATE-----\nfake\n-----END CERTIFICATE-----\n"
	w := open(t, func(_ *emulator.Options, o *control.Options) { o.TLS, o.CA = "127.0.0.1:4443", []byte(ca) })
	got := w.call(t, http.MethodGet, "/ca.pem", "", http.StatusOK)
	if got.body != ca || got.header.Get("Content-Type") != "application/x-pem-file" {
		t.Errorf("got %v, %s", got.header, got.body)
	}
	if url := w.create(t, "{}").Endpoints["tls"]; url != "https://127.0.0.1:4443" {
		t.Errorf("endpoint %q", url)
	}
}
