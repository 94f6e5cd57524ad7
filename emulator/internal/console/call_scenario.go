package console

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/tokenstage/tokenstage/emulator/internal/gateways"
	"github.com/tokenstage/tokenstage/emulator/internal/journal"
	"github.com/tokenstage/tokenstage/emulator/internal/sandbox"
	"github.com/tokenstage/tokenstage/emulator/internal/scenario/language"
	"github.com/tokenstage/tokenstage/emulator/internal/scenario/play"
	"github.com/tokenstage/tokenstage/emulator/internal/wire"
)

// playAgain has the operation of a call answer as it answered that call, until somebody stops it.
func (c *console) playAgain(r *http.Request, box *sandbox.Sandbox) (string, error) {
	number, _ := strconv.ParseUint(r.PostFormValue("seq"), 10, 64)
	entry, err := c.entry(r.Context(), box, r.PostFormValue("request"), number)
	if err != nil {
		return "", err
	}
	source, err := c.scenarioOf(&entry, false)
	if err != nil {
		return "", err
	}
	if err := c.World.Play(r.Context(), box, play.Playing{Source: source}); err != nil {
		return "", err
	}
	return fmt.Sprintf("%s plays in %s: every call of %s gets this answer until you stop it.", againName(&entry), box.ID,
		entry.Operation), nil
}

// againName is that of the scenario of a call.
func againName(e *journal.Entry) string {
	_, operation, _ := strings.Cut(e.Operation, ".")
	return "again-" + operation + "-" + strings.ToLower(e.ID[:min(len(e.ID), 8)])
}

// canPlayAgain tells whether a scenario can be made of a call.
func (c *console) canPlayAgain(e *journal.Entry) bool {
	_, err := c.scenarioOf(e, false)
	return err == nil
}

// scenarioOf is a document by which an operation answers as it answered a call: with the documented error of its
// outcome, or else with the same bytes. Where it is to be narrow, it takes calls with the same parameters alone.
func (c *console) scenarioOf(e *journal.Entry, narrow bool) (string, error) {
	op := c.World.Catalogue().Operation(e.Operation)
	if op == nil {
		return "", &problem{http.StatusUnprocessableEntity, "No operation took this call, so none can answer like it."}
	}
	document := func(answer []string) string {
		lines := []string{
			"name: " + againName(e),
			"summary: " + quoted(e.Operation+" answers as it answered the call "+e.ID+"."),
			"rules:",
			"  - on: " + e.Operation,
		}
		if narrow {
			lines = append(lines, conditionsOf(e)...)
		}
		lines = append(append(append(lines, "    script:"), answer...), effectsOf(&e.Delivery)...)
		return strings.Join(lines, "\n") + "\n"
	}
	if _, documented := op.ErrorOf(e.Outcome); documented {
		source := document([]string{"      - fail: " + quoted(e.Outcome)})
		if s, _ := language.Decode([]byte(source), c.World.Catalogue()); s != nil {
			return source, nil
		}
	}
	if e.Response.BodyTruncated || strings.Contains(e.Response.Body, "\uFFFD") {
		return "", &problem{http.StatusUnprocessableEntity, "The journal has not all of this answer."}
	}
	source := document(replyOf(e))
	if _, problems := language.Decode([]byte(source), c.World.Catalogue()); len(problems) > 0 {
		return "", &problem{http.StatusUnprocessableEntity, "This answer cannot be played: " + problems.Error()}
	}
	return source, nil
}

// replyOf is a step that answers with the same bytes. The headers that the server makes for each reply are left to it.
func replyOf(e *journal.Entry) []string {
	lines := []string{"      - respond:", "          status: " + strconv.Itoa(e.Response.Status)}
	var headers []string
	for _, name := range slices.Sorted(maps.Keys(e.Response.Headers)) {
		values := e.Response.Headers[name]
		if slices.Contains(hopByHop, name) || name == "Date" || len(values) != 1 || values[0] == "" {
			continue
		}
		headers = append(headers, "            "+quoted(name)+": "+quoted(literal(e, values[0])))
	}
	if len(headers) > 0 {
		lines = append(append(lines, "          headers:"), headers...)
	}
	if e.Response.Body != "" {
		lines = append(lines, "          body: "+quoted(literal(e, e.Response.Body)))
	}
	if e.Outcome != wire.OutcomeOK {
		lines = append(lines, "          offSpec: true")
	}
	return lines
}

// effectsOf is what a scenario did to the delivery.
func effectsOf(d *journal.Delivery) []string {
	var lines []string
	if d.DelayMillis > 0 {
		lines = append(lines, fmt.Sprintf("        delay: %dms", d.DelayMillis))
	}
	if d.Network != "" {
		lines = append(lines, "        network: "+d.Network)
	}
	return lines
}

// conditionsOf are the parameters of a call that are no part of signing, and do not change from call to call by
// themselves.
func conditionsOf(e *journal.Entry) []string {
	var conditions []string
	_, query, _ := strings.Cut(e.Request.URL, "?")
	pairs := readPairs(query)
	if strings.HasPrefix(contentType(e.Request.Headers), "application/x-www-form-urlencoded") {
		pairs = append(pairs, readPairs(e.Request.Body)...)
	}
	var common []string
	if profile, ok := gateways.Find(e.Gateway); ok {
		common = profile.CommonParameters()
	}
	for _, p := range pairs {
		if p.Value == "" || len(p.Value) > maxCondition || slices.Contains(common, p.Name) || holdsMask(p.Value) ||
			strings.HasSuffix(p.Name, "Time") || !plainName(p.Name) {
			continue
		}
		conditions = append(conditions, "      params."+p.Name+": {equals: "+quoted(p.Value)+"}")
	}
	if len(conditions) == 0 {
		return nil
	}
	return append([]string{"    when:"}, conditions...)
}

// maxCondition is how long a value may be to be worth a condition.
const maxCondition = 200

func plainName(name string) bool {
	return name != "" && !strings.ContainsFunc(name, func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && r != '_'
	})
}

// literal is a text of the answer to a call as a template that gives it, with the id of each call in the place of its.
func literal(e *journal.Entry, text string) string {
	text = strings.ReplaceAll(text, "{{", `{{"{{"}}`)
	return strings.ReplaceAll(text, e.ID, "{{requestId}}")
}

// quoted is a text as YAML and JSON write it.
func quoted(text string) string {
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	_ = encoder.Encode(text) // texts are always written
	return strings.TrimSpace(out.String())
}
