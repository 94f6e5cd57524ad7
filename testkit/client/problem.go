package client

import (
	"encoding/json"
	"net/http"
	"strings"

	"github.com/tokenstage/tokenstage/openapi/controlapi"
)

// Problem is an error that the control plane answered with: problem details of RFC 9457. Its Type is empty when
// something else than a control plane wrote the reply.
type Problem = controlapi.Problem

// maxExcerpt bounds what a Problem quotes of a reply that is no problem document.
const maxExcerpt = 200

// readProblem makes a Problem of a reply, also of one that something between client and server wrote.
func readProblem(status int, raw []byte) *Problem {
	var p Problem
	if err := json.Unmarshal(raw, &p); err != nil || p.Title == "" || p.Detail == "" {
		p = Problem{Title: http.StatusText(status), Detail: "the reply is no problem document"}
		if text := strings.Join(strings.Fields(string(raw)), " "); text != "" {
			p.Detail += ": " + strings.ToValidUTF8(text[:min(len(text), maxExcerpt)], "")
		}
	}
	p.Status = status
	return &p
}
