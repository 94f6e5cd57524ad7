package browser_test

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha1"
	"encoding/base64"
	"net/http"
	"net/url"
	"testing"
	"time"
)

// signWithPlus signs as a client with a well-known mistake does: signature version 1.0 over parameters in which a blank
// is "+", as net/url and forms write it, where the gateway wants "%20".
func (s *server) signWithPlus(t *testing.T, key acsKey) {
	t.Helper()
	query := url.Values{
		"Action": {"ApplyToken"}, "Version": {"2020-04-20"}, "Format": {"JSON"},
		"AccessKeyId": {key.ID}, "SignatureMethod": {"HMAC-SHA1"}, "SignatureVersion": {"1.0"},
		"SignatureNonce": {rand.Text()}, "Timestamp": {time.Now().UTC().Format(time.RFC3339)},
		"InstanceId": {instance}, "Actions": {"R"}, "Resources": {"Topic A"}, "ExpireTime": {"1893456000000"},
	}
	mac := hmac.New(sha1.New, []byte(key.Secret+"&"))
	mac.Write([]byte("POST&%2F&" + url.QueryEscape(query.Encode())))
	query.Set("Signature", base64.StdEncoding.EncodeToString(mac.Sum(nil)))
	status, reply := send(t, http.MethodPost, "http://"+s.data+"/?"+query.Encode(), http.Header{}, nil)
	if status != http.StatusBadRequest {
		t.Fatalf("%d, %s", status, reply)
	}
}
