package control_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"
)

// signed makes a call of the acs gateway with the first key of the sandbox, signed as SDKs of the third generation
// do (ACS3-HMAC-SHA256), at the instant of the sandbox's clock.
func (w *world) signed(t *testing.T, b box, action, version string, params url.Values) answer {
	t.Helper()
	var clock struct {
		Now    time.Time
		Frozen bool
	}
	w.get(t, b.path("/clock"), &clock)
	nonce := w.nonce.Add(1)
	header := map[string]string{
		"host": w.data, "x-acs-action": action, "x-acs-version": version,
		"x-acs-date": clock.Now.Format("2006-01-02T15:04:05Z"), "x-acs-signature-nonce": strconv.FormatInt(nonce, 10),
		"x-acs-content-sha256": hexSHA256(""),
	}
	names := []string{
		"host", "x-acs-action", "x-acs-content-sha256", "x-acs-date", "x-acs-signature-nonce", "x-acs-version",
	}
	query := strings.ReplaceAll(params.Encode(), "+", "%20")
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://"+w.data+"/?"+query, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	var lines strings.Builder
	for _, name := range names {
		lines.WriteString(name + ":" + header[name] + "\n")
		req.Header.Set(name, header[name])
	}
	signedHeaders := strings.Join(names, ";")
	canonical := strings.Join([]string{"POST", "/", query, lines.String(), signedHeaders, hexSHA256("")}, "\n")
	key := b.Credentials.ACS[0]
	mac := hmac.New(sha256.New, []byte(key.Secret))
	mac.Write([]byte("ACS3-HMAC-SHA256\n" + hexSHA256(canonical)))
	req.Header.Set("Authorization", "ACS3-HMAC-SHA256 Credential="+key.ID+",SignedHeaders="+signedHeaders+
		",Signature="+hex.EncodeToString(mac.Sum(nil)))
	return exchange(t, http.DefaultClient, req)
}

func hexSHA256(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:])
}

// codeOf is the error code of an answer of the acs gateway.
func codeOf(t *testing.T, a answer) string {
	t.Helper()
	var fault struct{ Code string }
	if err := json.Unmarshal([]byte(a.body), &fault); err != nil {
		t.Fatalf("%v: %s", err, a.body)
	}
	return fault.Code
}

// served is a signed call that must work.
func (w *world) served(t *testing.T, b box, action, version string, params url.Values, into any) {
	t.Helper()
	got := w.signed(t, b, action, version, params)
	if got.status != http.StatusOK {
		t.Fatalf("%s: %d %s", action, got.status, got.body)
	}
	if err := json.Unmarshal([]byte(got.body), into); err != nil {
		t.Fatalf("%s: %v: %s", action, err, got.body)
	}
}

// versions of the APIs that the tests call.
const (
	mqttVersion      = "2020-04-20"
	appstreamVersion = "2021-02-18"
)

const instance = "post-cn-a"

// applyParams ask for an MQTT token that lives an hour from the sandbox's start.
func applyParams(b box) url.Values {
	return url.Values{
		"Actions": {"R"}, "InstanceId": {instance}, "Resources": {"a/#"},
		"ExpireTime": {strconv.FormatInt(b.Now.Add(time.Hour).UnixMilli(), 10)},
	}
}

// applyToken issues an MQTT token and returns its text.
func (w *world) applyToken(t *testing.T, b box) string {
	t.Helper()
	var reply struct{ Token string }
	w.served(t, b, "ApplyToken", mqttVersion, applyParams(b), &reply)
	return reply.Token
}

// queryToken reports whether an MQTT token is valid.
func (w *world) queryToken(t *testing.T, b box, token string) bool {
	t.Helper()
	var reply struct{ TokenStatus bool }
	w.served(t, b, "QueryToken", mqttVersion, url.Values{"InstanceId": {instance}, "Token": {token}}, &reply)
	return reply.TokenStatus
}

// getAuthCode issues a single-use code for a user and returns its text.
func (w *world) getAuthCode(t *testing.T, b box, user string) string {
	t.Helper()
	var reply struct{ AuthModel struct{ AuthCode string } }
	w.served(t, b, "GetAuthCode", appstreamVersion, url.Values{"EndUserId": {user}}, &reply)
	return reply.AuthModel.AuthCode
}
