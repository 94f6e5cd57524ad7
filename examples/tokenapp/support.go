package tokenapp

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"time"
)

// ErrNobodyThere says that no agent is at work.
var ErrNobodyThere = errors.New("nobody is there")

// nobodyThere is the result code outside of working time (vendor guide, send, resultDesc).
const nobodyThere = "12"

// Support chats with the AICC for one customer.
type Support struct {
	Chat     *Chat
	Customer string
	// Wait waits between two polls.
	Wait func(ctx context.Context, d time.Duration) error

	token string
}

// Answer is what the other side said.
type Answer struct {
	ControlType, SourceType, Content, MediaFileType string
	ContentType                                     *string
}

// Open begins the chat. Where nobody is there it leaves the message and returns ErrNobodyThere.
func (s *Support) Open(ctx context.Context, number, message string) (err error) {
	if s.token, err = s.Chat.CustomerToken(ctx, s.Customer, s.Customer); err != nil {
		return err
	}
	err = s.send(ctx, "CONNECT", "TEXT", "")
	if !errors.Is(err, ErrNobodyThere) {
		return err
	}
	left := s.call(ctx, http.MethodPost, "doLeaveMessage", map[string]string{
		"callId": s.Customer, "caller": number, "leaveMessage": message, "channel": "WEB",
	}, nil)
	return errors.Join(err, left)
}

// Say says something.
func (s *Support) Say(ctx context.Context, text string) error {
	return s.send(ctx, "CHAT", "TEXT", text)
}

// Show uploads a picture and sends it.
func (s *Support) Show(ctx context.Context, png []byte) error {
	var reply struct{ ObjectKey string }
	err := s.call(ctx, http.MethodPost, "uploadFileStream", map[string]string{
		"fileType": "png", "channel": "WEB", "fileStream": base64.StdEncoding.EncodeToString(png),
	}, &reply)
	if err != nil {
		return err
	}
	return s.send(ctx, "CHAT", "IMAGE", reply.ObjectKey)
}

// Listen returns what was said until the other side ends the chat, or for so many polls.
func (s *Support) Listen(ctx context.Context, polls int) (said []Answer, ended bool, err error) {
	for range polls {
		var reply struct{ DownlinkMessages []Answer }
		query := url.Values{"receiverId": {s.Customer}, "channel": {"WEB"}}
		if err := s.call(ctx, http.MethodGet, "poll?"+query.Encode(), nil, &reply); err != nil {
			return said, false, err
		}
		for _, answer := range reply.DownlinkMessages {
			if answer.ControlType == "DISCONNECT" {
				return said, true, nil
			}
			said = append(said, answer)
		}
		if err := s.Wait(ctx, time.Second); err != nil {
			return said, false, err
		}
	}
	return said, false, nil
}

// Fetch downloads the file of an answer.
func (s *Support) Fetch(ctx context.Context, answer Answer) ([]byte, error) {
	var reply struct{ FileStream string }
	err := s.call(ctx, http.MethodPost, "downloadFileStream", map[string]string{
		"fileType": answer.MediaFileType, "channel": "WEB", "fileId": "local/" + answer.Content,
	}, &reply)
	if err != nil {
		return nil, err
	}
	return base64.StdEncoding.DecodeString(reply.FileStream)
}

// Rate says how content the customer was, from 1 to 5.
func (s *Support) Rate(ctx context.Context, level int) error {
	return s.call(ctx, http.MethodPost, "saveSatisfaction", map[string]string{
		"channel": "WEB", "userId": s.Customer, "evaluation": fmt.Sprint(level), "comment": "",
		"channelConfigId": s.Chat.ChannelID,
	}, nil)
}

// History returns the newest contents that were said in any chat, oldest first.
func (s *Support) History(ctx context.Context, count int) ([]string, error) {
	var reply struct{ MessageList []Answer }
	err := s.call(ctx, http.MethodPost, "queryHistoryChatMessage", map[string]string{
		"userId": s.Customer, "channelId": s.Chat.ChannelID, "channel": "WEB", "limit": fmt.Sprint(count), "offset": "0",
	}, &reply)
	contents := make([]string, len(reply.MessageList))
	for i, m := range reply.MessageList {
		contents[len(contents)-1-i] = m.Content
	}
	return contents, err
}

func (s *Support) send(ctx context.Context, control, media, content string) error {
	return s.call(ctx, http.MethodPost, "send", map[string]string{
		"channel": "WEB", "content": content, "controlType": control, "from": s.Customer, "to": s.Chat.ChannelID,
		"mediaType": media, "sourceType": "CUSTOMER",
	}, nil)
}

// call makes a call of the chat. A 401 means that the access token has lapsed: it gets a new one and calls once more. A
// client token that lapsed in the chat is replaced by the one in the response header (vendor page applyToken, Notes).
func (s *Support) call(ctx context.Context, method, path string, body, reply any) error {
	for retried := false; ; retried = true {
		status, raw, err := s.once(ctx, method, path, body)
		switch {
		case err != nil:
			return err
		case status == http.StatusUnauthorized && !retried:
			if err := s.Chat.signIn(ctx); err != nil {
				return err
			}
			continue
		case status != http.StatusOK:
			return fmt.Errorf("%s: status %d: %s", path, status, raw)
		}
		var result struct{ ResultCode, ResultDesc string }
		if err := json.Unmarshal(raw, &result); err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
		switch result.ResultCode {
		case "0":
		case nobodyThere:
			return ErrNobodyThere
		default:
			return fmt.Errorf("%s: result %s, %s", path, result.ResultCode, result.ResultDesc)
		}
		if reply == nil {
			return nil
		}
		return json.Unmarshal(raw, reply)
	}
}

func (s *Support) once(ctx context.Context, method, path string, body any) (status int, raw []byte, err error) {
	var content bytes.Buffer
	if body != nil {
		if err := json.NewEncoder(&content).Encode(body); err != nil {
			return 0, nil, err
		}
	}
	request, err := http.NewRequestWithContext(ctx, method, s.Chat.BaseURL+"/apiaccess/ccmessaging/"+path, &content)
	if err != nil {
		return 0, nil, err
	}
	request.Header.Set("Content-Type", "application/json; charset=UTF-8")
	request.Header.Set("x-app-key", s.Chat.AppKey)
	request.Header.Set("Authorization", "Bearer "+s.Chat.accessToken)
	request.Header.Set("ccmessaging-token", s.token)
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return 0, nil, err
	}
	defer response.Body.Close()
	if renewed := response.Header.Get("ccmessaging-token"); renewed != "" {
		s.token = renewed
	}
	var answer bytes.Buffer
	_, err = answer.ReadFrom(response.Body)
	return response.StatusCode, answer.Bytes(), err
}
