package acs_test

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

// pairs are parameters in their order; a name may come twice.
type pairs [][2]string

// draft is a request before it is signed.
type draft struct {
	method, path, host string
	query, form        pairs
	header             map[string][]string // names as given
	body               string              // where there is no form
}

// withHeader sets a header; the value "-" keeps a signer from adding its own.
func (d draft) withHeader(name string, values ...string) draft {
	header := map[string][]string{name: values}
	for other, values := range d.header {
		if other != name {
			header[other] = values
		}
	}
	d.header = header
	return d
}

func iso(at time.Time) string { return at.UTC().Format("2006-01-02T15:04:05Z") }

// rfc3986 is the encoding of the signature pages.
func rfc3986(text string) string {
	return strings.NewReplacer("+", "%20", "*", "%2A", "%7E", "~").Replace(url.QueryEscape(text))
}

// mqtt is a good call of ApplyToken.
func mqtt() draft {
	return draft{method: http.MethodPost, path: "/", host: host, query: mqttParams()}
}

func mqttParams() pairs {
	return pairs{
		{"Actions", "R,W"},
		{"ExpireTime", "1893456000000"},
		{"InstanceId", "post-cn-test001"},
		{"Resources", "TopicA/+,TopicB/# ~*é!'()"},
	}
}

// warrant is a good call of CreateAccessWarrant.
func warrant() draft {
	return draft{
		method: http.MethodPost, path: "/api/v1/aliyunConsole/createAccessWarrant", host: host,
		header: map[string][]string{"Content-Type": {jsonContent}, "Accept": {"application/json"}},
		body:   `{"appId":"a123","userId":"sn123 é"}`,
	}
}

// with puts a value in place of what is there under the name; "-" takes the name out.
func (p pairs) with(name, value string) pairs {
	out := slices.DeleteFunc(slices.Clone(p), func(one [2]string) bool { return one[0] == name })
	if value != "-" {
		out = append(out, [2]string{name, value})
	}
	return out
}

func (p pairs) join(escape func(string) string) string {
	parts := make([]string, len(p))
	for i, one := range p {
		parts[i] = escape(one[0]) + "=" + escape(one[1])
	}
	return strings.Join(parts, "&")
}

func (p pairs) sorted() pairs {
	out := slices.Clone(p)
	slices.SortFunc(out, func(a, b [2]string) int { return slices.Compare(a[:], b[:]) })
	return out
}
