package oss

import (
	"fmt"
	"net/url"
	"slices"
	"strings"

	"github.com/tokenstage/tokenstage/emulator/internal/gateway"
	"github.com/tokenstage/tokenstage/emulator/internal/gateway/habits"
	"github.com/tokenstage/tokenstage/emulator/internal/sandbox"
	"github.com/tokenstage/tokenstage/emulator/internal/wire"
)

type (
	habit = habits.Habit[way]
	found = habits.Found[way]
)

// Kinds of habits: a client has at most one of each.
const (
	ofSecret   = "secret"
	ofMethod   = "method"
	ofType     = "type"
	ofDigest   = "digest"
	ofDate     = "date"
	ofHeaders  = "headers"
	ofResource = "resource"
	ofQuery    = "query"
	ofScope    = "scope"
	ofPayload  = "payload"
)

// The name of each algorithm, as sentences call it.
const (
	sha1Name   = "HMAC-SHA1"
	sha256Text = "HMAC-SHA256 of the keys that V4 derives"
)

const noGuess = "The signature is not that of the server's string with this key's secret. Either the secret is " +
	"another one, or the client signed a string that differs in a way that is not known here."

// wrongSignature explains a mismatch. The reply shows what the service shows: its string, and what was sent.
func (x *exchange) wrongSignature(turn *sandbox.Turn, right way) error {
	server := right.text()
	finding := wire.Finding{Check: "signature", Level: wire.LevelError, Server: server}
	switch known := x.guess(turn, right); {
	case known.Explained:
		finding.Client = known.Way.text()
		finding.Marker = gateway.FirstDifference(server, finding.Client)
		finding.Message = strings.Join(known.Says, " ")
		if finding.Marker == "" {
			finding.Message = "The string is right. " + finding.Message
		}
	case known.Cut:
		finding.Message = noGuess + " The request is too long to try all that is known."
	default:
		finding.Message = noGuess
	}
	x.wanted = &right
	return &wire.Fault{Kind: wire.WrongSignature, Findings: []wire.Finding{finding}}
}

// guess looks for the habits that lead to the signature that was sent.
func (x *exchange) guess(turn *sandbox.Turn, right way) found {
	coding, name := habits.Base64, sha1Name
	if right.v4 {
		coding, name = habits.LowerHex, sha256Text
	}
	readings := habits.Readings(x.claim.signature, coding)
	if len(readings) == 0 {
		return found{}
	}
	search := habits.Search[way]{
		Right: right, Work: habits.MaxWork,
		Habits: slices.Concat(x.secretHabits(turn, right.secret), x.partHabits(&right), x.resourceHabits(&right),
			x.headerHabits(&right), x.scopeHabits(&right)),
		Signs: func(w *way) ([]string, bool, int) {
			text := w.text()
			sum := string(w.sum(text))
			for _, r := range readings {
				if r.Sum == sum {
					return saysOf(name, r), true, 0
				}
			}
			return nil, false, 2 * len(text)
		},
	}
	return search.Run()
}

func saysOf(name string, r habits.Reading) []string {
	var says []string
	for _, damage := range r.Says {
		says = append(says, fmt.Sprintf("The signature itself, %s, was changed: %s", name, damage))
	}
	return says
}

func (x *exchange) secretHabits(turn *sandbox.Turn, secret string) []habit {
	use := func(says, secret string, alone bool) habit {
		return habit{Kind: ofSecret, Says: says, Alone: alone, Change: func(w *way) { w.secret = secret }}
	}
	var all []habit
	for _, slip := range habits.Slips(secret) {
		all = append(all, use("The client's secret has "+slip.Name+".", slip.Secret, false))
	}
	for _, other := range turn.Keys(string(wire.AccessKey)) {
		if other.Secret != secret && other.Secret != "" {
			all = append(all, use("The client signed with another secret, that of the AccessKey "+other.ID+".",
				other.Secret, true))
		}
	}
	return all
}

// partHabits are other methods, types, digests and dates.
func (x *exchange) partHabits(right *way) []habit {
	var all []habit
	for _, method := range []string{"GET", "PUT", "POST", "HEAD", "DELETE", strings.ToLower(right.method)} {
		if method != right.method {
			all = append(all, habit{
				Kind: ofMethod, Says: "The client signed the method " + method + " and sent " + right.method + ".",
				Change: func(w *way) { w.method = method },
			})
		}
	}
	if right.v4 {
		return all
	}
	kind := func(says, value string) habit {
		return habit{Kind: ofType, Says: says, Change: func(w *way) { w.kind = value }}
	}
	if right.kind != "" {
		all = append(all, kind("The client did not sign Content-Type, and sent it.", ""))
	}
	for _, value := range []string{"application/octet-stream", "application/x-www-form-urlencoded", "text/plain"} {
		if value != right.kind {
			all = append(all, kind("The client signed the Content-Type "+value+" and sent "+quoted(right.kind)+".", value))
		}
	}
	if right.md5 != "" {
		all = append(all, habit{
			Kind: ofDigest, Says: "The client did not sign Content-MD5, and sent it.",
			Change: func(w *way) { w.md5 = "" },
		})
	}
	for _, date := range []string{"", x.req.Header.Get("Date")} {
		if date != right.date {
			all = append(all, habit{
				Kind: ofDate, Says: "The client signed " + quoted(date) + " as its date, where " + quoted(right.date) +
					" counts (x-oss-date comes before Date, and Expires before both).",
				Change: func(w *way) { w.date = date },
			})
		}
	}
	return all
}

func quoted(text string) string {
	if text == "" {
		return "nothing"
	}
	return fmt.Sprintf("%q", text)
}

// resourceHabits are other ways to write the resource and the query.
func (x *exchange) resourceHabits(right *way) []habit {
	as := func(says, resource string) habit {
		return habit{Kind: ofResource, Says: says, Change: func(w *way) { w.resource = resource }}
	}
	bucket := "/" + x.target.bucket
	all := []habit{
		as("The client left the bucket out of the resource; it is signed whether it stands in the host or in the path.",
			strings.TrimPrefix(right.resource, bucket)),
	}
	if right.v4 {
		all = append(all,
			as("The client signed the name of the object as plain text; V4 signs it URL-encoded.", x.target.resource()),
			as("The client encoded the slashes in the name of the object too.", bucket+"/"+escape(x.target.object, "")))
	} else {
		all = append(all,
			as("The client signed the name of the object URL-encoded; V1 signs it as plain text.",
				bucket+"/"+escape(x.target.object, "/")),
			as("The client signed the name of the object URL-encoded, slashes too; V1 signs it as plain text.",
				bucket+"/"+url.QueryEscape(x.target.object)))
	}
	all = append(all,
		as("The client signed the path as it was sent, without the bucket that the host names.", x.req.Path),
		as("The client signed the bucket twice.", bucket+right.resource),
		as("The client left the slash before the bucket out of the resource.", strings.TrimPrefix(right.resource, "/")))
	query := func(says, text string) habit {
		return habit{Kind: ofQuery, Says: says, Change: func(w *way) { w.query = text }}
	}
	if right.query != "" {
		all = append(all, query("The client signed no parameters of the query.", ""))
	}
	if x.req.RawQuery != right.query {
		all = append(all, query("The client signed the query as it was sent; it is sorted, and V1 signs subresources alone.",
			x.req.RawQuery))
	}
	return all
}

// headerHabits are other choices of the headers.
func (x *exchange) headerHabits(right *way) []habit {
	without := func(says string, drop func(field) bool) habit {
		return habit{Kind: ofHeaders, Says: says, Change: func(w *way) {
			w.headers = slices.DeleteFunc(slices.Clone(w.headers), drop)
		}}
	}
	var all []habit
	if len(right.headers) > 1 {
		all = append(all, without("The client signed no x-oss- headers.", func(field) bool { return true }))
	}
	for _, h := range right.headers {
		all = append(all, without("The client did not sign the header "+h.name+", and sent it.",
			func(f field) bool { return f.name == h.name }))
	}
	return all
}

// scopeHabits are other regions and digests of the body, of the fourth version.
func (x *exchange) scopeHabits(right *way) []habit {
	if !right.v4 {
		return nil
	}
	var all []habit
	region := func(says, name string) {
		if name != right.scope.region {
			all = append(all, habit{Kind: ofScope, Says: says, Change: func(w *way) { w.scope.region = name }})
		}
	}
	region("The client derived its key with oss- before the region, which is named without.", "oss-"+right.scope.region)
	region("The client derived its key for cn-hangzhou and named another region.", "cn-hangzhou")
	if right.payload != "" {
		for _, payload := range []string{"", "UNSIGNED-PAYLOAD"} {
			if payload != right.payload {
				all = append(all, habit{
					Kind: ofPayload, Says: "The client signed " + quoted(payload) + " as the digest of the body, where " +
						right.payload + " counts (" + sha256Name + ").",
					Change: func(w *way) { w.payload = payload },
				})
			}
		}
	}
	return all
}
