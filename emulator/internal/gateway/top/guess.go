package top

import (
	"bytes"
	"crypto/hmac"
	"crypto/md5"
	"crypto/sha1"
	"crypto/sha256"
	"maps"
	"net/url"
	"slices"
	"strings"

	"github.com/tokenstage/tokenstage/emulator/internal/gateway"
	"github.com/tokenstage/tokenstage/emulator/internal/gateway/habits"
	"github.com/tokenstage/tokenstage/emulator/internal/sandbox"
)

// way is a way to sign a request. The habits of clients change it.
type way struct {
	values  map[string]string
	names   []string // those that are signed, in their order
	as      signedAs
	between string // name and value
	behind  string // every pair but the last
	recode  func(string) (string, bool)
	secret  string
	swapped bool // the text is the key and the key the text
	// before and after say where MD5 has the secret.
	before, after bool
}

type (
	habit = habits.Habit[way]
	found = habits.Found[way]
)

// Kinds of habits: a client has at most one of each.
const (
	ofSecret   = "secret"
	ofPlace    = "place of the secret"
	ofNames    = "names"
	ofValues   = "values"
	ofEncoding = "encoding"
	ofJoining  = "joining"
)

// guess looks for the habits that lead to the signature that was sent.
func (e *exchange) guess(turn *sandbox.Turn, secret string) found {
	readings := habits.Readings(e.params.values["sign"], habits.UpperHex)
	if len(readings) == 0 {
		return found{}
	}
	stated := e.params.values["sign_method"]
	search := habits.Search[way]{
		Right: way{
			values: e.params.values, names: e.params.sorted(), as: asSent, secret: secret, before: true, after: true,
		},
		Habits: slices.Concat(
			secretHabits(secret, turn.Keys(Name)), e.nameHabits(), charsetHabits(), e.valueHabits(), joiningHabits(),
			e.leftOutHabits(),
		),
		Work: habits.MaxWork,
		Signs: func(w *way) ([]string, bool, int) {
			base := w.base()
			for _, m := range algorithms {
				sum := m.sum(w, base)
				for _, r := range readings {
					if r.Sum == string(sum) {
						return saysOf(m.name, stated, r), true, 0
					}
				}
			}
			return nil, false, (1 + len(algorithms)) * len(base)
		},
	}
	return search.Run()
}

func saysOf(method, stated string, r habits.Reading) []string {
	var says []string
	if method != stated {
		says = append(says, "It was made with "+method+", which sign_method does not say.")
	}
	for _, damage := range r.Says {
		says = append(says, "The signature itself was changed: "+damage)
	}
	return says
}

// algorithms are those that clients sign with, by the names that sign_method would have for them.
var algorithms = []struct {
	name string
	sum  func(w *way, base string) []byte
}{
	{"md5", func(w *way, base string) []byte {
		if w.swapped {
			base, w = w.secret, &way{secret: base, before: true, after: true}
		}
		var around [2]string
		if w.before {
			around[0] = w.secret
		}
		if w.after {
			around[1] = w.secret
		}
		sum := md5.Sum([]byte(around[0] + base + around[1]))
		return sum[:]
	}},
	{"hmac", func(w *way, base string) []byte { return w.hmac(hmac.New(md5.New, w.key(base)), base) }},
	{"hmac-sha256", func(w *way, base string) []byte { return w.hmac(hmac.New(sha256.New, w.key(base)), base) }},
	{"hmac-sha1", func(w *way, base string) []byte { return w.hmac(hmac.New(sha1.New, w.key(base)), base) }},
}

func (w *way) key(base string) []byte {
	if w.swapped {
		return []byte(base)
	}
	return []byte(w.secret)
}

func (w *way) hmac(mac interface {
	Write(text []byte) (int, error)
	Sum(behind []byte) []byte
}, base string,
) []byte {
	if w.swapped {
		base = w.secret
	}
	_, _ = mac.Write([]byte(base))
	return mac.Sum(nil)
}

// base is the base string that a client signs in this way.
func (w *way) base() string {
	var b bytes.Buffer
	for _, name := range w.names {
		if name == "sign" {
			continue
		}
		value, signed := w.as(name, w.values[name])
		if !signed {
			continue
		}
		if b.Len() > 0 {
			b.WriteString(w.behind)
		}
		b.WriteString(name)
		b.WriteString(w.between)
		b.WriteString(value)
	}
	if w.recode != nil {
		if text, ok := w.recode(b.String()); ok {
			return text
		}
	}
	return b.String()
}

func secretHabits(secret string, list []sandbox.ListedKey) []habit {
	use := func(says, secret string, alone bool) habit {
		return habit{Kind: ofSecret, Says: says, Alone: alone, Change: func(w *way) { w.secret = secret }}
	}
	place := func(says string, before, after bool) habit {
		return habit{Kind: ofPlace, Says: says, Change: func(w *way) { w.before, w.after = before, after }}
	}
	all := []habit{
		{
			Kind: ofPlace, Says: "The client swapped key and text: the base string is the text, the secret is the key.",
			Change: func(w *way) { w.swapped = true },
		},
		place("The client put the secret before the base string alone; MD5 has it before and after.", true, false),
		place("The client put the secret after the base string alone; MD5 has it before and after.", false, true),
		place("The client left out the secret; MD5 has it before and after the base string.", false, false),
	}
	for _, slip := range habits.Slips(secret) {
		all = append(all, use("The client's secret has "+slip.Name+".", slip.Secret, false))
	}
	all = append(all, use("The client's secret has an & behind it; that of this gateway has none.", secret+"&", true))
	for _, other := range list {
		if other.Secret != secret {
			all = append(all, use("The client signed with another secret, that of the app "+other.ID+".", other.Secret, true))
		}
	}
	return all
}

// nameHabits are other orders and choices of the parameters that are signed.
func (e *exchange) nameHabits() []habit {
	names := func(says string, names []string) habit {
		return habit{Kind: ofNames, Says: says, Change: func(w *way) { w.names = names }}
	}
	sorted := e.params.sorted()
	folded := slices.Clone(sorted)
	slices.SortStableFunc(folded, func(a, b string) int { return strings.Compare(strings.ToLower(a), strings.ToLower(b)) })
	backwards := slices.Clone(sorted)
	slices.Reverse(backwards)
	own := slices.DeleteFunc(slices.Clone(sorted), isPublic)
	return []habit{
		names("The client did not sort the parameters by name.", e.params.order),
		names("The client sorted the names without regard to case; upper case comes before lower case.", folded),
		names("The client sorted the parameters by name from last to first.", backwards),
		names("The client signed the public parameters alone; the method's own are signed too.",
			slices.DeleteFunc(slices.Clone(sorted), func(name string) bool { return !isPublic(name) })),
		names("The client signed the method's own parameters alone; the public ones are signed too.", own),
	}
}

func isPublic(name string) bool { return slices.Contains(Profile{}.CommonParameters(), name) }

// valueHabits are other values, of all parameters or of one.
func (e *exchange) valueHabits() []habit {
	as := func(says string, as signedAs) habit {
		return habit{Kind: ofEncoding, Says: says, Change: func(w *way) { w.as = as }}
	}
	var all []habit
	if plus, _ := readParameters(e.call.Request, url.PathUnescape); !maps.Equal(plus.values, e.params.values) {
		all = append(all, habit{
			Kind: ofValues, Says: `The client signed a "+" and sent it unencoded, which is read as a blank: send %2B.`,
			Change: func(w *way) { w.values = plus.values },
		})
	}
	const after = "The client signed the values after URL encoding; they are signed before it."
	all = append(all,
		as("The client signed an object as [object Object] and sent its JSON (SDK topsdk 1.0.13 does so): "+
			"pass the object as a JSON string.", objectAsText),
		as(after, encoded(url.QueryEscape)),
		as(after, encoded(encodeURIComponent)),
	)
	raw, room := e.rawValues(), habits.MaxValues
	for _, name := range e.params.order {
		value := e.params.values[name]
		if len(value) > room || name == "sign" {
			continue
		}
		room -= len(value)
		for _, other := range habits.OtherValues(name, raw[name], value) {
			all = append(all, habit{
				Kind: ofValues, Says: other.Says, Alone: other.Alone, Change: func(w *way) {
					w.values = maps.Clone(w.values)
					w.values[name] = other.Value
				},
			})
		}
	}
	return all
}

// rawValues are the values of query and form as they were sent, by their names.
func (e *exchange) rawValues() map[string]string {
	keep := func(text string) (string, error) { return text, nil }
	raw, _ := readParameters(e.call.Request, keep) // what could be read is there
	if gateway.MediaType(e.call.Request.Header) == multipartType {
		return nil // nothing is encoded there
	}
	return raw.values
}

// objectAsText is what JavaScript makes of an object that is joined to a string.
func objectAsText(_, value string) (string, bool) {
	if strings.HasPrefix(value, "{") {
		return "[object Object]", true
	}
	return value, true
}

func encoded(escape func(string) string) signedAs {
	return func(_, value string) (string, bool) { return escape(value), true }
}

// encodeURIComponent is JavaScript's: blanks become %20, and !'()* stay.
func encodeURIComponent(text string) string {
	return strings.NewReplacer("+", "%20", "%21", "!", "%27", "'", "%28", "(", "%29", ")", "%2A", "*").
		Replace(url.QueryEscape(text))
}

// charsetHabits are other character sets of the whole base string.
func charsetHabits() []habit {
	var all []habit
	for _, c := range habits.Charsets() {
		all = append(all, habit{
			Kind: "charset", Says: "The client signed the text " + c.Says + "; it is signed in UTF-8.",
			Change: func(w *way) { w.recode = c.Change },
		})
	}
	return all
}

func joiningHabits() []habit {
	join := func(says, between, behind string) habit {
		return habit{Kind: ofJoining, Says: says, Change: func(w *way) { w.between, w.behind = between, behind }}
	}
	return []habit{
		join("The client joined names and values with = and &; they are joined without anything between them.", "=", "&"),
		join("The client joined names and values with = ; they are joined without anything between them.", "=", ""),
		join("The client joined the parameters with & ; they are joined without anything between them.", "", "&"),
	}
}

// leftOutHabits are those of clients that add one parameter after they signed.
func (e *exchange) leftOutHabits() []habit {
	var all []habit
	for _, left := range e.params.order {
		if left == "sign" {
			continue
		}
		all = append(all, habit{
			Kind: ofNames, Says: "The client did not sign the parameter " + left + ", and sent it.", Alone: true,
			Change: func(w *way) {
				w.names = slices.DeleteFunc(slices.Clone(w.names), func(name string) bool { return name == left })
			},
		})
	}
	return all
}
