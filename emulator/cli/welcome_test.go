package cli_test

import (
	"io"
	"net/http"
	"net/http/cookiejar"
	"strings"
	"testing"
)

// What serve prints for a browser opens the console: as it stands, and with the token in the address.
func TestPrintedConsoleOpens(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		args    []string
		address string
		status  int // of the address without a cookie
	}{
		"no token":       {nil, `(?m)^console {2,}(http://\S+/console/)$`, http.StatusOK},
		"asks for it":    {[]string{"--control-addr", "0.0.0.0:0"}, `(?m)^console {2,}(http://\S+/console/)$`, http.StatusUnauthorized},
		"holds it":       {[]string{"--control-addr", "0.0.0.0:0"}, `(?m)^open {2,}(\S+)$`, http.StatusOK},
		"given, unshown": {[]string{"--control-token", givenToken}, `(?m)^console {2,}(http://\S+/console/)$`, http.StatusUnauthorized},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := serve(t, nil, c.args...)
			address := s.await(t, c.address)[1]
			jar, err := cookiejar.New(nil)
			if err != nil {
				t.Fatal(err)
			}
			req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, address, nil)
			if err != nil {
				t.Fatal(err)
			}
			resp, err := (&http.Client{Jar: jar}).Do(req)
			if err != nil {
				t.Fatal(err)
			}
			defer resp.Body.Close()
			page, err := io.ReadAll(resp.Body)
			if err != nil || resp.StatusCode != c.status || !strings.Contains(string(page), "Tokenstage") {
				t.Errorf("%s: status %d, want %d, %v", address, resp.StatusCode, c.status, err)
			}
			if strings.Contains(resp.Request.URL.RawQuery, "token") {
				t.Errorf("the token stays in the address: %s", resp.Request.URL)
			}
		})
	}
}
