package cli

import (
	"context"
	"encoding/json"
)

type scenariosPlayingCommand struct {
	sandboxFlags
	jsonFlag
}

// Help gives the examples.
func (scenariosPlayingCommand) Help() string {
	return examples(
		"tokenstage scenarios playing", "which step each rule is at, which states are set, and how long windows last",
		"tokenstage scenarios playing --sandbox checkout-7 --json", "the same for programs",
	)
}

// Run prints what plays, in the order in which it is asked.
func (p *scenariosPlayingCommand) Run(ctx context.Context, env Env) error {
	playing, err := p.client().Playing(ctx, p.Sandbox)
	if err != nil {
		return p.failure(err, "sandbox list")
	}
	if p.JSON {
		sent := make([]json.RawMessage, len(playing))
		for i := range playing {
			sent[i] = playing[i].Status
		}
		return writeJSON(env.Stdout, map[string][]json.RawMessage{"scenarios": sent})
	}
	if len(playing) == 0 {
		printf(env.Stdout, "nothing plays in the sandbox %s\n", p.Sandbox)
	}
	for i := range playing {
		printf(env.Stdout, "%s\n", printable(playing[i].String()))
	}
	return nil
}
