package gateway_test

import (
	"net/http"
	"testing"

	"github.com/tokenstage/tokenstage/emulator/internal/gateway"
)

func TestIsForm(t *testing.T) {
	t.Parallel()
	for given, want := range map[string]bool{
		"":                                  false,
		"application/x-www-form-urlencoded": true,
		"application/x-www-form-urlencoded;charset=UTF-8":  true,
		"Application/X-WWW-Form-URLencoded ; charset=utf8": true,
		" application/x-www-form-urlencoded; =":            true,
		"application/x-www-form-urlencoded2":               false,
		"multipart/form-data; boundary=x":                  false,
		"application/json":                                 false,
	} {
		if got := gateway.IsForm(http.Header{"Content-Type": {given}}); got != want {
			t.Errorf("%q: got %v, want %v", given, got, want)
		}
	}
	if gateway.IsForm(http.Header{}) {
		t.Error("a body without a type is taken for a form")
	}
}
