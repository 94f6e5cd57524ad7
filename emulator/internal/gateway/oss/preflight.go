package oss

import (
	"net/http"
	"strings"

	"github.com/tokenstage/tokenstage/emulator/internal/wire"
)

// Preflight answers OPTIONS, which browsers send before a call to another origin, as a bucket does whose rule lets
// every origin do everything. It implements gateway.Preflighter.
func (*Gateway) Preflight(req *wire.Request) (wire.Reply, bool) {
	if req.Method != http.MethodOptions {
		return wire.Reply{}, false
	}
	header := http.Header{"Server": {"AliyunOSS"}, "Access-Control-Max-Age": {"600"}}
	allowOrigin(req, header)
	if method := req.Header.Get("Access-Control-Request-Method"); method != "" {
		header.Set("Access-Control-Allow-Methods", "GET, PUT, DELETE, POST, HEAD")
	}
	if names := req.Header.Get("Access-Control-Request-Headers"); names != "" {
		header.Set("Access-Control-Allow-Headers", names)
	}
	return wire.Reply{Status: http.StatusOK, Outcome: wire.OutcomeOK, Header: header}, true
}

// allowOrigin lets pages of the origin that asks read the reply.
func allowOrigin(req *wire.Request, header http.Header) {
	if req.Header.Get("Origin") == "" {
		return
	}
	header.Set("Access-Control-Allow-Origin", "*")
	header.Set("Access-Control-Expose-Headers", "ETag, x-oss-request-id, x-oss-hash-crc64ecma")
}

// asksForOwnHeader reports whether a browser asks if it may send a call with a header of this gateway.
func asksForOwnHeader(req *wire.Request) bool {
	for name := range strings.SplitSeq(req.Header.Get("Access-Control-Request-Headers"), ",") {
		if isOwnName(strings.TrimSpace(name)) {
			return true
		}
	}
	return false
}
