package cli

import (
	"errors"
	"io"
	"log/slog"
	"strings"

	"github.com/tokenstage/tokenstage/emulator/internal/console"
	"github.com/tokenstage/tokenstage/emulator/internal/gateway"
	"github.com/tokenstage/tokenstage/emulator/internal/gateways"
	"github.com/tokenstage/tokenstage/emulator/internal/sandbox"
	"github.com/tokenstage/tokenstage/emulator/internal/settings"
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
func (w welcome) write(out io.Writer, log *slog.Logger) {
	var text strings.Builder
	w.planes(&text)
	if err := errors.Join(w.credentials(&text), w.clients(&text)); err != nil {
		log.Error("the credentials of the sandbox cannot be shown", "sandbox", w.box.ID, "error", err)
	}
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

func (w welcome) credentials(out io.Writer) error {
	listed, err := gateway.CredentialsByGateway(w.box.Credentials)
	if err != nil {
		return err
	}
	w.title(out, "Credentials of the sandbox "+w.box.ID+" (all fake)")
	for _, profile := range gateways.Profiles() {
		keys, err := listedKeys(profile, listed)
		if err != nil {
			return err
		}
		for _, key := range keys {
			if !key.Disabled {
				say(out, "  %-15s %s\n", key.label(profile.Name()), strings.Join(key.words(), "  "))
			}
		}
	}
	return nil
}

// clients are the first call that needs no signature and the first SDK's configuration, ready to paste.
func (w welcome) clients(out io.Writer) error {
	listed, err := gateway.CredentialsByGateway(w.box.Credentials)
	if err != nil {
		return err
	}
	var firstCall, sdk settings.Text
	for _, profile := range gateways.Profiles() {
		made, err := profile.Settings(w.data, listed[profile.Name()])
		if err != nil {
			return err
		}
		if firstCall.Text == "" {
			firstCall = made.FirstCall
		}
		if sdk.Text == "" && len(made.Groups) > 0 {
			sdk = made.Groups[0].Texts[0]
		}
	}
	if firstCall.Text != "" {
		w.title(out, "A first call")
		say(out, "%s", indented(firstCall.Text))
	}
	if sdk.Text != "" {
		w.title(out, "An SDK ("+sdk.Title+")")
		say(out, "%s", indented(sdk.Text))
	}
	return nil
}

// indented sets a text to paste apart from what is said about it.
func indented(text string) string {
	return "  " + strings.NewReplacer("\n", "\n  ", "\t", "    ").Replace(text) + "\n"
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
