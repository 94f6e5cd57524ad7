package acs

import (
	"slices"
	"strings"

	"github.com/tokenstage/tokenstage/emulator/internal/gateway/habits"
)

type (
	habit = habits.Habit[way]
	found = habits.Found[way]
)

// Kinds of habits: a client has at most one of each.
const (
	ofKey        = "key"
	ofMethod     = "method"
	ofParameters = "parameters"
	ofEncoding   = "encoding"
	ofHeaders    = "headers"
	ofBody       = "body"
	ofOrder      = "order"
	ofLevel      = "level"
	ofWhole      = "whole"
	ofValue      = "value"
	ofPath       = "path"
	ofLayout     = "layout"
)

// explain looks for the habits that lead to the signature of the request.
func (x *exchange) explain(right way, list []habit, text func(*way) string) found {
	coding, name := habits.Base64, sha1Name
	if x.claim.style == v3 {
		coding, name = habits.LowerHex, strings.TrimPrefix(string(x.claim.algorithm), "ACS3-")
	}
	readings := habits.Readings(x.claim.signature, coding)
	if len(readings) == 0 {
		return found{}
	}
	search := habits.Search[way]{
		Right: right, Habits: list, Work: habits.MaxWork,
		Signs: func(w *way) ([]string, bool, int) {
			signed := text(w)
			joined := 2 * len(signed) // the text and what it was made of
			if x.claim.style == v3 {
				signed = w.signedText(x.claim.algorithm, signed)
			}
			says, ok, work := w.matches(readings, name, signed)
			return says, ok, joined + work
		},
	}
	return search.Run()
}

// sha1Name is the algorithm of both version 1 styles, as sentences call it.
const sha1Name = sha1Method

func (x *exchange) way(key string, pairs []pair) way {
	return way{req: *x.req, pairs: sorted(pairs), key: key, resource: "%2F&"}
}

func (x *exchange) guessRPC(with keyring, pairs []pair) found {
	right := x.way(with.key.Secret+rpcKeySuffix, pairs)
	list := slices.Concat(
		keyHabits(with, rpcKeySuffix), x.methodHabits(), x.partHabits(), orderHabits(pairs),
		encodingHabits(pairs, everywhere, slashToo, parameterwise, together), x.valueHabits(pairs), levelHabits(),
		wholeHabits(), leftOutHabits(pairs),
	)
	return x.explain(right, list, (*way).rpcText)
}

func (x *exchange) guessROA(with keyring) found {
	list := slices.Concat(keyHabits(with, ""), x.methodHabits(), orderHabits(x.query), []habit{
		{
			Kind: ofEncoding, Says: "The client signed an encoded query; ROA v1 signs decoded values.",
			Change: func(w *way) { w.layout.encodedQuery = true },
		},
		{
			Kind: ofParameters, Says: "The client signed the path without the query.",
			Change: func(w *way) { w.pairs = nil },
		},
	}, x.headerHabits([]string{"Accept", "Content-MD5", "Content-Type", "Date"}), x.leftOutHeaders(), x.pathHabits(),
		x.valueHabits(x.query), leftOutHabits(x.query))
	return x.explain(x.way(with.key.Secret, x.query), list, (*way).roaText)
}

// guessV3 explains a signature of V3 over the digest that was sent, which is judged apart.
func (x *exchange) guessV3(with keyring, payload string) found {
	right := x.way(with.key.Secret, x.query)
	right.names, right.payload = x.claim.signedHeaders, x.req.Header.Get(digestHeader)
	list := slices.Concat(
		keyHabits(with, ""), x.methodHabits(), x.queryHabits(), orderHabits(x.query),
		encodingHabits(x.query, everywhere), x.valueHabits(x.query), levelHabits()[:2], x.hostHabits(),
		x.headerHabits(x.claim.signedHeaders), x.pathHabits(), layoutHabits(), leftOutHabits(x.query),
	)
	if right.payload != payload {
		list = append(list, habit{
			Kind: ofBody, Says: "The client signed the digest of the body that came and sent another one.",
			Change: func(w *way) { w.payload = payload },
		})
	}
	return x.explain(right, list, (*way).v3Text)
}
