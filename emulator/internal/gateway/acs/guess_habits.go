package acs

import (
	"maps"
	"slices"
	"strings"

	"github.com/tokenstage/tokenstage/emulator/internal/gateway"
	"github.com/tokenstage/tokenstage/emulator/internal/gateway/habits"
)

// keyHabits are those about the key of a signature, which is the secret and a suffix.
func keyHabits(with keyring, suffix string) []habit {
	secret := with.key.Secret
	use := func(says, key string, alone bool) habit {
		return habit{Kind: ofKey, Says: says, Alone: alone, Change: func(w *way) { w.key = key }}
	}
	list := []habit{{
		Kind: ofKey, Says: "The client swapped key and text: the string to sign is the text, the secret makes the key.",
		Change: func(w *way) { w.swapped = true },
	}}
	if suffix == "" {
		list = append(list, use("The client's key is the secret followed by &; that of this signature is the secret alone, "+
			"without &.", secret+rpcKeySuffix, false))
	} else {
		list = append(list,
			use("The client's key is the secret alone; it must be the secret followed by &.", secret, false),
			use("The client's key is the secret followed by %26; it must be followed by a bare &.", secret+"%26", true),
			use("The client's key is the secret followed by && ; it must be followed by one &.", secret+"&&", true))
	}
	for _, slip := range habits.Slips(secret) {
		list = append(list, use("The client's secret has "+slip.Name+".", slip.Secret+suffix, false))
	}
	list = append(list, use("The client took the AccessKey ID for the secret.", with.key.ID+suffix, true),
		use("The client's secret is empty.", suffix, true))
	for _, other := range with.list {
		if other.Secret != "" && other.Secret != secret {
			list = append(list, use("The client signed with another secret, that of the AccessKey ID "+other.ID+".",
				other.Secret+suffix, true))
		}
	}
	return list
}

func (x *exchange) methodHabits() []habit {
	var list []habit
	for _, method := range []string{"GET", "POST", "PUT"} {
		if method != x.req.Method {
			list = append(list, habit{
				Kind: ofMethod, Says: "The client signed the method " + method + " and sent " + x.req.Method + ".",
				Alone: method == "PUT", Change: func(w *way) { w.req.Method = method },
			})
		}
	}
	return append(list, habit{
		Kind: ofMethod, Says: "The client signed the method in lower case; it is signed in upper case.",
		Change: func(w *way) { w.req.Method = strings.ToLower(w.req.Method) },
	})
}

// partHabits are those of clients that sign the parameters of one part of the request alone, or one part behind the
// other.
func (x *exchange) partHabits() []habit {
	query, form := rpcPairs(x.query, nil), rpcPairs(nil, x.form)
	part := func(says string, pairs []pair) habit {
		return habit{Kind: ofParameters, Says: says, Change: func(w *way) { w.pairs = pairs }}
	}
	return []habit{
		part("The client signed the query alone; parameters of the form are signed too.", sorted(query)),
		part("The client signed the form alone; parameters of the query are signed too.", sorted(form)),
		part("The client sorted the parameters of query and form apart; they are sorted together.",
			slices.Concat(sorted(query), sorted(form))),
		part("The client sorted the parameters of form and query apart; they are sorted together.",
			slices.Concat(sorted(form), sorted(query))),
		part("The client did not sort the parameters by name.", slices.Concat(query, form)),
		part("The client did not sort the parameters by name.", slices.Concat(form, query)),
	}
}

// queryHabits are those of V3, which signs the query alone.
func (x *exchange) queryHabits() []habit {
	part := func(says string, pairs []pair) habit {
		return habit{Kind: ofParameters, Says: says, Change: func(w *way) { w.pairs = pairs }}
	}
	return []habit{
		part("The client signed the parameters of the form beside those of the query; the body is signed by its digest.",
			sorted(slices.Concat(x.query, x.form))),
		part("The client signed no query, and sent one.", nil),
		part("The client did not sort the parameters by name.", x.query),
	}
}

// orderHabits are other orders of the parameters, and those without value left out.
func orderHabits(pairs []pair) []habit {
	byName := func(compare func(a, b string) int) func(*way) {
		return func(w *way) {
			w.pairs = slices.Clone(w.pairs)
			slices.SortStableFunc(w.pairs, func(a, b pair) int { return compare(a.name, b.name) })
		}
	}
	list := []habit{
		{
			Kind: ofOrder, Says: "The client sorted the names without regard to case; upper case comes before lower case.",
			Change: byName(func(a, b string) int { return strings.Compare(strings.ToLower(a), strings.ToLower(b)) }),
		},
		{
			Kind: ofOrder, Says: "The client sorted the parameters by name from last to first.",
			Change: byName(func(a, b string) int { return strings.Compare(b, a) }),
		},
	}
	if slices.ContainsFunc(pairs, func(p pair) bool { return p.value == "" }) {
		list = append(list, habit{
			Kind: ofOrder, Says: "The client did not sign the parameters without value, and sent them.",
			Change: func(w *way) {
				w.pairs = slices.DeleteFunc(slices.Clone(w.pairs), func(p pair) bool { return p.value == "" })
			},
		})
	}
	return list
}

// encodingHabits are the wrong encodings of parameters, each in those scopes.
func encodingHabits(pairs []pair, scopes ...scope) []habit {
	var list []habit
	for _, e := range wrongEncodings(charactersOf(pairs, len(scopes) > 1)) {
		says := e.says(e.function)
		for _, s := range scopes {
			list = append(list, habit{Kind: ofEncoding, Says: says, Alone: s != everywhere, Change: func(w *way) {
				w.encoding, w.scope = e.encoding, s
			}})
		}
	}
	return list
}

// charactersOf are the characters that are encoded: those of the parameters and, where they are encoded again
// together, those between them.
func charactersOf(pairs []pair, again bool) *[256]bool {
	var characters [256]bool
	for _, p := range pairs {
		for i := range len(p.name) {
			characters[p.name[i]] = true
		}
		for i := range len(p.value) {
			characters[p.value[i]] = true
		}
	}
	if again {
		for _, c := range []byte("&=%/") {
			characters[c] = true
		}
	}
	return &characters
}

// levelHabits are those about how often parameters are encoded. The first two are about each parameter, the others
// about all together, which RPC v1 alone encodes again.
func levelHabits() []habit {
	level := func(says string, inner, outer int) habit {
		return habit{Kind: ofLevel, Says: says, Change: func(w *way) { w.inner, w.outer = inner, outer }}
	}
	return []habit{
		level("The client did not encode names and values before it joined them.", -1, 0),
		level("The client encoded names and values twice before it joined them.", 1, 0),
		level("The client did not encode the joined parameters a second time.", 0, -1),
		level("The client encoded the joined parameters once too often.", 0, 1),
		level("The client did not encode the parameters at all.", -1, -1),
	}
}

// wholeHabits are those about what stands around the parameters of RPC v1.
func wholeHabits() []habit {
	whole := func(says string, change func(*way)) habit { return habit{Kind: ofWhole, Says: says, Change: change} }
	return []habit{
		whole("The client began the parameters with &; the first has none before it.", func(w *way) { w.lead = "&" }),
		whole("The client ended the parameters with &; the last has none behind it.", func(w *way) { w.tail = "&" }),
		whole("The client began the parameters with ?; nothing stands before the first.", func(w *way) { w.lead = "?" }),
		whole("The client did not encode the slash between method and parameters; the server expects %2F.",
			func(w *way) { w.resource = "/&" }),
		whole("The client encoded the slash between method and parameters twice; the server expects %2F.",
			func(w *way) { w.resource = "%252F&" }),
		whole("The client left out the encoded slash between method and parameters, &%2F&.",
			func(w *way) { w.resource = "" }),
	}
}

// valueHabits are other values of single parameters.
func (x *exchange) valueHabits(pairs []pair) []habit {
	raw := rawValues(x.req.RawQuery)
	if gateway.IsForm(x.req.Header) {
		maps.Copy(raw, rawValues(string(x.req.Body)))
	}
	var list []habit
	room := habits.MaxValues
	for _, p := range pairs {
		if len(p.value) > room {
			continue
		}
		room -= len(p.value)
		for _, other := range habits.OtherValues(p.name, raw[p.name], p.value) {
			list = append(list, habit{
				Kind: ofValue, Says: other.Says, Alone: other.Alone, Change: func(w *way) {
					w.pairs = slices.Clone(w.pairs)
					if i := slices.Index(w.pairs, p); i >= 0 {
						w.pairs[i].value = other.Value
					}
				},
			})
		}
	}
	return list
}

// rawValues are the values of a query or form as they were sent, by their names.
func rawValues(text string) map[string]string {
	values := map[string]string{}
	for part := range strings.SplitSeq(text, "&") {
		name, value, _ := strings.Cut(part, "=")
		plain, _ := gateway.Unescape(name) // as far as it can be decoded
		values[plain] = value
	}
	return values
}

// leftOutHabits are those of clients that add one parameter after they signed.
func leftOutHabits(pairs []pair) []habit {
	var list []habit
	for _, left := range pairs {
		list = append(list, habit{
			Kind: ofValue, Says: "The client did not sign the parameter " + left.name + ", and sent it.", Alone: true,
			Change: func(w *way) {
				w.pairs = slices.DeleteFunc(slices.Clone(w.pairs), func(p pair) bool { return p == left })
			},
		})
	}
	return list
}

// hostHabits are other hosts than the one that was called, by which V3 signatures go wrong behind proxies.
func (x *exchange) hostHabits() []habit {
	bare, _, hasPort := strings.Cut(x.req.Host, ":")
	sign := func(says, host string) habit {
		return habit{Kind: ofHeaders, Says: says, Alone: host != bare, Change: func(w *way) { w.req.Host = host }}
	}
	var list []habit
	if hasPort {
		list = append(list, sign("The client signed the host without its port and sent it with the port.", bare))
	} else {
		for _, port := range []string{":80", ":443"} {
			list = append(list, sign("The client signed the host with the port "+port[1:]+" and sent it without.", bare+port))
		}
	}
	for _, known := range x.gateway.Hosts() {
		for _, host := range known.Names {
			list = append(list, sign("The client signed the host "+host+" and sent the host "+x.req.Host+".", host))
		}
	}
	return list
}

// signedAs are other values that clients sign of headers which libraries write anew when they send them.
var signedAs = map[string][]string{
	"content-type": {
		"", "application/json", "application/json; charset=utf-8", "application/json;charset=utf-8",
		"application/json; charset=UTF-8", "application/json;charset=UTF-8", "application/x-www-form-urlencoded",
		"application/x-www-form-urlencoded; charset=utf-8", "application/x-www-form-urlencoded; charset=UTF-8",
		"application/octet-stream", "text/plain",
	},
	"accept":      {"", "*/*", "application/json", "application/json, */*", "application/xml"},
	"content-md5": {""},
	"date":        {""},
}

// headerHabits are other values of those headers.
func (x *exchange) headerHabits(names []string) []habit {
	var list []habit
	for _, name := range names {
		sent := x.req.Header.Get(name)
		for _, value := range signedAs[strings.ToLower(name)] {
			if value == sent {
				continue
			}
			says := "The client signed the header " + name + ` as "` + value + `" and sent "` + sent + `".`
			switch {
			case value == "":
				says = "The client did not sign the value of the header " + name + `, and sent "` + sent + `".`
			case sent == "":
				says = "The client signed the header " + name + ` as "` + value + `" and did not send it.`
			}
			list = append(list, habit{Kind: ofHeaders, Says: says, Alone: true, Change: func(w *way) {
				w.req.Header = w.req.Header.Clone()
				w.req.Header.Set(name, value)
			}})
		}
	}
	return list
}

// leftOutHeaders are those of ROA clients that add one header of the gateway after they signed.
func (x *exchange) leftOutHeaders() []habit {
	var list []habit
	for _, name := range acsHeaders(x.req.Header) {
		list = append(list, habit{
			Kind: ofHeaders, Says: "The client did not sign the header " + name + ", and sent it.", Alone: true,
			Change: func(w *way) {
				w.req.Header = w.req.Header.Clone()
				w.req.Header.Del(name)
			},
		})
	}
	return list
}

// pathHabits are other spellings of the path.
func (x *exchange) pathHabits() []habit {
	var list []habit
	decoded, _ := gateway.Unescape(x.req.Path) // as far as it can be
	for _, other := range []struct{ says, path string }{
		{"The client signed the path without the slash at its end, and sent it.", strings.TrimSuffix(x.req.Path, "/")},
		{"The client signed the path with a slash at its end, and sent none.", x.req.Path + "/"},
		{"The client signed the path before it was encoded.", decoded},
		{"The client signed the path with its slashes encoded.", strings.ReplaceAll(x.req.Path, "/", "%2F")},
		{"The client signed another path, the root.", "/"},
	} {
		if other.path != x.req.Path {
			list = append(list, habit{
				Kind: ofPath, Says: other.says, Alone: true, Change: func(w *way) { w.req.Path = other.path },
			})
		}
	}
	return list
}

// layoutHabits are other ways to put the strings of V3 together.
func layoutHabits() []habit {
	lay := func(says string, l layout) habit {
		return habit{Kind: ofLayout, Says: says, Change: func(w *way) { w.layout = l }}
	}
	return []habit{
		lay("The client signed the canonical request itself; its hash is signed, behind the name of the algorithm.",
			layout{hashless: true}),
		lay("The client signed the hash of the canonical request alone; the name of the algorithm stands before it, in a "+
			"line of its own.", layout{nameless: true}),
		lay("The client wrote the hash of the canonical request in upper case.", layout{upperHash: true}),
		lay("The client left out the empty line between the headers and their names.", layout{noBlankLine: true}),
	}
}
