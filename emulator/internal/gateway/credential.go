package gateway

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"

	"github.com/tokenstage/tokenstage/emulator/internal/sandbox"
	"github.com/tokenstage/tokenstage/emulator/internal/wire"
)

// ReadCredential reads one credential strictly: a member that into does not have is an error, and so is anything behind
// the credential. Errors of encoding/json come as they are.
func ReadCredential(raw json.RawMessage, into any) error {
	decoder := json.NewDecoder(bytes.NewReader(raw))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(into); err != nil {
		return err
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return errors.New("must be one JSON object")
	}
	return nil
}

// App is the credential of gateways whose callers are applications.
type App struct {
	AppKey    string `json:"appKey"`
	AppSecret string `json:"appSecret"`
}

// ParseApp reads and checks an application whose requests name it by a credential of that kind.
func ParseApp(raw json.RawMessage, kind wire.CredentialKind) ([]sandbox.ListedKey, error) {
	var app App
	if err := ReadCredential(raw, &app); err != nil {
		return nil, err
	}
	if app.AppKey == "" || app.AppSecret == "" {
		return nil, errors.New("needs both appKey and appSecret")
	}
	if err := sandbox.CheckSizes(app.AppSecret, app.AppKey); err != nil {
		return nil, err
	}
	return []sandbox.ListedKey{{
		Key:   sandbox.Key{ID: app.AppKey, Secret: app.AppSecret},
		Names: wire.Credential{Kind: kind, ID: app.AppKey}, Secrets: []string{app.AppSecret},
	}}, nil
}

// JSON is the application as a definition lists it.
func (a App) JSON() json.RawMessage { return WriteCredential(a) }

// WriteCredential writes a credential, which consists of strings and bools, as a definition lists it.
func WriteCredential(credential any) json.RawMessage {
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	_ = encoder.Encode(credential) // strings and bools always have a JSON form
	return bytes.TrimSpace(out.Bytes())
}

// HideApp is an application with words in the place of its secret.
func HideApp(raw json.RawMessage) (json.RawMessage, error) {
	var app App
	if err := ReadCredential(raw, &app); err != nil {
		return nil, err
	}
	app.AppSecret = "<app secret>"
	return app.JSON(), nil
}
