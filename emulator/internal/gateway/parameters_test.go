package gateway_test

import (
	"net/http"
	"testing"

	"github.com/tokenstage/tokenstage/emulator/internal/gateway"
	"github.com/tokenstage/tokenstage/emulator/internal/wire"
)

func TestSetParameters(t *testing.T) {
	t.Parallel()
	set := []gateway.Parameter{{Name: "time", Value: "1 2"}, {Name: "a+b", Value: "new"}, {Name: "gone", Value: ""}}
	for name, c := range map[string]struct {
		query, body         string
		form                bool
		wantQuery, wantBody string
	}{
		"nothing there":    {"", "", false, "time=1+2&a%2Bb=new", ""},
		"in the query":     {"x=%20y&time=0&gone=1&a%2Bb=old&z", "time=0", false, "x=%20y&time=1+2&a%2Bb=new&z", "time=0"},
		"in the form":      {"x=1", "time=0&y=*", true, "x=1", "time=1+2&y=*&a%2Bb=new"},
		"in both":          {"time=0&x=1", "time=9&a%2Bb=0&a%2bb=1&gone=", true, "time=1+2&x=1", "a%2Bb=new"},
		"no valid escape":  {"%zz=1&time=0", "", false, "%zz=1&time=1+2&a%2Bb=new", ""},
		"of similar names": {"times=0&Time=1", "", false, "times=0&Time=1&time=1+2&a%2Bb=new", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			req := &wire.Request{RawQuery: c.query, Body: []byte(c.body), Header: http.Header{"Content-Length": {"1"}}}
			changed := gateway.CopyRequest(req)
			gateway.SetParameters(changed, c.form, set...)
			if changed.RawQuery != c.wantQuery || string(changed.Body) != c.wantBody {
				t.Errorf("got %s and %s", changed.RawQuery, changed.Body)
			}
			if req.RawQuery != c.query || string(req.Body) != c.body || req.Header.Get("Content-Length") != "1" {
				t.Error("the request that was copied is changed")
			}
		})
	}
}
