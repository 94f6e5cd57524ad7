package console

import (
	"fmt"
	"net/http"
	"path"
	"regexp"
	"strconv"
	"strings"

	"github.com/labstack/echo/v4"

	"github.com/tokenstage/tokenstage/emulator/internal/sandbox"
	"github.com/tokenstage/tokenstage/emulator/internal/scenario"
	"github.com/tokenstage/tokenstage/emulator/internal/scenario/explain"
	"github.com/tokenstage/tokenstage/emulator/internal/scenario/language"
	"github.com/tokenstage/tokenstage/emulator/internal/scenario/play"
)

// firstScenario is where one begins who has nothing to build upon.
const firstScenario = `name: my-scenario
summary: ApplyToken is throttled twice, then answers after half a second.
rules:
  - on: onsmqtt.ApplyToken          # an operation, onsmqtt.* or "*"
    # when: {params.InstanceId: post-cn-*}
    script:                         # each call takes one step; the last repeats
      - fail: ApplyTokenOverFlow    # a documented error by its code
        times: 2
      - delay: 500ms
`

// editorPage is the editor of a scenario.
type editorPage struct {
	verdict

	// Try is what becomes of described calls.
	Try tryOut

	Source string
	// Fresh says that nobody wrote in it yet.
	Fresh bool
	// Own is the scenario of the sandbox whose document this is, Call the id of the call that it was made from.
	Own, Call string
	// From is the scenario whose document this was in the beginning.
	From string
	// Refusal says why it could not be played, when its document is good.
	Refusal string
	// Played is the name under which it plays now.
	Played string
}

// Verdict is what is said about the text.
func (p editorPage) Verdict() verdict { return p.verdict }

// verdict is what the check of a document found.
type verdict struct {
	Checked  bool
	Problems []foundProblem
	// Never is what of a good document can never happen, Advice what is seldom meant: it can be played all the same.
	Never, Advice []foundProblem
	// Explained is a good document in sentences; nil where it has problems.
	Explained *explain.Explanation
}

// foundProblem is a problem with the line where it is.
type foundProblem struct {
	scenario.Problem

	// Before and At are the text of the line, parted where the problem begins.
	Before, At string
}

// editor is the page as one opens it.
func (c *console) editor(r *http.Request, l *layout) (body, error) {
	query := r.URL.Query()
	page := editorPage{Fresh: true, From: query.Get("from"), Own: query.Get("own"), Call: query.Get("call")}
	var err error
	if page.Source, err = c.firstSource(r, l.Sandbox, &page); err != nil {
		return body{}, err
	}
	page.verdict = c.judge(page.Source)
	page.Try.Calls = c.callsFor(page.Source)
	return body{"editor", "Edit a scenario", page}, nil
}

// firstSource is the document that one begins with.
func (c *console) firstSource(r *http.Request, box *sandbox.Sandbox, page *editorPage) (string, error) {
	switch {
	case page.Call != "":
		number, _ := strconv.ParseUint(r.URL.Query().Get("seq"), 10, 64)
		entry, err := c.entry(r.Context(), box, page.Call, number)
		if err != nil {
			return "", err
		}
		return c.scenarioOf(&entry, true)
	case page.Own != "":
		source, err := c.ownSource(r.Context(), box, page.Own)
		if err == nil && source == "" {
			err = c.meant(play.ErrUnknown, page.Own)
		}
		return c.World.Secrets().Mask(source), err
	case page.From != "":
		s, ok := c.World.Library().Get(page.From)
		if !ok {
			return "", c.meant(play.ErrUnknown, page.From)
		}
		return asOwn(s), nil
	}
	return firstScenario, nil
}

var nameLine = regexp.MustCompile(`(?m)^name:.*$`)

// asOwn is the document of a scenario under a name of its own, so that it does not play in the place of that scenario.
func asOwn(s *scenario.Scenario) string {
	line := nameLine.FindStringIndex(s.Source)
	if line == nil {
		return s.Source
	}
	return s.Source[:line[0]] + "name: my-" + path.Base(s.Name) + s.Source[line[1]:]
}

// tryScenario checks what was written, plays it when that was asked for and nothing is wrong, and shows the editor
// with the text as it was: whatever happens, nobody writes it twice.
func (c *console) tryScenario(ec echo.Context) error {
	r := ec.Request()
	err := c.validForm(ec)
	l, layoutErr := c.layout(r)
	if layoutErr != nil || !r.PostForm.Has("source") {
		if err == nil {
			err = &problem{http.StatusBadRequest, "The form has no document."}
		}
		return c.errorPage(ec, err)
	}
	page := editorPage{
		Source: sourceOf(r), From: r.PostFormValue("from"), Own: r.PostFormValue("own"), Call: r.PostFormValue("call"),
	}
	page.verdict = c.judge(page.Source)
	if page.Try.Calls = sourceText(r, "calls"); page.Try.Calls == "" {
		page.Try.Calls = c.callsFor(page.Source)
	}
	status := http.StatusOK
	if err == nil && len(page.Problems) > 0 {
		status = http.StatusUnprocessableEntity
	} else if err == nil {
		err = c.carryOut(r, l.Sandbox, &page)
	}
	if err != nil {
		refusal, refused := c.errorBody(r, err)
		page.Refusal, status = fmt.Sprint(refusal.data), refused
	}
	l.Path = link("scenarios/edit", "sandbox", l.Sandbox.ID, "from", page.From, "own", page.Own,
		"call", page.Call)
	l.Title, l.Body, l.Refused = "Edit a scenario", page, false
	return write(ec, status, "editor", "layout", l)
}

// carryOut does with a good document what the pressed button says.
func (c *console) carryOut(r *http.Request, box *sandbox.Sandbox, page *editorPage) (err error) {
	switch r.PostFormValue("do") {
	case "play":
		if err = c.World.Play(r.Context(), box, play.Playing{Source: page.Source}); err == nil {
			page.Played = page.Explained.Name
		}
	case "try":
		page.Try, err = c.tryOut(r.Context(), box, page.Source, page.Try.Calls)
	}
	return err
}

// sourceOf is the document as it was written.
func sourceOf(r *http.Request) string { return sourceText(r, "source") }

// sourceText is a field of several lines as it was written: browsers end the lines of a form in their own way.
func sourceText(r *http.Request, name string) string {
	return strings.ReplaceAll(r.PostFormValue(name), "\r\n", "\n")
}

// callsFor describe calls to try a document with; empty for one that is not good.
func (c *console) callsFor(source string) string {
	s, _ := language.Decode([]byte(source), c.World.Catalogue())
	if s == nil {
		return ""
	}
	return firstCalls(s)
}

// checkScenario answers with what is to be said about a document, while somebody writes it.
func (c *console) checkScenario(ec echo.Context) error {
	r := ec.Request()
	if err := c.validForm(ec); err != nil {
		refusal, status := c.errorBody(r, err)
		http.Error(ec.Response(), fmt.Sprint(refusal.data), status)
		return nil
	}
	return write(ec, http.StatusOK, "editor", "verdict", c.judge(sourceOf(r)))
}

// judge checks a document. What it quotes goes back to who wrote it, secrets and all.
func (c *console) judge(source string) verdict {
	s, problems := language.Decode([]byte(source), c.World.Catalogue())
	if s == nil {
		return verdict{Checked: true, Problems: foundIn(source, problems)}
	}
	never, advice := language.Check([]byte(source), c.World.Catalogue(), c.World.RealNow())
	explained := explain.Scenario(s)
	return verdict{
		Checked: true, Never: foundIn(source, never), Advice: foundIn(source, advice), Explained: &explained,
	}
}

// foundIn are problems with the lines of the document where they are.
func foundIn(source string, problems scenario.Problems) []foundProblem {
	lines := strings.Split(source, "\n")
	var list []foundProblem
	for _, p := range problems {
		found := foundProblem{Problem: p}
		if p.Line >= 1 && p.Line <= len(lines) {
			text := []rune(lines[p.Line-1])
			at := min(max(p.Column-1, 0), len(text))
			found.Before, found.At = string(text[:at]), string(text[at:])
		}
		list = append(list, found)
	}
	return list
}
