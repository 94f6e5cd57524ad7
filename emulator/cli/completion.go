package cli

import (
	"cmp"
	"os"
	"path/filepath"
	"strings"

	"al.essio.dev/pkg/shellescape"
	"github.com/alecthomas/kong"
	"github.com/posener/complete"
	"github.com/willabides/kongplete"

	"github.com/tokenstage/tokenstage/emulator/internal/contract"
	"github.com/tokenstage/tokenstage/emulator/internal/scenario"
	"github.com/tokenstage/tokenstage/emulator/internal/scenario/language"
	"github.com/tokenstage/tokenstage/scenarios"
)

// completionVariable holds the line that a shell wants to have completed.
const completionVariable = "COMP_LINE"

// completionScripts are what each shell runs so that it asks this program. {bin} stands for the program.
func completionScripts() map[string]string {
	return map[string]string{
		"bash": "complete -o default -C {bin} tokenstage\n",
		"zsh":  "autoload -U +X bashcompinit && bashcompinit\ncomplete -o default -C {bin} tokenstage\n",
		"fish": `function __complete_tokenstage
    set -lx COMP_LINE (commandline -cp)
    test -z (commandline -ct)
    and set COMP_LINE "$COMP_LINE "
    {bin}
end
complete -c tokenstage -a "(__complete_tokenstage)"
`,
	}
}

// completionCommand prints what makes a shell complete command lines.
type completionCommand struct {
	Shell string `arg:"" optional:"" enum:"bash,zsh,fish," default:"" help:"bash, zsh or fish. Default: that of $SHELL."`
}

// Help gives the examples.
func (completionCommand) Help() string {
	return examples(
		`eval "$(tokenstage completion bash)"`, "in this shell; for every one put it into ~/.bashrc",
		`eval "$(tokenstage completion zsh)"`, "in ~/.zshrc",
		"tokenstage completion fish | source", "in ~/.config/fish/config.fish",
	)
}

// Run prints the script.
func (c *completionCommand) Run(env Env) error {
	login, _ := env.LookupEnv("SHELL")
	script, ok := completionScripts()[cmp.Or(c.Shell, filepath.Base(login))]
	if !ok {
		return usagef("name your shell: bash, zsh or fish")
	}
	self, err := os.Executable()
	if err != nil {
		return err
	}
	printf(env.Stdout, "%s", strings.ReplaceAll(script, "{bin}", shellescape.Quote(self)))
	return nil
}

// answerShell prints what may stand at the end of the line that a shell wants to have completed, and reports whether
// one does.
func answerShell(env Env, parser *kong.Kong) (asked bool) {
	if line, _ := env.LookupEnv(completionVariable); line == "" {
		return false
	}
	kongplete.Complete(parser, kongplete.WithExitFunc(func(int) { asked = true }),
		kongplete.WithPredictors(map[string]complete.Predictor{
			"command":   complete.PredictSet(commandNames(parser)...),
			"api":       complete.PredictFunc(func(complete.Args) []string { return apiNames() }),
			"operation": complete.PredictFunc(func(complete.Args) []string { return operationNames() }),
			"what":      complete.PredictFunc(func(complete.Args) []string { return append(apiNames(), operationNames()...) }),
			"scenario":  complete.PredictFunc(func(complete.Args) []string { return scenarioNames() }),
		}))
	return asked
}

func commandNames(parser *kong.Kong) []string {
	var names []string
	for _, command := range parser.Model.Children {
		names = append(names, command.Name)
	}
	return names
}

// apiNames, operationNames and scenarioNames are those that ship; a shell must get its answer at once.
func apiNames() []string {
	catalogue, err := contract.Builtin()
	if err != nil {
		return nil
	}
	var names []string
	for _, api := range catalogue.APIs {
		names = append(names, api.Name)
	}
	return names
}

func operationNames() []string {
	catalogue, err := contract.Builtin()
	if err != nil {
		return nil
	}
	var names []string
	for _, api := range catalogue.APIs {
		for _, op := range api.Operations {
			names = append(names, op.Name)
		}
	}
	return names
}

func scenarioNames() []string {
	library, err := shippedLibrary()
	if err != nil {
		return nil
	}
	return library.Names()
}

// shippedLibrary is every scenario that can be played by name without a file.
func shippedLibrary() (*scenario.Library, error) {
	catalogue, err := contract.Builtin()
	if err != nil {
		return nil, err
	}
	return scenario.NewLibrary(catalogue, scenarios.Files, language.NewDecoder(catalogue))
}
