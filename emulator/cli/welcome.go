package cli

import (
	"io"
	"strings"

	"github.com/tokenstage/tokenstage/emulator/internal/console"
	"github.com/tokenstage/tokenstage/emulator/internal/sandbox"
)

// welcome is what serve prints at its start: addresses, credentials and first steps.
type welcome struct {
	data, control string // host:port
	tls           string // the same, empty if TLS is off
	key           controlKey
	box           *sandbox.Sandbox
	style         style
}

// write prints everything in one write, so that a reader of the first lines may close the pipe after them.
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
	printf(out, "data plane     %s\n", w.style.wrap(sgrGreen, "http://"+w.data))
	printf(out, "control plane  %s\n", w.style.wrap(sgrGreen, "http://"+w.control))
	if w.tls != "" {
		printf(out, "over TLS       %s\n", w.style.wrap(sgrGreen, "https://"+w.tls))
	}
	printf(out, "console        %s\n", w.style.wrap(sgrGreen, "http://"+w.control+console.Root))
	if w.key.generated {
		printf(out, "open           http://%s/?token=%s\n", w.control, w.key.token)
	}
}

func (w welcome) credentials(out io.Writer) {
	c := w.box.Credentials
	w.title(out, "Credentials of the sandbox "+w.box.ID+" (all fake)")
	for _, a := range c.ACS {
		switch {
		case a.Disabled:
		case a.AccessKeyID == "":
			printf(out, "  acs bearer      %s\n", a.BearerToken)
		case a.SecurityToken != "":
			printf(out, "  acs with token  %s  %s  %s\n", a.AccessKeyID, a.AccessKeySecret, a.SecurityToken)
		default:
			printf(out, "  acs             %s  %s\n", a.AccessKeyID, a.AccessKeySecret)
		}
	}
	for _, a := range c.Top {
		printf(out, "  top             %s  %s\n", a.AppKey, a.AppSecret)
	}
	for _, a := range c.Fabric {
		printf(out, "  fabric          %s  %s\n", a.AppKey, a.AppSecret)
	}
}

// firstCall prints a call that needs no signature, ready to paste.
func (w welcome) firstCall(out io.Writer) {
	if len(w.box.Credentials.Fabric) == 0 {
		return
	}
	app := w.box.Credentials.Fabric[0]
	w.title(out, "A first call")
	printf(out, "  curl -sS http://%s/apigovernance/api/oauth/tokenByAkSk \\\n", w.data)
	printf(out, "    -H 'Content-Type: application/json' \\\n")
	printf(out, "    -d '{\"app_key\":\"%s\",\"app_secret\":\"%s\"}'\n", app.AppKey, app.AppSecret)
}

// sdk prints the configuration of Alibaba Cloud's Go SDK (darabonba-openapi/v2/client).
func (w welcome) sdk(out io.Writer) {
	if len(w.box.Credentials.ACS) == 0 {
		return
	}
	key := w.box.Credentials.ACS[0]
	w.title(out, "An SDK (Go, darabonba-openapi)")
	printf(out, "  config := &openapi.Config{\n")
	for _, member := range [][2]string{
		{"Endpoint", w.data},
		{"Protocol", "http"},
		{"AccessKeyId", key.AccessKeyID},
		{"AccessKeySecret", key.AccessKeySecret},
	} {
		printf(out, "      %-17stea.String(%q),\n", member[0]+":", member[1])
	}
	printf(out, "  }\n")
}

func (w welcome) next(out io.Writer) {
	w.title(out, "Next")
	flags := controlFlag("http://" + w.control)
	if w.key.generated {
		printf(out, "  export TOKENSTAGE_CONTROL_TOKEN=%s\n", w.key.token)
	}
	printf(out, "  eval \"$(tokenstage env%s)\"  # endpoints and credentials as environment variables\n", flags)
	if w.tls != "" {
		// Ask the running emulator: the state folder may hold another CA.
		printf(out, "  tokenstage ca --trust all --control http://%s  # how to make clients trust it\n", w.control)
	}
	printf(out, "  tokenstage requests --follow%s  # what comes in, and why it is refused\n", flags)
}

func (w welcome) title(out io.Writer, text string) {
	printf(out, "\n%s\n", w.style.heading(text))
}
