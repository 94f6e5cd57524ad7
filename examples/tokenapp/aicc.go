package tokenapp

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
)

// Chat gets the tokens by which customers chat with the AICC.
type Chat struct {
	// BaseURL has no slash at its end.
	BaseURL           string
	AppKey, AppSecret string
	ChannelID         string
	// HTTP makes the calls; nil means http.DefaultClient.
	HTTP *http.Client

	accessToken string
}

// CustomerToken returns a chat token for a customer. When the access token has lapsed, which the service tells with a
// 401 (vendor page applyToken, Status codes), it gets a new one and asks once more.
func (c *Chat) CustomerToken(ctx context.Context, userID, name string) (string, error) {
	for retried := false; ; retried = true {
		if c.accessToken == "" {
			if err := c.signIn(ctx); err != nil {
				return "", fmt.Errorf("sign in to the AICC: %w", err)
			}
		}
		var reply struct{ Token, ResultCode, ResultDesc string }
		status, err := c.post(ctx, "/apiaccess/ccmessaging/applyToken", map[string]string{
			"userId": userID, "userName": name, "channelId": c.ChannelID, "locale": "en",
		}, &reply)
		switch {
		case err != nil:
			return "", err
		case status == http.StatusUnauthorized && !retried:
			c.accessToken = ""
		case status != http.StatusOK || reply.ResultCode != "0":
			return "", fmt.Errorf("applyToken: status %d, %s", status, reply.ResultDesc)
		default:
			return reply.Token, nil
		}
	}
}

// signIn trades key and secret for an access token.
func (c *Chat) signIn(ctx context.Context) error {
	var reply struct{ AccessToken string }
	status, err := c.post(ctx, "/apigovernance/api/oauth/tokenByAkSk", map[string]string{
		"app_key": c.AppKey, "app_secret": c.AppSecret,
	}, &reply)
	if err == nil && status != http.StatusOK {
		err = fmt.Errorf("tokenByAkSk: status %d", status)
	}
	c.accessToken = reply.AccessToken
	return err
}

// post sends JSON and reads JSON.
func (c *Chat) post(ctx context.Context, path string, body, reply any) (status int, err error) {
	raw, err := json.Marshal(body)
	if err != nil {
		return 0, err
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, c.BaseURL+path, bytes.NewReader(raw))
	if err != nil {
		return 0, err
	}
	request.Header.Set("Content-Type", "application/json; charset=UTF-8")
	request.Header.Set("x-app-key", c.AppKey)
	request.Header.Set("Authorization", "Bearer "+c.accessToken)
	response, err := cmp.Or(c.HTTP, http.DefaultClient).Do(request)
	if err != nil {
		return 0, err
	}
	defer response.Body.Close()
	return response.StatusCode, json.NewDecoder(response.Body).Decode(reply)
}
