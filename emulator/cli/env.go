package cli

import (
	"context"
	"io"
	"slices"

	"al.essio.dev/pkg/shellescape"

	"github.com/tokenstage/tokenstage/testkit/client"
)

// envCommand prints what an app needs to talk to a sandbox.
type envCommand struct {
	sandboxFlags
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
	all := slices.Concat(e.endpoints(box), secure, credentials(box.Credentials))
	if e.Format == "dotenv" {
		writeDotenv(env.Stdout, all)
	} else {
		writeExports(env.Stdout, all)
	}
	return nil
}

// variable is an environment variable; an empty value means that it must not be set.
type variable struct{ name, value string }

func (e *envCommand) endpoints(box client.Sandbox) []variable {
	all := []variable{
		{"TOKENSTAGE_DATA", box.Endpoints.ACS},
		{"TOKENSTAGE_CONTROL", e.client().URL()},
		{"TOKENSTAGE_SANDBOX", box.ID},
		{"TOP_URL", box.Endpoints.Top},
		{"AICC_URL", box.Endpoints.Fabric},
	}
	if e.Token != "" {
		all = append(all, variable{"TOKENSTAGE_CONTROL_TOKEN", e.Token})
	}
	return all
}

// secure returns the variables for HTTPS, if it is on. The file of the CA is among them if it is on this machine.
func (e *envCommand) secure(ctx context.Context, env Env, box client.Sandbox) ([]variable, error) {
	if box.Endpoints.TLS == "" {
		return nil, nil
	}
	all := []variable{{"TOKENSTAGE_TLS_URL", box.Endpoints.TLS}}
	ca, err := e.client().CA(ctx)
	if err != nil {
		return nil, err
	}
	if file := e.StateDir.certFileOf(env, ca); file != "" {
		all = append(all, variable{"TOKENSTAGE_CA_FILE", file})
	}
	return all, nil
}

// credentials returns the first credential of each gateway. The names for acs are those that Alibaba Cloud's SDKs read
// (credentials-go, env_provider.go).
func credentials(c client.Credentials) []variable {
	var all []variable
	for _, a := range c.ACS {
		if a.AccessKeyID != "" && !a.Disabled {
			all = append(all,
				variable{"ALIBABA_CLOUD_ACCESS_KEY_ID", a.AccessKeyID},
				variable{"ALIBABA_CLOUD_ACCESS_KEY_SECRET", a.AccessKeySecret},
				variable{"ALIBABA_CLOUD_SECURITY_TOKEN", a.SecurityToken})
			break
		}
	}
	if len(c.Top) > 0 {
		all = append(all, variable{"TOP_APP_KEY", c.Top[0].AppKey}, variable{"TOP_APP_SECRET", c.Top[0].AppSecret})
	}
	if len(c.Fabric) > 0 {
		all = append(all, variable{"AICC_APP_KEY", c.Fabric[0].AppKey}, variable{"AICC_APP_SECRET", c.Fabric[0].AppSecret})
	}
	return all
}

// writeExports writes commands for POSIX shells. A variable without a value is unset: a security token that was set
// before would otherwise be sent with every call.
func writeExports(out io.Writer, all []variable) {
	for _, v := range all {
		if v.value == "" {
			printf(out, "unset %s\n", v.name)
			continue
		}
		printf(out, "export %s=%s\n", v.name, shellescape.Quote(v.value))
	}
}

func writeDotenv(out io.Writer, all []variable) {
	for _, v := range all {
		if v.value != "" {
			printf(out, "%s=%s\n", v.name, dotenvQuote(v.value))
		}
	}
}
