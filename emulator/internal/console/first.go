package console

import (
	"github.com/tokenstage/tokenstage/emulator/internal/gateways"
	"github.com/tokenstage/tokenstage/emulator/internal/sandbox"
)

// firstCall is a call that can be pasted into a terminal, with credentials that are good.
type firstCall struct {
	Sandbox string
	Curl    string // empty when the sandbox has no credential for it
	Note    string
	// Hidden says that the command has words in the place of the secret.
	Hidden bool
}

// firstCall is that of a gateway which asks for no signature.
func (c *console) firstCall(box *sandbox.Sandbox) (*firstCall, error) {
	first := &firstCall{Sandbox: box.ID, Hidden: box.ID != sandbox.Default} // whose secrets are documented
	credentials, err := credentialsOf(box, first.Hidden)
	if err != nil {
		return nil, err
	}
	for _, profile := range gateways.Profiles() {
		made, err := profile.Settings(c.Data, credentials[profile.Name()])
		if err != nil {
			return nil, err
		}
		if made.FirstCall.Text != "" {
			first.Curl, first.Note = made.FirstCall.Text, made.FirstCall.Note
			break
		}
	}
	return first, nil
}
