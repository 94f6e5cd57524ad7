package console

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/tokenstage/tokenstage/emulator/internal/contract"
	"github.com/tokenstage/tokenstage/emulator/internal/sandbox"
	"github.com/tokenstage/tokenstage/emulator/internal/scenario"
	"github.com/tokenstage/tokenstage/emulator/internal/scenario/play"
	"github.com/tokenstage/tokenstage/emulator/internal/world"
)

// scenarioList is the page of scenarios.
type scenarioList struct {
	Query, API string
	APIs       []*contract.API
	Playing    []playing
	// Stopped are those that somebody played from a document of their own and stopped.
	Stopped []stoppedScenario
	// CanStopAll tells that there is more than one to stop, beside those that are on by default.
	CanStopAll bool
	// Patterns are the values by which an unmodified app sets off errors.
	Patterns []magicPattern
	Stories  []story
	Errors   []apiErrors
	// Found is how many scenarios are listed, of All.
	Found, All int
}

// story is a scenario that ships.
type story struct {
	toggle

	Summary string
	Default bool
	// About are the operations of its rules.
	About []string
}

// apiErrors are the documented errors of an API, by operation.
type apiErrors struct {
	*contract.API

	Operations []operationErrors
}

type operationErrors struct {
	*contract.Operation

	Rows []errorRow
}

// errorRow is a documented error, which is a scenario by itself.
type errorRow struct {
	toggle
	contract.Error
}

// errorName is the scenario of a documented error.
func errorName(operation, code string) string { return "error/" + operation + "/" + code }

func (c *console) scenarios(r *http.Request, l *layout) (body, error) {
	query := r.URL.Query()
	if err := c.World.CheckNames(r.Context(), nil, world.Names{API: query.Get("api")}); err != nil {
		return body{}, err
	}
	list, err := c.playing(r.Context(), l.Sandbox)
	if err != nil {
		return body{}, err
	}
	page := scenarioList{
		Query: query.Get("q"), API: query.Get("api"), APIs: c.World.Catalogue().APIs, Playing: list,
		CanStopAll: len(played(list)) > 1, Patterns: magicPatterns(c.defaults()), All: len(c.World.Library().Names()),
	}
	search := newSearch(page.Query, page.API)
	if page.Stopped, err = c.stopped(r.Context(), l.Sandbox); err != nil {
		return body{}, err
	}
	page.Stories = c.stories(search, names(list))
	page.Found = len(page.Stories)
	for _, api := range page.APIs {
		found := errorsOf(api, search, names(list))
		for _, op := range found.Operations {
			page.Found += len(op.Rows)
		}
		if len(found.Operations) > 0 {
			page.Errors = append(page.Errors, found)
		}
	}
	return body{"scenarios", "Scenarios", page}, nil
}

// search selects scenarios: those of an API whose text has every word.
type search struct {
	api   string // empty: of any
	words []string
}

func newSearch(query, api string) search { return search{api, strings.Fields(strings.ToLower(query))} }

func (s search) finds(texts ...string) bool {
	text := strings.ToLower(strings.Join(texts, "\n"))
	for _, word := range s.words {
		if !strings.Contains(text, word) {
			return false
		}
	}
	return true
}

// stories are the scenarios that ship and were found, those about one API before those about several.
func (c *console) stories(find search, plays map[string]bool) []story {
	var stories []story
	library := c.World.Library()
	for _, name := range library.Names() {
		s, ok := library.Get(name)
		if !ok || isGenerated(s) {
			continue
		}
		about := subjects(s)
		if concerns(s, find.api) && find.finds(name, s.Summary, strings.Join(about, " ")) {
			stories = append(stories, story{toggle{name, plays[name]}, s.Summary, c.World.IsDefault(name), about})
		}
	}
	return stories
}

// isGenerated tells a scenario that was made from a spec from one that somebody wrote.
func isGenerated(s *scenario.Scenario) bool { return len(s.Rules) > 0 && s.Rules[0].Line == 0 }

// subjects are what the rules are about, each once. Of many operations the APIs alone are named.
func subjects(s *scenario.Scenario) []string {
	const many = 3
	var operations, apis []string
	for _, on := range s.Subjects() {
		if on == scenario.AllOperations {
			return []string{"all operations"}
		}
		api, _, _ := strings.Cut(on, ".")
		operations, apis = addOnce(operations, on), addOnce(apis, api)
	}
	if len(operations) > many {
		return apis
	}
	return operations
}

// concerns tells whether a scenario has a rule about an API; every scenario is about the empty one.
func concerns(s *scenario.Scenario, api string) bool {
	return api == "" || slices.ContainsFunc(s.Subjects(), func(on string) bool {
		return on == scenario.AllOperations || strings.HasPrefix(on, api+".")
	})
}

func errorsOf(api *contract.API, find search, plays map[string]bool) apiErrors {
	found := apiErrors{API: api}
	if find.api != "" && find.api != api.Name {
		return found
	}
	for _, op := range api.Operations {
		group := operationErrors{Operation: op}
		for _, e := range op.Errors {
			name := errorName(op.Name, e.Code)
			if find.finds(name, strconv.Itoa(e.Status), e.Message, e.Detail, e.Meaning, string(e.Evidence.Mark)) {
				group.Rows = append(group.Rows, errorRow{toggle{name, plays[name]}, e})
			}
		}
		if len(group.Rows) > 0 {
			found.Operations = append(found.Operations, group)
		}
	}
	return found
}

// playOrStop is what the buttons of scenarios do: the one that was pressed is in the form.
func (c *console) playOrStop(r *http.Request, box *sandbox.Sandbox) (note string, err error) {
	if name := r.PostFormValue("stop"); name != "" {
		if err := c.World.StopPlaying(r.Context(), box, name); err != nil {
			return "", fmt.Errorf("%w: %q", err, name)
		}
		return name + " plays no more in " + box.ID + ".", nil
	}
	if name := r.PostFormValue("forget"); name != "" {
		return name + " is forgotten.", c.World.ForgetStopped(r.Context(), box, name)
	}
	if r.PostFormValue("stop-all") != "" {
		return c.stopAll(r.Context(), box)
	}
	name := r.PostFormValue("play")
	what, err := c.playable(r.Context(), box, name)
	if err == nil {
		err = c.World.Play(r.Context(), box, what)
	}
	if err != nil {
		return "", c.meant(err, name)
	}
	return name + " plays in " + box.ID + " from now on.", nil
}

// stopAll stops what somebody played. What is on by default stays.
func (c *console) stopAll(ctx context.Context, box *sandbox.Sandbox) (note string, err error) {
	list, err := c.playing(ctx, box)
	if err != nil {
		return "", err
	}
	for _, name := range played(list) {
		err := c.World.StopPlaying(ctx, box, name)
		if err != nil && !errors.Is(err, play.ErrNotPlaying) { // somebody else can have been faster
			return "", err
		}
	}
	return "What was played in " + box.ID + " plays no more.", nil
}

// meant adds to the refusal of an unknown name the one that was probably meant.
func (c *console) meant(err error, name string) error {
	if !errors.Is(err, play.ErrUnknown) {
		return err
	}
	detail := fmt.Sprintf("No scenario has the name %q.", name)
	if near := c.World.Library().Suggest(name); near != "" {
		detail += fmt.Sprintf(" Did you mean %q?", near)
	}
	return &problem{http.StatusNotFound, detail}
}
