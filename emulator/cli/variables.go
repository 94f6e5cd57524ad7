package cli

import (
	"strings"

	"github.com/alecthomas/kong"
)

// variableResolver gives flags the values of their variables. It replaces kong's own reading of the environment, which
// knows only that of the process and takes an empty variable for a value.
type variableResolver struct {
	lookup func(name string) (string, bool)
	used   []setting
}

// setting is a flag that was set by a variable.
type setting struct{ flag, variable string }

// nameFlags gives every flag its variable. For the flags of serve and those that select the emulator it is the name of
// the flag alone, as in TOKENSTAGE_ADDR; for others the name of the command comes first, as in TOKENSTAGE_CLOCK_SET, so
// that no variable means two things. They are kept from kong, which would read them itself.
func nameFlags(command *kong.Node, prefix string) {
	for _, flag := range command.Flags {
		before := prefix
		if flag.Group != nil && flag.Group.Key == remoteGroup {
			before = ""
		}
		if flag.Name != "help" && flag.Name != "version" {
			flag.Envs = nil
			for _, name := range append([]string{flag.Name}, flag.Aliases...) {
				flag.Envs = append(flag.Envs, "TOKENSTAGE_"+before+variableCase(name))
			}
		}
	}
	for _, child := range command.Children {
		if child.Name == "serve" {
			nameFlags(child, prefix)
		} else {
			nameFlags(child, prefix+variableCase(child.Name)+"_")
		}
	}
}

func variableCase(name string) string { return strings.ToUpper(strings.ReplaceAll(name, "-", "_")) }

// Validate is part of kong.Resolver and accepts every command line.
func (r *variableResolver) Validate(*kong.Application) error { return nil }

// Resolve returns the value of the flag's variable.
func (r *variableResolver) Resolve(_ *kong.Context, _ *kong.Path, flag *kong.Flag) (any, error) {
	for _, name := range flag.Envs {
		if value, ok := r.lookup(name); ok && value != "" {
			r.used = append(r.used, setting{flag.Name, name})
			return value, nil
		}
	}
	return nil, nil
}

// explain turns kong's error into a usageError, which names the variable if the flag was set by one.
func (r *variableResolver) explain(err error) error {
	text := strings.Replace(err.Error(), "expected value value", "expected a value", 1) // kong names every type a value
	for _, s := range r.used {
		if strings.HasPrefix(text, "--"+s.flag+":") || strings.HasPrefix(text, "--"+s.flag+" ") {
			return usagef("%s (from %s)", text, s.variable)
		}
	}
	return &usageError{text}
}

// describe returns the help of a flag with its default and its variable.
func describe(value *kong.Value) string {
	text := value.Help
	if value.Default != "" {
		text += " Default: " + value.Default + "."
	}
	if value.Flag != nil && len(value.Flag.Envs) > 0 {
		text += " [$" + value.Flag.Envs[0] + "]"
	}
	return text
}
