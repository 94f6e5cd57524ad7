package client_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tokenstage/tokenstage/testkit/client"
)

// What the server says of its gateways counts, with the address by which this process reaches it.
func TestEndpointsAreThoseOfTheServer(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = fmt.Fprint(w, `{"id":"a","endpoints":{"data":"http://10.0.0.9:4010","control":"http://10.0.0.9:4011",`+
			`"acs":"10.0.0.9:4010","top":"http://10.0.0.9:4010/some/path","fabric":"http://10.0.0.9:4010/below",`+
			`"oss":"http://10.0.0.9:4010"}}`)
	}))
	t.Cleanup(server.Close)
	box := client.NewEmulator(client.New(server.URL), "127.0.0.1:32768").Sandbox(t)
	want := client.Endpoints{
		Data: "http://127.0.0.1:32768", Control: server.URL, ACS: "127.0.0.1:32768",
		Top: "http://127.0.0.1:32768/some/path", Fabric: "http://127.0.0.1:32768/below",
		OSS: "http://127.0.0.1:32768",
	}
	if diff := cmp.Diff(want, box.Endpoints); diff != "" {
		t.Error(diff)
	}
}
