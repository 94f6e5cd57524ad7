package gatewaytest

import (
	"cmp"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

// Top signs requests of gateway top.
type Top struct {
	AppKey, AppSecret string
	// Now is the time that requests carry.
	Now func() time.Time
	// Format is the format that requests ask for; empty means json.
	Format string
}

// Sign is a POST of the method with its parameters as a form, signed with hmac-sha256.
func (a *Top) Sign(host, method string, params map[string]string) Request {
	form := url.Values{}
	for name, value := range params {
		form.Set(name, value)
	}
	for name, value := range map[string]string{
		"method": method, "app_key": a.AppKey, "v": "2.0", "format": cmp.Or(a.Format, "json"), "sign_method": "hmac-sha256",
		"timestamp": a.Now().In(time.FixedZone("GMT+8", 8*60*60)).Format(time.DateTime),
	} {
		form.Set(name, value)
	}
	names := make([]string, 0, len(form))
	for name := range form {
		names = append(names, name)
	}
	slices.Sort(names)
	mac := hmac.New(sha256.New, []byte(a.AppSecret))
	for _, name := range names {
		mac.Write([]byte(name + form.Get(name)))
	}
	form.Set("sign", strings.ToUpper(hex.EncodeToString(mac.Sum(nil))))
	return Request{
		Method: http.MethodPost, Path: "/router/rest", Host: host, Body: form.Encode(),
		Header: http.Header{"Content-Type": {"application/x-www-form-urlencoded;charset=UTF-8"}},
	}
}
