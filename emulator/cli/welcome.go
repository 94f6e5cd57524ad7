package cli

import (
	"io"
	"strings"

	"github.com/tokenstage/tokenstage/emulator/internal/console"
	"github.com/tokenstage/tokenstage/emulator/internal/sandbox"
)

// welcome is what serve says at its start: where things are and what to do with them.
type welcome struct {
	data, control string // host:port
	tls           string // the same, empty where TLS is off
	key           controlKey
	box           *sandbox.Sandbox
	style         style
}

// write says all of it in one go, so that a reader who stops early loses nothing but the rest.
func (w welcome) write(out io.Writer) {
	var text strings.Builder
	w.planes(&text)
	w.credentials(&text)
	w.firstCall(&text)
	w.sdk(&text)
	w.next(&text)
	_, _ = io.WriteString(out, text.String())
}

func (w welcome) planes(out io.Writer) {
	say(out, "data plane     %s\n", w.style.wrap(sgrGreen, "http://"+w.data))
	say(out, "control plane  %s\n", w.style.wrap(sgrGreen, "http://"+w.control))
	if w.tls != "" {
		say(out, "over TLS       %s\n", w.style.wrap(sgrGreen, "https://"+w.tls))
	}
	say(out, "console        %s\n", w.style.wrap(sgrGreen, "http://"+w.control+console.Root))
	if w.key.generated {
		say(out, "open           http://%s/?token=%s\n", w.control, w.key.token)
	}
}

func (w welcome) credentials(out io.Writer) {
	c := w.box.Credentials
	w.title(out, "Credentials of the sandbox "+w.box.ID+" (all fake)")
	for _, a := range c.ACS {
		switch {
		case a.Disabled:
		case a.AccessKeyID == "":
			say(out, "  acs bearer      %s\n", a.BearerToken)
		case a.SecurityToken != "":
			say(out, "  acs with token  %s  %s  %s\n", a.AccessKeyID, a.AccessKeySecret, a.SecurityToken)
		default:
			say(out, "  acs             %s  %s\n", a.AccessKeyID, a.AccessKeySecret)
		}
	}
	for _, a := range c.Top {
		say(out, "  top             %s  %s\n", a.AppKey, a.AppSecret)
	}
	for _, a := range c.Fabric {
		say(out, "  fabric          %s  %s\n", a.AppKey, a.AppSecret)
	}
}

// firstCall is a call that needs no signature, ready to paste.
func (w welcome) firstCall(out io.Writer) {
	if len(w.box.Credentials.Fabric) == 0 {
		return
	}
	app := w.box.Credentials.Fabric[0]
	w.title(out, "A first call")
	say(out, "  curl -sS http://%s/apigovernance/api/oauth/tokenByAkSk \\\n", w.data)
	say(out, "    -H 'Content-Type: application/json' \\\n")
	say(out, "    -d '{\"app_key\":\"%s\",\"app_secret\":\"%s\"}'\n", app.AppKey, app.AppSecret)
}

// sdk is the configuration of Alibaba Cloud's Go SDK (darabonba-openapi/v2/client).
func (w welcome) sdk(out io.Writer) {
	if len(w.box.Credentials.ACS) == 0 {
		return
	}
	key := w.box.Credentials.ACS[0]
	w.title(out, "An SDK (Go, darabonba-openapi)")
	say(out, "  config := &openapi.Config{\n")
	for _, member := range [][2]string{
		{"Endpoint", w.data},
		{"Protocol", "http"},
		{"AccessKeyId", key.AccessKeyID},
		{"AccessKeySecret", key.AccessKeySecret},
	} {
		say(out, "      %-17stea.String(%q),\n", member[0]+":", member[1])
	}
	say(out, "  }\n")
}

func (w welcome) next(out io.Writer) {
	w.title(out, "Next")
	flags := controlFlag("http://" + w.control)
	if w.key.generated {
		say(out, "  export TOKENSTAGE_CONTROL_TOKEN=%s\n", w.key.token)
	}
	say(out, "  eval \"$(tokenstage env%s)\"  # endpoints and credentials as environment variables\n", flags)
	if w.tls != "" {
		// Always the running one: what the state folder holds may be another CA.
		say(out, "  tokenstage ca --trust all --control http://%s  # how clients come to trust the certificates\n", w.control)
	}
	say(out, "  tokenstage requests --follow%s  # what comes in, and why it is refused\n", flags)
}

func (w welcome) title(out io.Writer, text string) {
	say(out, "\n%s\n", w.style.heading(text))
}
