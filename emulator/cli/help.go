package cli

import (
	"errors"
	"slices"

	"github.com/alecthomas/kong"
)

// errShown stops parsing once a flag printed what it was given for; it is not a failure.
var errShown = errors.New("help or version was shown")

// helpFlag replaces kong's --help, which would end the process.
type helpFlag bool

// IgnoreDefault lets the flag work without a command.
func (helpFlag) IgnoreDefault() {}

// BeforeReset prints the help before kong checks anything else.
func (helpFlag) BeforeReset(command *kong.Context) error {
	if err := command.PrintUsage(false); err != nil {
		return err
	}
	return errShown
}

// versionFlag prints the version, as the command of that name does.
type versionFlag bool

// IgnoreDefault lets the flag work without a command.
func (versionFlag) IgnoreDefault() {}

// BeforeReset prints the version before kong checks anything else.
func (versionFlag) BeforeReset(env Env) error {
	printf(env.Stdout, "%s\n", readVersion())
	return errShown
}

// helpCommand shows the help of a command, for people who look for it there.
type helpCommand struct {
	Command []string `arg:"" optional:"" predictor:"command" help:"The command, such as sandbox new."`
}

// Help gives the examples.
func (helpCommand) Help() string {
	return examples(
		"tokenstage help", "all commands",
		"tokenstage help sandbox new", "one of them, as tokenstage sandbox new --help",
	)
}

// Run shows what --help of that command shows.
func (h *helpCommand) Run(parser *kong.Kong) error {
	_, err := parser.Parse(append(slices.Clone(h.Command), "--help"))
	if err != nil && !errors.Is(err, errShown) {
		return &usageError{err.Error()}
	}
	return err
}
