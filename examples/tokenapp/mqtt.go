package tokenapp

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

const (
	tokenLife = time.Hour
	// margin is how long before its end a token is replaced, so that no client is handed one that is about to lapse.
	margin = 5 * time.Minute
	// attempts is how often a token is asked for before the app gives up.
	attempts     = 4
	firstBackOff = 500 * time.Millisecond
	// tooOften is the documented error of a caller above the limit (vendor page ApplyToken, Error codes).
	tooOften = "ApplyTokenOverFlow"
)

// MQTTTokens hands out a token for the clients of one MQTT instance.
type MQTTTokens struct {
	// Endpoint is host and port, as the SDKs take it.
	Endpoint                     string
	AccessKeyID, AccessKeySecret string
	InstanceID                   string
	Topics                       []string
	// Now and Wait are time.Now and a timer in production.
	Now  func() time.Time
	Wait func(ctx context.Context, d time.Duration) error

	token   string
	expires time.Time
	nonces  int
}

// APIError is an error that the service answered with.
type APIError struct{ Code, Message string }

func (e *APIError) Error() string { return e.Code + ": " + e.Message }

// Token returns the current token, or a new one when that is about to end.
func (m *MQTTTokens) Token(ctx context.Context) (string, error) {
	if m.token != "" && m.Now().Add(margin).Before(m.expires) {
		return m.token, nil
	}
	backOff := firstBackOff
	for left := attempts - 1; ; left-- {
		expires := m.Now().Add(tokenLife)
		token, err := m.apply(ctx, expires)
		if err == nil {
			m.token, m.expires = token, expires
			return token, nil
		}
		refusal, refused := errors.AsType[*APIError](err)
		if !refused || refusal.Code != tooOften || left == 0 {
			return "", fmt.Errorf("apply for an MQTT token: %w", err)
		}
		if err := m.Wait(ctx, backOff); err != nil {
			return "", err
		}
		backOff *= 2
	}
}

// apply calls ApplyToken once.
func (m *MQTTTokens) apply(ctx context.Context, expires time.Time) (string, error) {
	m.nonces++
	query := signed(http.MethodPost, m.AccessKeySecret, url.Values{
		"Action": {"ApplyToken"}, "Version": {"2020-04-20"}, "Format": {"JSON"},
		"AccessKeyId": {m.AccessKeyID}, "SignatureMethod": {"HMAC-SHA1"}, "SignatureVersion": {"1.0"},
		"SignatureNonce": {fmt.Sprintf("%d-%d", m.Now().UnixNano(), m.nonces)},
		"Timestamp":      {m.Now().UTC().Format("2006-01-02T15:04:05Z")},
		"InstanceId":     {m.InstanceID}, "Actions": {"R,W"}, "Resources": {strings.Join(m.Topics, ",")},
		"ExpireTime": {strconv.FormatInt(expires.UnixMilli(), 10)},
	})
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://"+m.Endpoint+"/?"+query, nil)
	if err != nil {
		return "", err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return "", err
	}
	defer response.Body.Close()
	var reply struct{ Token, Code, Message string }
	if err := json.NewDecoder(response.Body).Decode(&reply); err != nil {
		return "", fmt.Errorf("read the reply (%s): %w", response.Status, err)
	}
	if response.StatusCode != http.StatusOK {
		return "", &APIError{reply.Code, reply.Message}
	}
	return reply.Token, nil
}
