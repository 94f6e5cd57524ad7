package console

import (
	"bytes"
	"encoding/json"

	"al.essio.dev/pkg/shellescape"

	"github.com/tokenstage/tokenstage/emulator/internal/sandbox"
)

// firstCall is a call that can be pasted into a terminal, with credentials that are good.
type firstCall struct {
	Sandbox string
	Curl    string // empty when the sandbox has no credential for it
	Hidden  string // stands in the place of the secret, where that is one
}

// firstCall uses the gateway that asks for no signature.
func (c *console) firstCall(box *sandbox.Sandbox) *firstCall {
	first := &firstCall{Sandbox: box.ID}
	if len(box.Credentials.Fabric) == 0 {
		return first
	}
	app := box.Credentials.Fabric[0]
	if box.ID != sandbox.Default { // whose secrets are documented
		first.Hidden = hiddenApp
		app.AppSecret = hiddenApp
	}
	body, err := plainJSON(map[string]string{"app_key": app.AppKey, "app_secret": app.AppSecret})
	if err != nil { // strings always have a JSON form
		return first
	}
	first.Curl = curlCommand(
		"curl -sS "+shellescape.Quote("http://"+c.Data+"/apigovernance/api/oauth/tokenByAkSk"),
		"-H "+shellescape.Quote("Content-Type: application/json"), "-d "+shellescape.Quote(body),
	)
	return first
}

// plainJSON writes < and > as they are: no HTML is made of it before a template does.
func plainJSON(value any) (string, error) {
	var text bytes.Buffer
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false)
	err := encoder.Encode(value)
	return string(bytes.TrimSpace(text.Bytes())), err
}
