package acs_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/tokenstage/tokenstage/emulator/internal/wire"
)

func TestClaims(t *testing.T) {
	t.Parallel()
	form := http.Header{"Content-Type": {formContent + "; charset=utf-8"}}
	for name, c := range map[string]struct {
		req  wire.Request
		want bool
	}{
		"action in the query":    {wire.Request{Path: "/", RawQuery: "x=1&Action=A"}, true},
		"key in the query":       {wire.Request{Path: "/", RawQuery: "AccessKeyId=k"}, true},
		"signature without =":    {wire.Request{Path: "/", RawQuery: "Signature"}, true},
		"bearer in the query":    {wire.Request{Path: "/", RawQuery: "BearerToken=t"}, true},
		"action in the form":     {wire.Request{Path: "/", Header: form, Body: []byte("Action=A")}, true},
		"action in a text":       {wire.Request{Path: "/", Body: []byte("Action=A")}, false},
		"part of a name":         {wire.Request{Path: "/", RawQuery: "Actions=A&xAction=1"}, false},
		"nothing":                {wire.Request{Path: "/"}, false},
		"action, other path":     {wire.Request{Path: "/x", RawQuery: "Action=A"}, false},
		"x-acs header":           {wire.Request{Path: "/x", Header: http.Header{"X-Acs-Version": {"1"}}}, true},
		"x-acs header, any case": {wire.Request{Path: "/x", Header: http.Header{"x-acs-version": {"1"}}}, true},
		"prefix of a header":     {wire.Request{Path: "/", Header: http.Header{"X-Acs-": {"1"}}}, false},
		"another header":         {wire.Request{Path: "/", Header: http.Header{"X-Acsd": {"1"}}}, false},
		"v3":                     {wire.Request{Path: "/x", Header: http.Header{"Authorization": {"ACS3-X a"}}}, true},
		"roa":                    {wire.Request{Path: "/x", Header: http.Header{"Authorization": {"acs a:b"}}}, true},
		"bearer of another":      {wire.Request{Path: "/x", Header: http.Header{"Authorization": {"Bearer acs "}}}, false},
		"preflight":              {wire.Request{Method: "OPTIONS", Path: "/", Header: http.Header{"Access-Control-Request-Method": {"POST"}}}, true},
		"preflight of x-acs": {wire.Request{Method: "OPTIONS", Path: "/x", Header: http.Header{
			"Access-Control-Request-Method": {"PUT"}, "Access-Control-Request-Headers": {"content-type, X-Acs-Date"},
		}}, true},
		"preflight elsewhere": {wire.Request{Method: "OPTIONS", Path: "/x", Header: http.Header{
			"Access-Control-Request-Method": {"PUT"}, "Access-Control-Request-Headers": {"content-type"},
		}}, false},
		"plain OPTIONS": {wire.Request{Method: "OPTIONS", Path: "/"}, false},
		"known path": {
			wire.Request{Method: http.MethodPost, Path: "/api/v1/aliyunConsole/createAccessWarrant"}, true,
		},
		"known path, other method": {
			wire.Request{Method: http.MethodGet, Path: "/api/v1/aliyunConsole/createAccessWarrant"}, true,
		},
		"path with a parameter": {wire.Request{Method: http.MethodGet, Path: "/shops/1"}, true},
		"unknown path":          {wire.Request{Method: http.MethodPost, Path: "/api/v1/none"}, false},
		"the other gateway's":   {wire.Request{Method: http.MethodPost, Path: "/router/rest", RawQuery: "method=x"}, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := newWorld(t).gateway.Claims(&c.req); got != c.want {
				t.Errorf("got %v", got)
			}
		})
	}
}

func TestPickingTheOperation(t *testing.T) {
	t.Parallel()
	const warrantPath = "/api/v1/aliyunConsole/createAccessWarrant"
	headers := func(pairs ...string) http.Header {
		header := http.Header{}
		for i := 0; i < len(pairs); i += 2 {
			header.Set(pairs[i], pairs[i+1])
		}
		return header
	}
	for name, c := range map[string]struct {
		req             wire.Request
		operation, code string // one of them
	}{
		"by query":              {wire.Request{Path: "/", RawQuery: "Action=ApplyToken&Version=2020-04-20"}, "onsmqtt.ApplyToken", ""},
		"by form":               {wire.Request{Path: "/", Header: headers("Content-Type", formContent), Body: []byte("Action=ApplyToken&Version=2020-04-20")}, "onsmqtt.ApplyToken", ""},
		"by headers":            {wire.Request{Path: "/", Header: headers("x-acs-action", "ApplyToken", "x-acs-version", "2020-04-20")}, "onsmqtt.ApplyToken", ""},
		"by one of each":        {wire.Request{Path: "/", RawQuery: "Version=2020-04-20", Header: headers("x-acs-action", "ApplyToken")}, "onsmqtt.ApplyToken", ""},
		"header before query":   {wire.Request{Path: "/", RawQuery: "Action=QueryToken&Version=2020-04-20", Header: headers("x-acs-action", "ApplyToken")}, "onsmqtt.ApplyToken", ""},
		"rpc: query before":     {wire.Request{Path: "/", RawQuery: "Action=QueryToken&Version=2020-04-20&Signature=", Header: headers("x-acs-action", "ApplyToken")}, "onsmqtt.QueryToken", ""},
		"no action":             {wire.Request{Path: "/", RawQuery: "Version=2020-04-20&AccessKeyId=x"}, "", "MissingAction"},
		"unknown action":        {wire.Request{Path: "/", RawQuery: "Action=Nothing&Version=2020-04-20"}, "", "InvalidAction.NotFound"},
		"action in small":       {wire.Request{Path: "/", RawQuery: "Action=applytoken&Version=2020-04-20"}, "", "InvalidAction.NotFound"},
		"action of ROA":         {wire.Request{Path: "/", RawQuery: "Action=CreateAccessWarrant&Version=20240611"}, "", "InvalidAction.NotFound"},
		"no version":            {wire.Request{Path: "/", RawQuery: "Action=ApplyToken"}, "", "MissingVersion"},
		"unknown version":       {wire.Request{Path: "/", RawQuery: "Action=ApplyToken&Version=2021-02-18"}, "", "InvalidVersion"},
		"unknown version first": {wire.Request{Method: http.MethodGet, Path: "/", RawQuery: "Action=ApplyToken&Version=1"}, "", "InvalidVersion"},
		"other method":          {wire.Request{Method: http.MethodGet, Path: "/", RawQuery: "Action=ApplyToken&Version=2020-04-20"}, "onsmqtt.ApplyToken", "UnsupportedHTTPMethod"},
		"GET where it is taken": {wire.Request{Method: http.MethodGet, Path: "/", RawQuery: "Action=GetAuthCode&Version=2021-02-18"}, "appstream.GetAuthCode", ""},

		"roa":                   {wire.Request{Path: warrantPath, Header: headers("x-acs-version", "20240611")}, "aicontent.CreateAccessWarrant", ""},
		"roa, action no matter": {wire.Request{Path: warrantPath, Header: headers("x-acs-version", "20240611", "x-acs-action", "Nothing")}, "aicontent.CreateAccessWarrant", ""},
		"roa, no version":       {wire.Request{Path: warrantPath}, "aicontent.CreateAccessWarrant", "MissingVersion"},
		"roa, other version":    {wire.Request{Path: warrantPath, Header: headers("x-acs-version", "2024-06-11")}, "aicontent.CreateAccessWarrant", "InvalidVersion"},
		"roa, other method":     {wire.Request{Method: http.MethodGet, Path: warrantPath, Header: headers("x-acs-version", "20240611")}, "", "UnsupportedHTTPMethod"},
		"roa, slash behind":     {wire.Request{Path: warrantPath + "/", Header: headers("x-acs-version", "20240611")}, "aicontent.CreateAccessWarrant", ""},
		"roa, slashes doubled":  {wire.Request{Path: "/" + warrantPath, Header: headers("x-acs-version", "20240611")}, "aicontent.CreateAccessWarrant", ""},
		"rpc, slashes doubled":  {wire.Request{Path: "//", RawQuery: "Action=ApplyToken&Version=2020-04-20"}, "onsmqtt.ApplyToken", ""},
		"roa, other path":       {wire.Request{Path: warrantPath + "s", Header: headers("x-acs-version", "20240611")}, "", "InvalidAction.NotFound"},
		"roa, path parameter":   {wire.Request{Method: http.MethodGet, Path: "/shops/7", Header: headers("x-acs-version", "2026-01-01")}, "shop.ShopGet", ""},

		"format JSON":  {wire.Request{Path: "/", RawQuery: "Action=ApplyToken&Version=2020-04-20&Format=json"}, "onsmqtt.ApplyToken", ""},
		"format XML":   {wire.Request{Path: "/", RawQuery: "Action=ApplyToken&Version=2020-04-20&Format=xMl"}, "onsmqtt.ApplyToken", ""},
		"format CSV":   {wire.Request{Path: "/", RawQuery: "Action=ApplyToken&Version=2020-04-20&Format=CSV"}, "onsmqtt.ApplyToken", "InvalidParameter.Format"},
		"format first": {wire.Request{Path: "/", RawQuery: "Action=Nothing&Format=JSONP"}, "", "InvalidParameter.Format"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if c.req.Method == "" {
				c.req.Method = http.MethodPost
			}
			if c.req.Header == nil {
				c.req.Header = http.Header{}
			}
			got := newWorld(t).send(t, &c.req)
			code := c.code
			if code == "" {
				code = "MissingAccessKeyId" // the operation was found; nobody signed
			}
			got.want(t, code)
			name := ""
			if op := got.exchange.Operation(); op != nil {
				name = op.Name
				if call := got.exchange.Call(); call.API+"."+call.Operation != op.Name {
					t.Errorf("the call is of %s.%s", call.API, call.Operation)
				}
			}
			if name != c.operation {
				t.Errorf("picked %q, want %q", name, c.operation)
			}
		})
	}
}

// What a refusal of the picking says names what would be right.
func TestPickingIsExplained(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ query, check, expected, got string }{
		"version": {"Action=ApplyToken&Version=1", "version", "2020-04-20", "1"},
		"method":  {"Action=ApplyToken&Version=2020-04-20", "method", http.MethodPost, http.MethodGet},
		"format":  {"Action=ApplyToken&Format=CSV", "format", "JSON or XML", "CSV"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			req := &wire.Request{Method: http.MethodGet, Path: "/", RawQuery: c.query, Header: http.Header{}}
			f := newWorld(t).send(t, req).finding(t, c.check)
			if f.Expected != c.expected || f.Got != c.got || f.Level != wire.LevelError {
				t.Errorf("finding %+v", f)
			}
		})
	}
}

func TestPathParameters(t *testing.T) {
	t.Parallel()
	for path, want := range map[string]string{"/shops/7": "7", "/shops/a%20b%2Fc": "a b/c", "/shops/%E6%88%90": "成", "/shops/a+b": "a+b"} {
		t.Run(strings.ReplaceAll(path, "/", "_"), func(t *testing.T) {
			t.Parallel()
			d := draft{method: http.MethodGet, path: path, host: host, query: pairs{{"color", "red"}}}
			got := newWorld(t).send(t, newClient().v3(d, "ShopGet", "2026-01-01"))
			got.want(t, "ok")
			if params := got.exchange.Call().Params; params["shopId"] != want || params["color"] != "red" {
				t.Errorf("params %v, want %q", params, want)
			}
		})
	}
}

func TestParametersAreValidated(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ parameter, value, want string }{
		"absent":                {"InstanceId", "-", "MissingInstanceId"},
		"empty":                 {"Resources", "", "MissingResources"},
		"not in the list":       {"Actions", "RW", "InvalidParameter.Actions"},
		"no number":             {"ExpireTime", "soon", "InvalidParameter.ExpireTime"},
		"a number too large":    {"ExpireTime", "99999999999999999999", "InvalidParameter.ExpireTime"},
		"unknown parameter":     {"Unknown", "x", "ok"},
		"optional and empty":    {"RegionId", "", "ok"},
		"optional and sent":     {"RegionId", "cn-hangzhou", "ok"},
		"text beyond its limit": {"Resources", strings.Repeat("a", 65536), "InvalidParameter.Resources"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := mqtt()
			d.query = d.query.with(c.parameter, c.value)
			newWorld(t).send(t, newClient().rpc(d, applyToken, mqttRelease)).want(t, c.want)
		})
	}
	t.Run("first of several missing, in the page's order", func(t *testing.T) {
		t.Parallel()
		d := draft{method: http.MethodPost, path: "/", host: host, query: pairs{{"ExpireTime", "soon"}}}
		got := newWorld(t).send(t, newClient().rpc(d, applyToken, mqttRelease))
		got.want(t, "MissingActions")
		if len(got.fault.Findings) != 4 {
			t.Errorf("%d findings, want one for each parameter", len(got.fault.Findings))
		}
	})
	t.Run("body of another type", func(t *testing.T) {
		t.Parallel()
		d := warrant()
		d.body = `{"warrantAvailable":"7200"}`
		newWorld(t).send(t, newClient().v3(d, "CreateAccessWarrant", "20240611")).want(t, "InvalidwarrantAvailable")
	})
}
