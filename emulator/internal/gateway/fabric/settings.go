package fabric

import (
	_ "embed"
	"encoding/json"
	"sync"

	"github.com/tokenstage/tokenstage/emulator/internal/gateway"
	"github.com/tokenstage/tokenstage/emulator/internal/settings"
)

//go:embed settings.txt
var settingsSource string

// settingsTexts are read when they are first asked for.
var settingsTexts = sync.OnceValues(func() (*settings.Texts, error) { return settings.Parse(settingsSource) })

// settingsData fill the texts.
type settingsData struct {
	URL string
	App gateway.App
}

// Settings are made with the first app.
func (p Profile) Settings(address string, credentials []json.RawMessage) (settings.Settings, error) {
	data := settingsData{URL: p.Endpoint(address)}
	all := settings.Settings{Address: []settings.Variable{{Name: "AICC_URL", Value: data.URL}}}
	if len(credentials) == 0 {
		return all, nil
	}
	if err := gateway.ReadCredential(credentials[0], &data.App); err != nil {
		return all, err
	}
	all.Credential = []settings.Variable{
		{Name: "AICC_APP_KEY", Value: data.App.AppKey}, {Name: "AICC_APP_SECRET", Value: data.App.AppSecret},
	}
	all.Groups = []settings.Group{{Title: "Huawei AICC: ccmessaging", Texts: []settings.Text{
		{Name: "curl", Title: "curl, or any HTTP client", Note: "Nothing is signed: an access token, then a client " +
			"token. Use the base URL and the app key in your own client the same way."},
		{Name: "go", Title: "Go, net/http"},
		{Name: "node", Title: "Node, fetch"},
		{Name: "python", Title: "Python, urllib"},
		{Name: "java", Title: "Java, java.net.http", Note: "Java 11 or newer runs the file Tokens.java as it stands."},
		{Name: "php", Title: "PHP, streams"},
		{Name: "csharp", Title: "C#, System.Net.Http.Json"},
		{Name: "ruby", Title: "Ruby, net/http"},
	}}}
	texts, err := settingsTexts()
	if err != nil {
		return all, err
	}
	all.FirstCall.Note = "It asks Huawei's API Fabric for an access token, the one call that needs no signature."
	if all.FirstCall.Text, err = texts.Text("first-call", data); err != nil {
		return all, err
	}
	return all, texts.Fill(all.Groups, data)
}

// Hidden is a credential with words in the place of its secret.
func (Profile) Hidden(raw json.RawMessage) (json.RawMessage, error) { return gateway.HideApp(raw) }
