package acs_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/tokenstage/tokenstage/emulator/internal/wire"
)

func TestGoodRequests(t *testing.T) {
	t.Parallel()
	for _, s := range styles() {
		t.Run(s.name, func(t *testing.T) {
			t.Parallel()
			got := newWorld(t).send(t, s.sign(newClient(), s.call()))
			got.want(t, "ok")
			call := got.exchange.Call()
			if call.Credential != (wire.Credential{Kind: wire.AccessKey, ID: keyID}) || call.Gateway != "acs" {
				t.Errorf("the call is %+v", call)
			}
		})
	}
}

// One changed byte of what is signed must not pass.
func TestTamperedRequests(t *testing.T) {
	t.Parallel()
	changes := map[string]func(*wire.Request){
		"query":  func(r *wire.Request) { r.RawQuery = strings.TrimPrefix(r.RawQuery+"&Added=1", "&") },
		"method": func(r *wire.Request) { r.Method = http.MethodGet },
		"host":   func(r *wire.Request) { r.Host = "elsewhere:80" },
		"body":   func(r *wire.Request) { r.Body = append(r.Body, ' ') },
		"nonce":  func(r *wire.Request) { r.Header.Set("X-Acs-Signature-Nonce", "another") },
		"added":  func(r *wire.Request) { r.Header.Set("X-Acs-Signature-Type", "added") },
	}
	// What a style leaves unsigned. ROA v1 judges the body by Content-MD5 alone; a GET is no operation of these calls.
	unsigned := map[string]string{
		"rpc v1": "host body nonce added method", "roa v1": "host body method", "v3 rpc": "method", "v3 rpc sm3": "method",
		"v3 roa": "method",
	}
	for _, s := range styles() {
		for name, change := range changes {
			if strings.Contains(unsigned[s.name], name) {
				continue
			}
			t.Run(s.name+"/"+name, func(t *testing.T) {
				t.Parallel()
				req := s.sign(newClient(), s.call())
				change(req)
				want := "SignatureDoesNotMatch"
				if name == "added" && strings.HasPrefix(s.name, "v3") {
					want = "IncompleteSignature" // a header that is not among SignedHeaders
				}
				newWorld(t).send(t, req).want(t, want)
			})
		}
	}
}

// The method is signed too: a call that takes GET and POST, signed for the one and sent as the other.
func TestMethodIsSigned(t *testing.T) {
	t.Parallel()
	for name, sign := range map[string]func(*client, draft) *wire.Request{
		"rpc v1": func(c *client, d draft) *wire.Request { return c.rpc(d, "ShopList", "2026-01-01") },
		"v3":     func(c *client, d draft) *wire.Request { return c.v3(d, "ShopList", "2026-01-01") },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w, c := newWorld(t), newClient()
			w.send(t, sign(c, draft{method: http.MethodGet, path: "/", host: host})).want(t, "ok")
			c.nonce = "nonce-2"
			req := sign(c, draft{method: http.MethodGet, path: "/", host: host})
			req.Method = http.MethodPost
			w.send(t, req).want(t, "SignatureDoesNotMatch")
		})
	}
}

// SDKs spread parameters over query and form as they like: alibaba-cloud-sdk-go v1.63.107 sends all in the query,
// onsmqtt v1.0.2 the API's own in the form, @alicloud/pop-core 1.8.0 all in the form.
func TestWhereRPCParametersTravel(t *testing.T) {
	t.Parallel()
	own := mqttParams()
	rpc := func(c *client, d draft) *wire.Request { return c.rpc(d, applyToken, mqttRelease) }
	v3 := func(c *client, d draft) *wire.Request { return c.v3(d, applyToken, mqttRelease) }
	for name, c := range map[string]struct {
		query, form pairs
		inForm      bool
		sign        func(*client, draft) *wire.Request
	}{
		"v1 all in the query":           {own, nil, false, rpc},
		"v1 own in the form":            {nil, own, false, rpc},
		"v1 all in the form":            {nil, own, true, rpc},
		"v1 common in the form":         {own, nil, true, rpc},
		"v1 own in both":                {own[:2], own[2:], false, rpc},
		"v3 query":                      {own, nil, false, v3},
		"v3 form":                       {nil, own, false, v3},
		"v3 both":                       {own[:1], own[1:], false, v3},
		"v1 the same pair in both":      {own, own[:1], false, rpc},
		"v1 a name twice in the query":  {append(own[:4:4], [2]string{"Extra", "2"}, [2]string{"Extra", "1"}), nil, false, rpc},
		"v1 a parameter without a name": {append(own[:4:4], [2]string{"", "x"}), nil, false, rpc},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			signer := newClient()
			signer.inForm = c.inForm
			got := newWorld(t).send(t, c.sign(signer, draft{
				method: http.MethodPost, path: "/", host: host, query: c.query, form: c.form,
			}))
			got.want(t, "ok")
			params := got.exchange.Call().Params
			if params["Actions"] != "R,W" || params["ExpireTime"] != int64(1893456000000) ||
				params["Resources"] != "TopicA/+,TopicB/# ~*é!'()" {
				t.Errorf("params %v", params)
			}
		})
	}
}

// Of a repeated name the first counts, the query before the form.
func TestRepeatedParameter(t *testing.T) {
	t.Parallel()
	d := mqtt()
	d.query = append(d.query, [2]string{"InstanceId", "second"})
	d.form = pairs{{"InstanceId", "third"}, {"Actions", "broken"}}
	got := newWorld(t).send(t, newClient().rpc(d, applyToken, mqttRelease))
	got.want(t, "ok")
	if id := got.exchange.Call().Params["InstanceId"]; id != "post-cn-test001" {
		t.Errorf("InstanceId is %v", id)
	}
}

func TestBearerTokens(t *testing.T) {
	t.Parallel()
	header := func(names map[string]string, d draft) *wire.Request {
		req := newClient().request(d)
		setAll(req.Header, names)
		return req
	}
	rpc := func(change func(*client, *draft)) *wire.Request {
		c, d := newClient(), mqtt()
		c.id, c.secret, c.bearer = "", "", bearerToken
		change(c, &d)
		return c.rpc(d, applyToken, mqttRelease)
	}
	for name, c := range map[string]struct {
		req  *wire.Request
		want string
	}{
		"v3 style": {header(map[string]string{
			"X-Acs-Action": applyToken, "X-Acs-Version": mqttRelease, "X-Acs-Bearer-Token": bearerToken,
			"X-Acs-Signature-Nonce": "n", "X-Acs-Content-Sha256": sum(newClient().hash(), ""), "X-Acs-Date": iso(noon),
		}, mqtt()), "ok"},
		"v3 style without a date": {header(map[string]string{
			"X-Acs-Action": applyToken, "X-Acs-Version": mqttRelease, "X-Acs-Bearer-Token": bearerToken,
		}, mqtt()), "ok"},
		"v3 style with an old date": {header(map[string]string{
			"X-Acs-Action": applyToken, "X-Acs-Version": mqttRelease, "X-Acs-Bearer-Token": bearerToken,
			"X-Acs-Date": "2020-01-01T00:00:00Z",
		}, mqtt()), "InvalidTimeStamp.Expired"},
		"roa style": {header(map[string]string{
			"X-Acs-Action": "CreateAccessWarrant", "X-Acs-Version": "20240611", "X-Acs-Bearer-Token": bearerToken,
			"X-Acs-Signature-Type": "BEARERTOKEN", "X-Acs-Signature-Nonce": "n", "Date": noon.Format(http.TimeFormat),
		}, warrant()), "ok"},
		"unknown token": {header(map[string]string{
			"X-Acs-Action": applyToken, "X-Acs-Version": mqttRelease, "X-Acs-Bearer-Token": "nobody's",
		}, mqtt()), "InvalidAccessKeyId.NotFound"},
		"disabled token": {header(map[string]string{
			"X-Acs-Action": applyToken, "X-Acs-Version": mqttRelease, "X-Acs-Bearer-Token": "disabled-bearer",
		}, mqtt()), "InvalidAccessKeyId.Inactive"},
		"an AccessKey ID is no bearer token": {header(map[string]string{
			"X-Acs-Action": applyToken, "X-Acs-Version": mqttRelease, "X-Acs-Bearer-Token": keyID,
		}, mqtt()), "InvalidAccessKeyId.NotFound"},

		"rpc signed with an empty secret": {rpc(func(*client, *draft) {}), "ok"},
		"rpc signed with a wrong secret": {
			rpc(func(c *client, _ *draft) { c.secret = "wrong" }), "SignatureDoesNotMatch",
		},
		"rpc unsigned": {newClient().request(draft{
			method: http.MethodPost, path: "/", host: host,
			query: append(mqttParams(), pairs{
				{"Action", applyToken},
				{"Version", mqttRelease},
				{"BearerToken", bearerToken},
				{"SignatureType", "BEARERTOKEN"},
				{"Timestamp", iso(noon)},
				{"SignatureNonce", "n"},
			}...),
		}), "ok"},
		"roa signed with an empty secret": {func() *wire.Request {
			c := newClient()
			c.id, c.secret, c.bearer = "", "", bearerToken
			return c.roa(warrant(), "CreateAccessWarrant", "20240611")
		}(), "ok"},
		"roa signed with a wrong secret": {func() *wire.Request {
			c := newClient()
			c.id, c.secret, c.bearer = "", "wrong", bearerToken
			return c.roa(warrant(), "CreateAccessWarrant", "20240611")
		}(), "SignatureDoesNotMatch"},
		"v3 without a key": {func() *wire.Request {
			c := newClient()
			c.id, c.secret, c.bearer = "", "", bearerToken
			return c.v3(mqtt(), applyToken, mqttRelease)
		}(), "IncompleteSignature"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			newWorld(t).send(t, c.req).want(t, c.want)
		})
	}
}

// A bearer token beside an AccessKey ID opens nothing by itself: the key is what is named, and its signature is due.
func TestBearerTokenDoesNotVouchForAKey(t *testing.T) {
	t.Parallel()
	query := append(mqttParams(), pairs{
		{"Action", applyToken}, {"Version", mqttRelease}, {"AccessKeyId", keyID}, {"Timestamp", iso(noon)},
	}...)
	for name, bearer := range map[string]string{"good": bearerToken, "nonsense": "x"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			req := newClient().request(draft{
				method: http.MethodPost, path: "/", host: host, query: query.with("BearerToken", bearer),
			})
			newWorld(t).send(t, req).want(t, "MissingSignature")
		})
	}
}

func TestUnsignedRequests(t *testing.T) {
	t.Parallel()
	named := append(mqttParams(), pairs{{"Action", applyToken}, {"Version", mqttRelease}, {"Timestamp", iso(noon)}}...)
	for name, c := range map[string]struct {
		query pairs
		want  string
	}{
		"nothing":          {named, "MissingAccessKeyId"},
		"empty key":        {named.with("AccessKeyId", ""), "MissingAccessKeyId"},
		"key alone":        {named.with("AccessKeyId", keyID), "MissingSignature"},
		"unknown key":      {named.with("AccessKeyId", "nobody"), "InvalidAccessKeyId.NotFound"},
		"key, no time":     {named.with("AccessKeyId", keyID).with("Timestamp", "-"), "MissingTimestamp"},
		"empty signature":  {newClient().rpcCommon(applyToken, mqttRelease).with("Signature", ""), "MissingSignature"},
		"empty parameters": {named.with("BearerToken", ""), "MissingAccessKeyId"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			req := newClient().request(draft{method: http.MethodPost, path: "/", host: host, query: c.query})
			newWorld(t).send(t, req).want(t, c.want)
		})
	}
}

// Both SDKs for PHP (openapi-sdk-php-client, aliyun-openapi-php-sdk) write the place of the signature in a bearer call
// and leave it empty, and so the key and the method of the signature.
func TestBearerTokensOfPHP(t *testing.T) {
	t.Parallel()
	common := pairs{
		{"RegionId", "cn-hangzhou"},
		{"AccessKeyId", ""},
		{"Format", "JSON"},
		{"SignatureMethod", ""},
		{"SignatureVersion", "1.0"},
		{"SignatureType", "BEARERTOKEN"},
		{"SignatureNonce", "0123456789abcdef0123456789abcdef"},
		{"Timestamp", iso(noon)},
		{"Action", applyToken},
		{"Version", mqttRelease},
		{"BearerToken", bearerToken},
		{"Signature", ""},
	}
	roa := warrant()
	for name, value := range map[string]string{
		"Date": noon.Format(http.TimeFormat), "X-Acs-Version": "20240611", "X-Acs-Region-Id": "cn-hangzhou",
		"X-Acs-Signature-Method": "", "X-Acs-Signature-Version": "1.0", "X-Acs-Signature-Type": "BEARERTOKEN",
		"X-Acs-Bearer-Token": bearerToken, "Authorization": "acs :",
	} {
		roa = roa.withHeader(name, value)
	}
	rpc := func(all pairs) draft { return draft{method: http.MethodPost, path: "/", host: host, form: all} }
	inHeader := rpc(append(mqttParams(), common.with("BearerToken", "-")...)).withHeader("X-Acs-Bearer-Token", bearerToken)
	for name, c := range map[string]struct {
		d    draft
		want string
	}{
		"rpc in the form":          {rpc(append(mqttParams(), common...)), "ok"},
		"rpc in the query":         {draft{method: http.MethodPost, path: "/", host: host, query: append(mqttParams(), common...)}, "ok"},
		"rpc, no key's parameter":  {rpc(append(mqttParams(), common.with("AccessKeyId", "-")...)), "ok"},
		"rpc, token in the header": {inHeader, "ok"},
		"rpc, unknown token":       {rpc(append(mqttParams(), common.with("BearerToken", "nobody's")...)), "InvalidAccessKeyId.NotFound"},
		"rpc, no token":            {rpc(append(mqttParams(), common.with("BearerToken", "")...)), "MissingAccessKeyId"},
		"rpc, old":                 {rpc(append(mqttParams(), common.with("Timestamp", "2020-01-01T00:00:00Z")...)), "InvalidTimeStamp.Expired"},
		"rpc, a key named":         {rpc(append(mqttParams(), common.with("AccessKeyId", keyID)...)), "MissingSignature"},
		"rpc, something signed":    {rpc(append(mqttParams(), common.with("Signature", "AAAA").with("SignatureMethod", "HMAC-SHA1")...)), "SignatureDoesNotMatch"},
		"roa":                      {roa, "ok"},
		"roa, no colon":            {roa.withHeader("Authorization", "acs "), "ok"},
		"roa, unknown token":       {roa.withHeader("X-Acs-Bearer-Token", "nobody's"), "InvalidAccessKeyId.NotFound"},
		"roa, no token":            {roa.withHeader("X-Acs-Bearer-Token", ""), "MissingAccessKeyId"},
		"roa, a key named":         {roa.withHeader("Authorization", "acs "+keyID+":").withHeader("X-Acs-Signature-Method", "HMAC-SHA1"), "SignatureDoesNotMatch"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			newWorld(t).send(t, newClient().request(c.d)).want(t, c.want)
		})
	}
}

// TestSignaturesOfAnotherKindOfCall: what is called is what was signed. A signature that does not cover what tells an
// operation from others is good for none that needs it.
func TestSignaturesOfAnotherKindOfCall(t *testing.T) {
	t.Parallel()
	form := draft{
		method: http.MethodPost, path: "/", host: host, form: append(mqttParams(), [2]string{"Action", applyToken}, [2]string{"Version", mqttRelease}),
	}
	onPath := newClient().rpc(draft{
		method: http.MethodPost, path: "/", host: host, query: pairs{{"appId", "a123"}, {"userId", "sn123"}},
	}, applyToken, mqttRelease)
	onPath.Path, onPath.Body = warrant().path, []byte(warrant().body)
	onPath.Header.Set("Content-Type", jsonContent)
	onPath.Header.Set("X-Acs-Version", "20240611")
	elsewhere := newClient().rpc(mqtt(), applyToken, mqttRelease)
	elsewhere.Method, elsewhere.Path = http.MethodGet, "/shops/7"
	for name, req := range map[string]*wire.Request{
		"an RPC signature on a path":       onPath,
		"a ROA signature and a form":       newClient().roa(form, applyToken, mqttRelease),
		"a ROA signature and a query":      newClient().roa(mqtt(), applyToken, mqttRelease),
		"a ROA signature and no action":    newClient().roa(form, "-", mqttRelease),
		"an RPC signature on another path": elsewhere,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := newWorld(t).send(t, req)
			if got.code == "ok" {
				t.Fatalf("it is taken for %s", got.exchange.Operation().Name)
			}
		})
	}
}

// TestListsOfSignedHeaders: each list but the sorted one in lower case is refused, rightly signed as it is.
func TestListsOfSignedHeaders(t *testing.T) {
	t.Parallel()
	for name, list := range map[string]func([]string) []string{
		"backwards": func(names []string) []string { slices.Reverse(names); return names },
		"doubled":   func(names []string) []string { return slices.Insert(names, 0, names[0]) },
		"capitals": func(names []string) []string {
			names[slices.Index(names, "host")] = "Host"
			slices.Sort(names)
			return names
		},
		"all capitals": func(names []string) []string { return strings.Split(strings.ToUpper(strings.Join(names, ";")), ";") },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := newClient()
			c.list = list
			got := newWorld(t).send(t, c.v3(mqtt(), applyToken, mqttRelease))
			got.want(t, "SignatureDoesNotMatch")
			got.finding(t, "signature")
		})
	}
	for _, field := range []string{"Credential=other", "SignedHeaders=host", "Signature=00"} {
		req := newClient().v3(mqtt(), applyToken, mqttRelease)
		scheme, rest, _ := strings.Cut(req.Header.Get("Authorization"), " ")
		req.Header.Set("Authorization", scheme+" "+field+","+rest)
		newWorld(t).send(t, req).want(t, "SignatureDoesNotMatch")
	}
}
