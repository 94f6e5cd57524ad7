package console

import (
	"encoding/json"
	"net/http"
	"strings"
	"sync"

	"github.com/tokenstage/tokenstage/emulator/internal/gateways"
	"github.com/tokenstage/tokenstage/emulator/internal/settings"
)

// ownSettings fill the texts that are about no gateway.
type ownSettings struct {
	// Data is the data plane as host:port; TLS is the same over HTTPS, empty where that is off.
	Data, TLS string
	Control   string // URL
	// Locked says that the control plane asks for its token.
	Locked  bool
	Sandbox string
	// Exports set the variables of the environment.
	Exports string
}

// ownTexts are read with the first page that shows some.
var ownTexts = sync.OnceValues(func() (*settings.Texts, error) {
	source, err := files.ReadFile("templates/settings.txt")
	if err != nil {
		return nil, err
	}
	return settings.Parse(string(source))
})

func (c *console) ownSettings(r *http.Request, id string) ownSettings {
	return ownSettings{
		Data: c.Data, TLS: c.TLS, Control: "http://" + r.Host, Locked: c.Token != "", Sandbox: id,
	}
}

// settingGroups are the texts to paste for a sandbox, given its credentials by gateway.
func (c *console) settingGroups(
	r *http.Request, id string, credentials map[string][]json.RawMessage,
) ([]settings.Group, error) {
	own := c.ownSettings(r, id)
	variables := []settings.Variable{
		{Name: "TOKENSTAGE_DATA", Value: own.Data},
		{Name: "TOKENSTAGE_CONTROL", Value: own.Control},
		{Name: "TOKENSTAGE_SANDBOX", Value: id},
	}
	if own.TLS != "" {
		variables = append(variables, settings.Variable{Name: "TOKENSTAGE_TLS_URL", Value: "https://" + own.TLS})
	}
	var groups []settings.Group
	for _, profile := range gateways.Profiles() {
		made, err := profile.Settings(c.Data, credentials[profile.Name()])
		if err != nil {
			return nil, err
		}
		if made.Credential != nil {
			variables = append(append(variables, made.Address...), made.Credential...)
		}
		groups = append(groups, made.Groups...)
	}
	own.Exports = strings.TrimSpace(settings.Exports(variables))
	before := []settings.Group{{Title: "Environment", Texts: []settings.Text{
		{Name: "env", Title: "Shell", Note: "The same as variables; --format dotenv writes a .env file."},
	}}}
	var after []settings.Group
	if own.TLS != "" {
		after = []settings.Group{{Title: "Over HTTPS", Texts: []settings.Text{{Name: "tls", Title: "Address and trust"}}}}
	}
	texts, err := ownTexts()
	if err != nil {
		return nil, err
	}
	if err := texts.Fill(append(before, after...), own); err != nil {
		return nil, err
	}
	return append(append(before, groups...), after...), nil
}

// again is the command that shows the secrets of a sandbox once more.
func (c *console) again(r *http.Request, id string) (string, error) {
	texts, err := ownTexts()
	if err != nil {
		return "", err
	}
	return texts.Text("again", c.ownSettings(r, id))
}
