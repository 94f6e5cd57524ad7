package gateway

import (
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/tokenstage/tokenstage/emulator/internal/wire"
)

// Parameter is one parameter of a query or form.
type Parameter struct{ Name, Value string }

// CopyRequest is a request that can be changed without changing the one that it was copied from.
func CopyRequest(req *wire.Request) *wire.Request {
	copied := *req
	copied.Header = req.Header.Clone()
	if copied.Header == nil {
		copied.Header = map[string][]string{}
	}
	copied.Body = slices.Clone(req.Body)
	return &copied
}

// SetParameters sets parameters of a request, each where one of its name stands: in the query or, when the body is a
// form, in the body. One that stands nowhere comes to the end of the form, or of the query when there is no form.
// Further parameters of the same name are taken out, and so is one whose value is empty.
func SetParameters(req *wire.Request, form bool, parameters ...Parameter) {
	left := slices.Clone(parameters)
	query := replaceParameters(req.RawQuery, parameters, &left)
	body := ""
	if form {
		body = replaceParameters(string(req.Body), parameters, &left)
	}
	for _, p := range left {
		if p.Value == "" {
			continue
		}
		if form {
			body = appendParameter(body, p)
		} else {
			query = appendParameter(query, p)
		}
	}
	req.RawQuery = query
	if form {
		SetBody(req, []byte(body))
	}
}

// SetBody replaces the body, and corrects its length where the headers say it.
func SetBody(req *wire.Request, body []byte) {
	req.Body = body
	if req.Header.Get("Content-Length") != "" {
		req.Header.Set("Content-Length", strconv.Itoa(len(body)))
	}
}

// replaceParameters sets in text those parameters that stand there, and takes them off the list of what is left.
func replaceParameters(text string, parameters []Parameter, left *[]Parameter) string {
	var parts []string
	for part := range strings.SplitSeq(text, "&") {
		named := func(p Parameter) bool { return p.Name == parameterName(part) }
		i := slices.IndexFunc(*left, named)
		switch {
		case part == "":
		case i >= 0 && (*left)[i].Value != "":
			parts = append(parts, writeParameter((*left)[i]))
			*left = slices.Delete(*left, i, i+1)
		case !slices.ContainsFunc(parameters, named):
			parts = append(parts, part)
		}
	}
	return strings.Join(parts, "&")
}

func parameterName(part string) string {
	raw, _, _ := strings.Cut(part, "=")
	if name, err := url.QueryUnescape(raw); err == nil {
		return name
	}
	return raw
}

func writeParameter(p Parameter) string {
	return url.QueryEscape(p.Name) + "=" + url.QueryEscape(p.Value)
}

func appendParameter(text string, p Parameter) string {
	if text == "" {
		return writeParameter(p)
	}
	return text + "&" + writeParameter(p)
}
