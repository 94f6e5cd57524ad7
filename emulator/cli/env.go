package cli

import (
	"context"
	"io"
	"slices"
	"strings"

	"github.com/tokenstage/tokenstage/emulator/internal/gateways"
	"github.com/tokenstage/tokenstage/emulator/internal/settings"
	"github.com/tokenstage/tokenstage/testkit/client"
)

// envCommand prints what an app needs to talk to a sandbox.
type envCommand struct {
	sandboxFlags
	jsonFlag
	Format   string   `enum:"shell,dotenv" default:"shell" help:"shell for eval, or dotenv for a .env file."`
	StateDir stateDir `placeholder:"DIR" group:"remote" help:"Where the CA is kept. Default: ~/.local/state/tokenstage."`
}

// Help gives the examples.
func (envCommand) Help() string {
	return examples(
		`eval "$(tokenstage env)"`, "set them in this shell",
		"tokenstage env --format dotenv > .env", "write them to a file, which a shell may source too",
		`eval "$(tokenstage env --sandbox checkout-7)"`, "for another sandbox",
	)
}

// Run prints the variables.
func (e *envCommand) Run(ctx context.Context, env Env) error {
	box, err := e.client().Sandbox(ctx, e.Sandbox)
	if err != nil {
		return e.failure(err, "sandbox list")
	}
	secure, err := e.secure(ctx, env, box)
	if err != nil {
		return e.failure(err, "serve --help")
	}
	addresses, credentials, err := gatewayVariables(box)
	if err != nil {
		return err
	}
	all := slices.Concat(e.planes(box), addresses, e.token(), secure, credentials)
	switch {
	case e.JSON:
		return writeJSON(env.Stdout, byName(all))
	case e.Format == "dotenv":
		writeDotenv(env.Stdout, all)
	default:
		printf(env.Stdout, "%s", settings.Exports(all))
	}
	return nil
}

// planes returns the variables about the planes and the sandbox.
func (e *envCommand) planes(box client.Sandbox) []settings.Variable {
	return []settings.Variable{
		{Name: "TOKENSTAGE_DATA", Value: dataAddress(box)},
		{Name: "TOKENSTAGE_CONTROL", Value: e.client().URL()},
		{Name: "TOKENSTAGE_SANDBOX", Value: box.ID},
	}
}

// dataAddress returns the address of the data plane as host:port.
func dataAddress(box client.Sandbox) string { return strings.TrimPrefix(box.Endpoints.Data, "http://") }

func (e *envCommand) token() []settings.Variable {
	if e.Token == "" {
		return nil
	}
	return []settings.Variable{{Name: "TOKENSTAGE_CONTROL_TOKEN", Value: e.Token}}
}

// gatewayVariables returns the variables for the addresses of all gateways, and for the first credential of each.
func gatewayVariables(box client.Sandbox) (addresses, credentials []settings.Variable, err error) {
	listed, err := box.Credentials.ByGateway()
	if err != nil {
		return nil, nil, err
	}
	for _, profile := range gateways.Profiles() {
		made, err := profile.Settings(dataAddress(box), listed[profile.Name()])
		if err != nil {
			return nil, nil, err
		}
		addresses = append(addresses, made.Address...)
		credentials = append(credentials, made.Credential...)
	}
	return addresses, credentials, nil
}

// secure returns the variables for HTTPS, if it is on. The file of the CA is among them if it is on this machine.
func (e *envCommand) secure(ctx context.Context, env Env, box client.Sandbox) ([]settings.Variable, error) {
	if box.Endpoints.TLS == "" {
		return nil, nil
	}
	all := []settings.Variable{{Name: "TOKENSTAGE_TLS_URL", Value: box.Endpoints.TLS}}
	ca, err := e.client().CA(ctx)
	if err != nil {
		return nil, err
	}
	if file := e.StateDir.certFileOf(env, ca); file != "" {
		all = append(all, settings.Variable{Name: "TOKENSTAGE_CA_FILE", Value: file})
	}
	return all, nil
}

// byName returns the values by their names; one that must not be set is nil.
func byName(all []settings.Variable) map[string]*string {
	values := map[string]*string{}
	for _, v := range all {
		values[v.Name] = nil
		if v.Value != "" {
			values[v.Name] = &v.Value
		}
	}
	return values
}

func writeDotenv(out io.Writer, all []settings.Variable) {
	for _, v := range all {
		if v.Value != "" {
			printf(out, "%s=%s\n", v.Name, dotenvQuote(v.Value))
		}
	}
}
