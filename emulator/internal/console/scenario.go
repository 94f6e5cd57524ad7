package console

import (
	"context"
	"net/http"

	"al.essio.dev/pkg/shellescape"

	"github.com/tokenstage/tokenstage/emulator/internal/contract"
	"github.com/tokenstage/tokenstage/emulator/internal/sandbox"
	"github.com/tokenstage/tokenstage/emulator/internal/scenario"
	"github.com/tokenstage/tokenstage/emulator/internal/scenario/explain"
	"github.com/tokenstage/tokenstage/emulator/internal/scenario/language"
	"github.com/tokenstage/tokenstage/emulator/internal/scenario/play"
)

// scenarioPage is the page of one scenario.
type scenarioPage struct {
	toggle

	Summary string
	Source  string
	// Control is the control plane as host:port.
	Control string
	// Known is false for what only this sandbox has: Own for a document that somebody played here.
	Known, Own, Generated, Default bool
	// Playing is where it stands; nil where it does not play.
	Playing *playing
	// Operation and Error are what a generated scenario is about.
	Operation *contract.Operation
	Error     *contract.Error
	// Magic are the values that set off that error.
	Magic []magicValue
	// Explained is the scenario in sentences.
	Explained explain.Explanation
}

// Toggle is the button of the scenario.
func (p *scenarioPage) Toggle() toggle { return p.toggle }

// Command plays it in a sandbox from the command line.
func (p *scenarioPage) Command(sandbox string) string {
	command := "tokenstage play " + shellescape.Quote(p.Name) + " --sandbox " + sandbox
	if p.Control == usualControl {
		return command
	}
	return command + " --control " + shellescape.Quote("http://"+p.Control)
}

// usualControl is where the command line looks for the control plane unless told otherwise.
const usualControl = "127.0.0.1:4011"

func (c *console) scenario(r *http.Request, l *layout) (body, error) {
	page := &scenarioPage{toggle: toggle{Name: r.URL.Query().Get("name")}, Control: r.Host}
	list, err := c.playing(r.Context(), l.Sandbox)
	if err != nil {
		return body{}, err
	}
	for i := range list {
		if list[i].Name == page.Name {
			page.Playing, page.Plays, page.Summary = &list[i], true, list[i].Summary
		}
	}
	if s, ok := c.World.Library().Get(page.Name); ok {
		c.describe(page, s)
	} else if err := c.describeOwn(r.Context(), l.Sandbox, page); err != nil {
		return body{}, err
	}
	return body{"scenario", page.Name, page}, nil
}

// describeOwn fills in what is known of a scenario that somebody played from a document.
func (c *console) describeOwn(ctx context.Context, box *sandbox.Sandbox, page *scenarioPage) error {
	source, err := c.ownSource(ctx, box, page.Name)
	if err != nil {
		return err
	}
	if source == "" && page.Playing == nil {
		return c.meant(play.ErrUnknown, page.Name)
	}
	source = c.World.Secrets().Mask(source) // whoever played it can have written anything
	if s, _ := language.Decode([]byte(source), c.World.Catalogue()); s != nil {
		page.Own, page.Summary, page.Source, page.Explained = true, s.Summary, source, explain.Scenario(s)
	}
	return nil
}

// describe fills in what is known of a scenario.
func (c *console) describe(page *scenarioPage, s *scenario.Scenario) {
	page.Known, page.Summary, page.Source = true, s.Summary, s.Source
	page.Generated, page.Default = isGenerated(s), c.World.IsDefault(s.Name)
	page.Explained = explain.Scenario(s)
	if !page.Generated {
		return
	}
	if op := c.World.Catalogue().Operation(s.Rules[0].OnText()); op != nil {
		e, _ := op.Error(s.Rules[0].Script[0].Fail.Code)
		page.Operation, page.Error, page.Magic = op, &e, magicFor(c.defaults(), op, e.Code)
	}
}
