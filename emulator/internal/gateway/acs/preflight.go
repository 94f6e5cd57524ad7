package acs

import (
	"net/http"
	"strings"

	"github.com/tokenstage/tokenstage/emulator/internal/wire"
)

// Preflight answers OPTIONS, which browsers send before a call to another origin, with the headers that public
// transcripts of 2022 show beside every answer. It implements gateway.Preflighter.
func (*Gateway) Preflight(req *wire.Request) (wire.Reply, bool) {
	if req.Method != http.MethodOptions {
		return wire.Reply{}, false
	}
	return wire.Reply{Status: http.StatusOK, Outcome: wire.OutcomeOK, Header: http.Header{
		"Access-Control-Allow-Origin":  anyone,
		"Access-Control-Allow-Methods": {"POST, GET, OPTIONS, PUT, DELETE"},
		"Access-Control-Allow-Headers": {"X-Requested-With, X-Sequence, _aop_secret, _aop_signature, x-acs-action, " +
			"x-acs-version, x-acs-date, Content-Type"},
		"Access-Control-Max-Age": {"172800"},
	}}, true
}

// asksForCall reports whether a browser asks if it may send a call: one of RPC style, whose path is no other gateway's,
// or one with a header of this gateway.
func asksForCall(req *wire.Request) bool {
	if req.Method != http.MethodOptions || req.Header.Get("Access-Control-Request-Method") == "" {
		return false
	}
	if req.Path == rpcPath {
		return true
	}
	for name := range strings.SplitSeq(req.Header.Get("Access-Control-Request-Headers"), ",") {
		if isACSHeader(strings.TrimSpace(name)) {
			return true
		}
	}
	return false
}
