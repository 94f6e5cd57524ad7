package cli

import (
	"errors"
	"io"
	"log/slog"
	"strings"

	"github.com/tokenstage/tokenstage/emulator/internal/console"
	"github.com/tokenstage/tokenstage/emulator/internal/gateways"
	"github.com/tokenstage/tokenstage/emulator/internal/sandbox"
	"github.com/tokenstage/tokenstage/emulator/internal/settings"
)

// welcome is what serve prints at its start: addresses, credentials and first steps.
type welcome struct {
	data, control string // host:port
	tls, mqtt     string // the same, empty if TLS or the broker is off
	key           controlKey
	box           *sandbox.Sandbox
	style         style
	command       string // what people type to run this program
}

// write prints everything in one write, so that a reader of the first lines may close the pipe after them.
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
	printf(out, "data plane     %s\n", w.style.wrap(sgrGreen, "http://"+w.data))
	printf(out, "control plane  %s\n", w.style.wrap(sgrGreen, "http://"+w.control))
	if w.tls != "" {
		printf(out, "over TLS       %s\n", w.style.wrap(sgrGreen, "https://"+w.tls))
	}
	if w.mqtt != "" {
		printf(out, "broker         %s\n", w.style.wrap(sgrGreen, "mqtt://"+w.mqtt))
	}
	printf(out, "console        %s\n", w.style.wrap(sgrGreen, "http://"+w.control+console.Root))
	if w.key.generated {
		printf(out, "open           http://%s/?token=%s\n", w.control, w.key.token)
	}
}

func (w welcome) credentials(out io.Writer) error {
	w.title(out, "Credentials of the sandbox "+w.box.ID+" (all fake)")
	for _, profile := range gateways.Profiles() {
		keys, err := listedKeys(profile, w.box.Credentials)
		if err != nil {
			return err
		}
		for _, key := range keys {
			if !key.Disabled {
				printf(out, "  %-15s %s\n", key.label(profile.Name()), strings.Join(key.words(), "  "))
			}
		}
	}
	return nil
}

// clients prints the first call that needs no signature and the configuration of the first SDK, ready to paste.
func (w welcome) clients(out io.Writer) error {
	var firstCall, sdk settings.Text
	for _, profile := range gateways.Profiles() {
		made, err := profile.Settings(w.data, w.box.Credentials[profile.Name()])
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
		printf(out, "%s", indented(firstCall.Text))
	}
	if sdk.Text != "" {
		w.title(out, "An SDK ("+sdk.Title+")")
		printf(out, "%s", indented(sdk.Text))
	}
	return nil
}

// indented indents a text to paste, with spaces in the place of tabs.
func indented(text string) string {
	return "  " + strings.NewReplacer("\n", "\n  ", "\t", "    ").Replace(text) + "\n"
}

func (w welcome) next(out io.Writer) {
	w.title(out, "Next")
	flags := controlFlag("http://" + w.control)
	if w.key.generated {
		printf(out, "  export TOKENSTAGE_CONTROL_TOKEN=%s\n", w.key.token)
	}
	printf(out, "  eval \"$(%s env%s)\"  # endpoints and credentials as environment variables\n", w.command, flags)
	if w.tls != "" {
		// Ask the running emulator: the state folder may hold another CA.
		printf(out, "  %s ca --trust all --control http://%s  # how to make clients trust it\n", w.command, w.control)
	}
	printf(out, "  %s requests --follow%s  # what comes in, and why it is refused\n", w.command, flags)
}

func (w welcome) title(out io.Writer, text string) {
	printf(out, "\n%s\n", w.style.heading(text))
}
