package tokenapp

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"
)

const (
	// pollEvery is how often a client asks whether its application has started, pollLimit how long.
	pollEvery = time.Second
	pollLimit = 2 * time.Minute
)

// CodeServer is the part of an app that holds the key: it issues authorization codes to the app's own clients.
type CodeServer struct {
	// Endpoint is host and port, as the SDKs take it.
	Endpoint                     string
	AccessKeyID, AccessKeySecret string
	Now                          func() time.Time

	nonces int
}

// Code issues a code for a user. It is good once, for three minutes, until the user gets another one (vendor page
// GetAuthCode, Response elements).
func (s *CodeServer) Code(ctx context.Context, user string) (string, error) {
	s.nonces++
	query := signed(http.MethodPost, s.AccessKeySecret, url.Values{
		"Action": {"GetAuthCode"}, "Version": {"2021-02-18"}, "Format": {"JSON"},
		"AccessKeyId": {s.AccessKeyID}, "SignatureMethod": {"HMAC-SHA1"}, "SignatureVersion": {"1.0"},
		"SignatureNonce": {fmt.Sprintf("%d-%d", s.Now().UnixNano(), s.nonces)},
		"Timestamp":      {s.Now().UTC().Format("2006-01-02T15:04:05Z")},
		"EndUserId":      {user},
	})
	var reply struct{ AuthModel struct{ AuthCode string } }
	err := call(ctx, s.Endpoint, query, nil, &reply)
	return reply.AuthModel.AuthCode, err
}

// CloudApp is the part of an app that runs at the user's: it has no key, and opens a cloud application with a code.
type CloudApp struct {
	Endpoint string
	AppID    string
	// Code gets a code from the app's server.
	Code func(ctx context.Context) (string, error)
	// Wait is a timer in production.
	Wait func(ctx context.Context, d time.Duration) error
}

// Open returns the ticket that the vendor's web SDK takes.
func (a *CloudApp) Open(ctx context.Context) (string, error) {
	login, err := a.login(ctx)
	if err != nil {
		return "", fmt.Errorf("log in: %w", err)
	}
	form := url.Values{
		"ProductType": {"CloudApp"}, "AppId": {a.AppID}, "LoginToken": {login.StsToken}, "SessionId": {login.SessionID},
	}
	for waited := time.Duration(0); waited <= pollLimit; waited += pollEvery {
		var task struct{ TaskID, TaskStatus, Ticket string }
		err := call(ctx, a.Endpoint, "Action=GetConnectionTicket&Version=2021-09-03", form, &task)
		switch {
		case err != nil:
			return "", fmt.Errorf("get the ticket: %w", err)
		case task.TaskStatus == "Finished":
			return task.Ticket, nil
		case task.TaskStatus == "Failed":
			return "", errors.New("the application did not start")
		}
		form.Set("TaskId", task.TaskID)
		if err := a.Wait(ctx, pollEvery); err != nil {
			return "", err
		}
	}
	return "", errors.New("the application takes too long to start")
}

type login struct{ SessionID, StsToken string }

// login trades a code in. A code is used up whatever comes of it, an answer that was lost on its way too: so a second
// try needs a new code.
func (a *CloudApp) login(ctx context.Context) (login, error) {
	var refused error
	for range 2 {
		code, err := a.Code(ctx)
		if err != nil {
			return login{}, err
		}
		var reply struct{ StsTokenModel login }
		refused = call(ctx, a.Endpoint, "Action=GetStsToken&Version=2021-02-20", url.Values{"AuthCode": {code}}, &reply)
		if refused == nil {
			return reply.StsTokenModel, nil
		}
	}
	return login{}, refused
}

// call sends a form and reads JSON.
func call(ctx context.Context, endpoint, query string, form url.Values, reply any) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://"+endpoint+"/?"+query,
		strings.NewReader(form.Encode()))
	if err != nil {
		return err
	}
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	if response.StatusCode == http.StatusOK {
		return json.NewDecoder(response.Body).Decode(reply)
	}
	var refusal APIError
	if err := json.NewDecoder(response.Body).Decode(&refusal); err != nil {
		return fmt.Errorf("read the reply (%s): %w", response.Status, err)
	}
	return &refusal
}
