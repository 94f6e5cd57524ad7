package gateway

import (
	"net/http"
	"strings"
)

// FormType is the media type of a body whose parameters are written as in a query.
const FormType = "application/x-www-form-urlencoded"

// MediaType is the media type that the headers give the body, in lower case. What follows it, such as a charset, is
// written in many ways by SDKs and plays no part.
func MediaType(header http.Header) string {
	kind, _, _ := strings.Cut(header.Get("Content-Type"), ";")
	return strings.ToLower(strings.TrimSpace(kind))
}

// IsForm reports whether the headers say that the body is a form.
func IsForm(header http.Header) bool { return MediaType(header) == FormType }
