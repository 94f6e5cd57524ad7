package mcptools

import (
	"context"
	"errors"
	"net/http"

	"github.com/modelcontextprotocol/go-sdk/mcp"

	"github.com/tokenstage/tokenstage/testkit/client"
)

func (t *tools) addScenarioTools(s *mcp.Server) {
	add(s, t, readOnly, "scenarios", "Look at scenarios",
		"Lists the scenarios that can be played by their names; with an operation also one for each of its documented "+
			"errors; with a name shows that scenario's YAML, to learn from or to build on.", t.scenarios)
	add(s, t, readOnly, "check_scenario", "Check a scenario",
		"Checks a scenario written in YAML without playing it: every problem with its line, column and the known name that "+
			"was probably meant. A scenario has a name, a summary and rules; a rule says on which operation, when "+
			"(conditions), and the script of steps: pass, fail: CODE, delay: 2s, network: reset, respond: {…}, each with "+
			"times: N. The tool scenarios shows examples.", t.checkScenario)
	add(s, t, setting, "play_scenario", "Play a scenario",
		"Plays a scenario in a sandbox, known by its name or written in YAML. It decides how operations answer, before "+
			"those that played already; one of the same name is replaced and begins anew.", t.playScenario)
	add(s, t, destructive, "stop_scenario", "Stop scenarios",
		"Stops a scenario in a sandbox, or all that were played; where they stood is forgotten.", t.stopScenario)
	add(s, t, readOnly, "coverage", "See operations and coverage",
		"Lists the operations and how many of their documented errors were seen; with an operation shows each of its "+
			"errors: code, meaning, how often it was seen, and the scenario that plays it.", t.coverage)
}

type scenarioRow struct {
	Name    string `json:"name"`
	Summary string `json:"summary"`
	Default bool   `json:"default,omitempty" jsonschema:"It plays in every sandbox that does not stop it."`
}

type scenariosOut struct {
	Scenarios []scenarioRow `json:"scenarios"`
	More      int           `json:"more,omitempty" jsonschema:"How many others there are."`
	Document  string        `json:"document,omitempty" jsonschema:"The YAML of the scenario that was asked for by name."`
}

func (t *tools) scenarios(ctx context.Context, in struct {
	Name      string `json:"name,omitempty" jsonschema:"Show this scenario."`
	Operation string `json:"operation,omitempty" jsonschema:"List those of one operation, such as onsmqtt.ApplyToken."`
},
) (scenariosOut, error) {
	if in.Name != "" {
		found, err := t.control.Scenario(ctx, in.Name)
		return scenariosOut{
			Scenarios: []scenarioRow{{Name: found.Name, Summary: found.Summary}}, Document: cut(found.Source, maxAnswer/2),
		}, err
	}
	all, err := t.control.Scenarios(ctx)
	if err == nil && in.Operation != "" {
		_, err = t.operation(ctx, in.Operation)
	}
	if err != nil {
		return scenariosOut{}, err
	}
	out := scenariosOut{Scenarios: []scenarioRow{}}
	for _, s := range all {
		if in.Operation != s.Operation && (in.Operation != "" || s.Generated) {
			continue
		}
		out.Scenarios = append(out.Scenarios, scenarioRow{s.Name, s.Summary, s.Default})
	}
	out.Scenarios, out.More = first(out.Scenarios, 2*maxRows)
	return out, nil
}

type problemRow struct {
	Line    int    `json:"line" jsonschema:"Counted from 1."`
	Column  int    `json:"column" jsonschema:"In bytes, counted from 1."`
	Message string `json:"message"`
	Meant   string `json:"meant,omitempty" jsonschema:"The nearest known name."`
}

type checkOut struct {
	Good     bool         `json:"good" jsonschema:"Whether it can be played."`
	Problems []problemRow `json:"problems"`
	Advice   []problemRow `json:"advice" jsonschema:"What is allowed and seldom meant, as rules never reached."`
	More     int          `json:"more,omitempty" jsonschema:"How many others there are."`
}

func (t *tools) checkScenario(ctx context.Context, in struct {
	Document string `json:"document" jsonschema:"The scenario in YAML."`
},
) (checkOut, error) {
	found, err := t.control.CheckScenario(ctx, in.Document)
	if err != nil {
		return checkOut{}, err
	}
	problems, more := first(found.Problems, maxProblems)
	advice, others := first(found.Advice, maxProblems)
	out := checkOut{
		Good: len(found.Problems) == 0, Problems: make([]problemRow, len(problems)), Advice: make([]problemRow, len(advice)),
		More: more + others,
	}
	for i, p := range problems {
		out.Problems[i] = problemRow{p.Line, p.Column, cut(p.Message, maxValue), cut(p.Meant, maxValue)}
	}
	for i, p := range advice {
		out.Advice[i] = problemRow{p.Line, p.Column, cut(p.Message, maxValue), cut(p.Meant, maxValue)}
	}
	return out, nil
}

type playingOut struct {
	Sandbox string   `json:"sandbox"`
	Playing []string `json:"playing" jsonschema:"What was played and still plays, and where each rule stands."`
}

func (t *tools) playScenario(ctx context.Context, in struct {
	inSandbox
	Name     string `json:"name" jsonschema:"The name of a known scenario, or the name under which the document plays."`
	Document string `json:"document,omitempty" jsonschema:"A scenario of your own in YAML, found good by check_scenario."`
},
) (playingOut, error) {
	err := t.play(ctx, in.id(), in.Name, in.Document)
	if err != nil {
		return playingOut{}, err
	}
	playing, err := t.playing(ctx, in.id())
	return playingOut{in.id(), playing}, err
}

func (t *tools) play(ctx context.Context, box, name, document string) error {
	if document == "" {
		return t.control.PlayScenario(ctx, box, name)
	}
	return t.control.PlayDocument(ctx, box, name, document)
}

func (t *tools) stopScenario(ctx context.Context, in struct {
	inSandbox
	Name string `json:"name,omitempty" jsonschema:"The scenario to stop; all that were played without it."`
},
) (playingOut, error) {
	names := []string{in.Name}
	if in.Name == "" {
		all, err := t.played(ctx, in.id())
		if err != nil {
			return playingOut{}, err
		}
		names = nil
		for _, each := range all {
			names = append(names, each.Name)
		}
	}
	for _, name := range names {
		if err := t.control.StopScenario(ctx, in.id(), name); err != nil && (in.Name != "" || !isNotFound(err)) {
			return playingOut{}, err
		}
	}
	playing, err := t.playing(ctx, in.id())
	return playingOut{in.id(), playing}, err
}

// isNotFound tells that what was named does not exist: somebody else may have stopped it.
func isNotFound(err error) bool {
	p, ok := errors.AsType[*client.Problem](err)
	return ok && p.Status == http.StatusNotFound
}

// played are the scenarios that somebody played, without those that play by default.
func (t *tools) played(ctx context.Context, box string) ([]client.Playing, error) {
	all, err := t.control.Playing(ctx, box)
	var played []client.Playing
	for _, each := range all {
		if !each.Default {
			played = append(played, each)
		}
	}
	return played, err
}

// playing says where those stand.
func (t *tools) playing(ctx context.Context, box string) ([]string, error) {
	all, err := t.played(ctx, box)
	shown, _ := first(all, maxProblems)
	stands := make([]string, len(shown))
	for i, each := range shown {
		stands[i] = cut(each.String(), maxText/4)
	}
	return stands, err
}
