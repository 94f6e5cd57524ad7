// Package cli is the command line: it reads flags and variables, runs one command and returns its exit code.
package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/alecthomas/kong"
)

// Exit codes of the command.
const (
	exitOK      = 0
	exitFailure = 1
	exitUsage   = 2 // a mistake in the command line or the environment
)

// programName is the name of the program as it is installed.
const programName = "tokenstage"

// Env is what a command uses of its process: where it reads and writes, and the environment variables.
type Env struct {
	Stdin          io.Reader // nil has nothing to read
	Stdout, Stderr io.Writer
	// Command is what people type to run this program; "tokenstage" when it is empty.
	Command string
	// LookupEnv reads an environment variable. Every flag can be set by one.
	LookupEnv func(name string) (string, bool)
}

// grammar describes the commands and flags to kong.
type grammar struct {
	Help    helpFlag    `short:"h" help:"Show this help."`
	Version versionFlag `help:"Print the version."`

	Serve       serveCommand       `cmd:"" help:"Run the emulator."`
	Env         envCommand         `cmd:"" help:"Print endpoints and credentials as environment variables."`
	APIs        apisCommand        `cmd:"" name:"apis" help:"List the emulated APIs and their documented errors."`
	Requests    requestsCommand    `cmd:"" help:"Show the requests that came in and why each got its answer."`
	Scenarios   scenariosCommand   `cmd:"" help:"List, show and check scenarios."`
	Play        playCommand        `cmd:"" help:"Play a scenario, which decides how operations answer."`
	Stop        stopCommand        `cmd:"" help:"Stop a scenario, or all of them."`
	Tokens      tokensCommand      `cmd:"" help:"List the tokens that were issued; expire, revoke or redeem one."`
	Clients     clientsCommand     `cmd:"" help:"List the MQTT clients that are connected; cut one."`
	Coverage    coverageCommand    `cmd:"" help:"Report which documented errors were seen; fail if too few were."`
	Clock       clockCommand       `cmd:"" help:"Read, move or freeze a sandbox's clock."`
	Sandbox     sandboxCommand     `cmd:"" help:"Create, list, show, reset and remove sandboxes."`
	MCP         mcpCommand         `cmd:"" name:"mcp" help:"Give agents tools over the Model Context Protocol."`
	CA          caCommand          `cmd:"" name:"ca" help:"Print the CA of --tls-addr, or how to make clients trust it."`
	Healthcheck healthcheckCommand `cmd:"" help:"Exit with 0 if the emulator is ready, with 1 if it is not."`
	Completion  completionCommand  `cmd:"" help:"Print what makes a shell complete command lines."`
	Explain     helpCommand        `cmd:"" name:"help" help:"Show the help of a command."`
	Build       versionCommand     `cmd:"" name:"version" help:"Print the version."`
}

// Run runs one command line until it is done or ctx ends, and returns the exit code.
func Run(ctx context.Context, env Env, args ...string) int {
	if len(args) == 0 {
		args = []string{"--help"}
	}
	env.Command = cmp.Or(env.Command, programName)
	if env.Stdin == nil {
		env.Stdin = strings.NewReader("")
	}
	out := &output{to: env.Stdout}
	env.Stdout = out
	err := run(ctx, env, args)
	if errors.Is(err, errShown) {
		err = nil
	}
	if err == nil && out.err != nil {
		err = fmt.Errorf("the output could not be written: %w", out.err)
	}
	if err == nil {
		return exitOK
	}
	printf(env.Stderr, "tokenstage: %s\n", oneLine(err.Error()))
	if _, ok := errors.AsType[*usageError](err); ok {
		return exitUsage
	}
	return exitFailure
}

func run(ctx context.Context, env Env, args []string) error {
	variables := &variableResolver{lookup: env.LookupEnv}
	parser, err := kong.New(&grammar{},
		kong.Name(programName),
		kong.Description("An emulator of cloud APIs that issue access tokens. Real SDKs work against it, offline.\n\n"+
			"Exit codes: 0 success, 1 failure, 2 a mistake in the command line or the environment."),
		kong.Writers(env.Stdout, env.Stderr),
		kong.NoDefaultHelp(),
		kong.Vars{"control": defaultControl, "kinds": kinds("or")},
		kong.ConfigureHelp(kong.HelpOptions{NoExpandSubcommands: true, Compact: true, WrapUpperBound: helpWidth}),
		kong.ValueFormatter(describe),
		kong.ExplicitGroups([]kong.Group{{Key: remoteGroup, Title: "Where the emulator is:"}}),
		kong.Resolvers(variables),
		kong.BindTo(ctx, (*context.Context)(nil)),
		kong.Bind(env),
	)
	if err != nil {
		return fmt.Errorf("build the command line: %w", err)
	}
	if answerShell(env, parser) {
		return nil
	}
	nameFlags(parser.Model.Node, "")
	command, err := parser.Parse(args)
	if errors.Is(err, errShown) {
		return err
	}
	if err != nil {
		return variables.explain(err)
	}
	return command.Run()
}

// helpWidth limits the width of help texts on wide terminals.
const helpWidth = 110

// usageError is a mistake in the command line or the environment.
type usageError struct{ text string }

func (e *usageError) Error() string { return e.text }

func usagef(format string, args ...any) error { return &usageError{fmt.Sprintf(format, args...)} }
