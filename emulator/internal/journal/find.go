package journal

import (
	"bytes"
	"maps"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/tokenstage/tokenstage/emulator/internal/sandbox"
	"github.com/tokenstage/tokenstage/emulator/internal/wire"
)

// Kind selects calls by what became of them, in words that go for every API.
type Kind string

// The kinds of calls. A call can be of several.
const (
	// Failed is what did not work for the client: it ended in an error, or its reply did not arrive.
	Failed Kind = "failed"
	// Refused is an error that no scenario decided.
	Refused Kind = "refused"
	// Scripted is what a scenario decided, whatever came of it.
	Scripted Kind = "scripted"
	// Undelivered is a reply that did not reach the client, or not whole.
	Undelivered Kind = "undelivered"
	// Open is a call that is still going on.
	Open Kind = "open"
)

// Kinds are all kinds of calls.
func Kinds() []Kind { return []Kind{Failed, Refused, Scripted, Undelivered, Open} }

// Is tells whether a call is of a kind.
func (s *Summary) Is(kind Kind) bool {
	switch kind {
	case Failed:
		return s.Outcome != wire.OutcomeOK || s.Delivery.Failed()
	case Refused:
		return s.Outcome != wire.OutcomeOK && s.Decision == nil
	case Scripted:
		return s.Decision != nil
	case Undelivered:
		return s.Delivery.Failed()
	case Open:
		return s.Delivery.Open()
	}
	return false
}

// MaxText is how long the text of a filter may be, in bytes.
const MaxText = 1000

// holds tells whether people can read every word of a text in a call: in its line of the list, or in what was sent,
// answered and found. Only what people may see counts, so nobody finds a secret by looking for it.
func (r Record) holds(words []string, s *Summary) bool {
	words = missing(words, s.lines())
	if len(words) == 0 {
		return true
	}
	viewer := r.journal.viewer
	if text, ok := viewer.foundText(r.kept.Data); ok {
		return len(missing(words, text)) == 0
	}
	// Most calls do not hold what is looked for. Those are told by their record as it is kept, which is far cheaper than
	// to make them fit to be seen.
	if !mayHold(r.kept.Data, words) {
		return false
	}
	e := r.Entry()
	text := e.texts()
	viewer.keepText(r.kept.Data, text)
	return len(missing(words, text)) == 0
}

// scratch are buffers for records in lower case, and decoded.
var scratch = sync.Pool{New: func() any { return new([2][]byte) }}

// mayHold tells whether a record has all words, as it is kept or with one layer of encoding taken off.
func mayHold(raw []byte, words []string) bool {
	buffers := scratch.Get().(*[2][]byte) //nolint:forcetypeassert // nothing else is in the pool
	defer scratch.Put(buffers)
	lower := append(buffers[0][:0], raw...)
	lower = lowerBytes(lower)
	plain := appendDecoded(buffers[1][:0], lower)
	buffers[0], buffers[1] = lower, plain
	for _, word := range words {
		if strings.Contains(word, sandbox.Mask) {
			continue // it stands where the record has a secret
		}
		if !bytes.Contains(lower, []byte(word)) && !bytes.Contains(plain, []byte(word)) {
			return false
		}
	}
	return true
}

// missing are the words that a text does not hold. Both are in lower case.
func missing(words []string, text string) []string {
	var left []string
	for _, word := range words {
		if !strings.Contains(text, word) {
			left = append(left, word)
		}
	}
	return left
}

// Words are what a text looks for: its words, or what stands between quotes, in lower case.
func Words(text string) []string {
	var words []string
	for i, part := range strings.Split(lowered(text), `"`) {
		if quoted := i%2 == 1; quoted && part != "" {
			words = append(words, part)
		} else if !quoted {
			words = append(words, strings.Fields(part)...)
		}
	}
	return words
}

// lines is what a list says of a call.
func (s *Summary) lines() string {
	all := []string{
		s.ID, s.Sandbox, s.Gateway, s.API, s.Operation, s.Outcome, strconv.Itoa(s.Status), string(s.Delivery.State),
	}
	if s.Decision != nil {
		all = append(all, s.Decision.Scenario)
	}
	return lowered(strings.Join(all, "\n"))
}

// texts are what the page of a call says: as it came, and decoded where it is a query or a form.
func (e *Entry) texts() string {
	all := []string{
		e.Request.Method, e.Request.URL, decoded(e.Request.URL), e.Request.Body, decoded(e.Request.Body), e.Response.Body,
		e.Credential,
	}
	for _, name := range slices.Sorted(maps.Keys(e.Request.Parameters)) {
		all = append(all, name+": "+e.Request.Parameters[name])
	}
	for _, headers := range []map[string][]string{e.Request.Headers, e.Response.Headers} {
		for _, name := range slices.Sorted(maps.Keys(headers)) {
			all = append(all, name+": "+strings.Join(headers[name], ", "))
		}
	}
	for _, f := range e.Findings {
		all = append(all, f.Check, f.Message, f.Expected, f.Got, f.Server, f.Client)
	}
	for _, m := range e.Misses {
		all = append(all, m.Scenario, m.Condition, m.Expected, m.Got)
	}
	for _, a := range e.Also {
		all = append(all, a.Scenario)
	}
	if d := e.Decision; d != nil {
		all = append(all, d.Key)
	}
	return lowered(strings.Join(all, "\n"))
}

// decoded is a text with one layer of the encoding of queries and forms taken off; what is not encoded stays.
func decoded(text string) string {
	if !strings.ContainsAny(text, "%+") {
		return text
	}
	return string(appendDecoded(make([]byte, 0, len(text)), []byte(text)))
}

// appendDecoded appends a text decoded. Broken encoding stands for itself.
func appendDecoded(out, text []byte) []byte {
	for i := 0; i < len(text); i++ {
		switch {
		case text[i] == '+':
			out = append(out, ' ')
		case text[i] == '%' && i+2 < len(text) && isHex(text[i+1]) && isHex(text[i+2]):
			code, _ := strconv.ParseUint(string(text[i+1:i+3]), 16, 8)
			out = append(out, byte(code))
			i += 2
		default:
			out = append(out, text[i])
		}
	}
	return out
}

func isHex(c byte) bool { return c >= '0' && c <= '9' || c >= 'a' && c <= 'f' || c >= 'A' && c <= 'F' }

// lowered is a text with the letters of English in lower case; all others count as they are written.
func lowered(text string) string {
	return string(lowerBytes([]byte(text)))
}

func lowerBytes(text []byte) []byte {
	for i, c := range text {
		if c >= 'A' && c <= 'Z' {
			text[i] = c + 'a' - 'A'
		}
	}
	return text
}

// during tells whether a call arrived within a time; a zero bound is none.
func during(arrived, from, until time.Time) bool {
	return (from.IsZero() || !arrived.Before(from)) && (until.IsZero() || arrived.Before(until))
}
