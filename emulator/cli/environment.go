package cli

import (
	"fmt"
	"strings"

	"github.com/alecthomas/kong"
)

// environment gives flags the values of their variables. It stands in for kong's own reading of the environment, which
// knows the process's only and takes an empty variable for a value.
type environment struct {
	lookup func(name string) (string, bool)
	used   []*kong.Flag
}

// takeOver keeps kong from reading the environment itself. The names stay with the flags.
func (e *environment) takeOver(k *kong.Kong) error {
	return kong.Visit(k.Model, func(node kong.Visitable, next kong.Next) error {
		if flag, ok := node.(*kong.Flag); ok {
			flag.Value.Tag.Envs = nil
		}
		return next(nil)
	})
}

// Validate accepts every command line.
func (e *environment) Validate(*kong.Application) error { return nil }

// Resolve returns the value of the flag's variable.
func (e *environment) Resolve(_ *kong.Context, _ *kong.Path, flag *kong.Flag) (any, error) {
	for _, name := range flag.Envs {
		if value, ok := e.lookup(name); ok && value != "" {
			e.used = append(e.used, flag)
			return value, nil
		}
	}
	return nil, nil
}

// explain turns kong's error into a usageError that names the variable where the flag came from one.
func (e *environment) explain(err error) error {
	text := err.Error()
	for _, flag := range e.used {
		if strings.HasPrefix(text, "--"+flag.Name+":") || strings.HasPrefix(text, "--"+flag.Name+" ") {
			return usagef("%s (from %s)", text, flag.Envs[0])
		}
	}
	return &usageError{text}
}

// withEnvironment adds the name of a flag's variable to its help.
func withEnvironment(value *kong.Value) string {
	if value.Flag == nil || len(value.Flag.Envs) == 0 {
		return value.Help
	}
	return fmt.Sprintf("%s [$%s]", value.Help, value.Flag.Envs[0])
}
