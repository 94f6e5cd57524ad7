package acs_test

import (
	"fmt"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/tokenstage/tokenstage/emulator/internal/wire"
)

var upperEscape = regexp.MustCompile(`%[0-9A-F]{2}`)

// encoders are what clients use in place of RFC 3986, with what the finding must say of each.
func encoders() map[string]struct {
	escape func(string) string
	advice string
} {
	replacing := func(pairs ...string) func(string) string {
		replacer := strings.NewReplacer(pairs...)
		return func(text string) string { return replacer.Replace(rfc3986(text)) }
	}
	return map[string]struct {
		escape func(string) string
		advice string
	}{
		"+ for blank":               {replacing("%20", "+"), "signed blanks as +"},
		"bare *":                    {replacing("%2A", "*"), "signed a bare *"},
		"%7E":                       {replacing("~", "%7E"), "signed ~ as %7E"},
		"Java's URLEncoder":         {replacing("%20", "+", "%2A", "*", "~", "%7E"), "as form encoding (URLEncoder of Java) does"},
		"bare !'()":                 {replacing("%21", "!", "%27", "'", "%28", "(", "%29", ")"), "a bare !, ', ( and ) (the server expects %21, %27, %28 and %29)"},
		"JavaScript's own encoding": {replacing("%21", "!", "%27", "'", "%28", "(", "%29", ")", "%2A", "*"), "a bare !, ', (, ) and * (the server"},
		"Python's quote":            {replacing("%2F", "/"), "a bare / (the server expects %2F)"},
		"C#'s UrlEncode in lower case": {
			func(text string) string { return upperEscape.ReplaceAllStringFunc(rfc3986(text), strings.ToLower) },
			"signed lower-case escapes",
		},
	}
}

// recorded makes the client note what it signs.
func recorded(c *client) *string {
	var signed string
	change := c.change
	c.change = func(text string) string {
		signed = change(text)
		return signed
	}
	return &signed
}

// checkGuess holds a refusal to the mistake that caused it: the finding names it, shows both strings and marks where
// they part.
func checkGuess(t *testing.T, got outcome, server, signed, advice string) {
	t.Helper()
	got.want(t, "SignatureDoesNotMatch")
	f := got.finding(t, "signature")
	if !strings.Contains(f.Message, advice) {
		t.Errorf("the finding says %q, want %q", f.Message, advice)
	}
	if f.Server != server {
		t.Errorf("server string\n%s\nwant\n%s", f.Server, server)
	}
	if f.Client != signed {
		t.Errorf("client string\n%s\nwant\n%s", f.Client, signed)
	}
	if server == signed || signed == "" {
		if f.Marker != "" {
			t.Errorf("marker %q of no difference", f.Marker)
		}
		return
	}
	at := 0
	for server[at] == signed[at] {
		at++
	}
	if want := fmt.Sprintf("at byte %d:", at); !strings.HasPrefix(f.Marker, want) {
		t.Errorf("marker %q, want %q", f.Marker, want)
	}
}

func TestGuessOfRPCEncodings(t *testing.T) {
	t.Parallel()
	for name, encoder := range encoders() {
		for constant, edit := range map[string]func(string) string{
			"": func(text string) string { return text },
			// Many clients have the encoded slash as a constant, whatever their encoding.
			", constant slash": func(text string) string { return strings.Replace(text, "&"+encoder.escape("/")+"&", "&%2F&", 1) },
		} {
			t.Run(name+constant, func(t *testing.T) {
				t.Parallel()
				right, wrong := newClient(), newClient()
				server := recorded(right)
				right.rpc(mqtt(), applyToken, mqttRelease)
				wrong.escape, wrong.change = encoder.escape, edit
				signed := recorded(wrong)
				got := newWorld(t).send(t, wrong.rpc(mqtt(), applyToken, mqttRelease))
				checkGuess(t, got, *server, *signed, encoder.advice)
			})
		}
		// Some encode the parameters in their own way and the whole as they should.
		t.Run(name+", inside only", func(t *testing.T) {
			t.Parallel()
			right, wrong := newClient(), newClient()
			server := recorded(right)
			right.rpc(mqtt(), applyToken, mqttRelease)
			d := mqtt()
			all := append(d.query, wrong.rpcCommon(applyToken, mqttRelease)...).sorted()
			wrong.change = func(string) string { return "POST&%2F&" + rfc3986(all.join(encoder.escape)) }
			signed := recorded(wrong)
			checkGuess(t, newWorld(t).send(t, wrong.rpc(d, applyToken, mqttRelease)), *server, *signed, encoder.advice)
		})
	}
}

func TestGuessOfV3Encodings(t *testing.T) {
	t.Parallel()
	for name, encoder := range encoders() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			right, wrong := newClient(), newClient()
			server := recorded(right)
			right.v3(mqtt(), applyToken, mqttRelease)
			wrong.escape = encoder.escape
			signed := recorded(wrong)
			got := newWorld(t).send(t, wrong.v3(mqtt(), applyToken, mqttRelease))
			checkGuess(t, got, *server, *signed, encoder.advice)
		})
	}
}

// The ways in which a secret is spoilt when it is copied.
func spoiltSecrets() map[string]string {
	return map[string]string{
		"a blank at its end": keySecret + " ", "a blank at its start": " " + keySecret,
		"a line end at its end": keySecret + "\n", "a CR LF at its end": keySecret + "\r\n",
		"quotation marks": `"` + keySecret + `"`, "another case of letters": strings.ToLower(keySecret),
	}
}

func TestGuessOfSecrets(t *testing.T) {
	t.Parallel()
	for _, s := range styles() {
		for slip, secret := range spoiltSecrets() {
			t.Run(s.name+"/"+slip, func(t *testing.T) {
				t.Parallel()
				c := newClient()
				c.secret = secret
				signed := recorded(c)
				got := newWorld(t).send(t, s.sign(c, s.call()))
				checkGuess(t, got, *signed, *signed, "The string is right. The client's secret has "+slip)
			})
		}
	}
}

// The key of RPC v1 is the secret and an ampersand, that of the other styles the secret alone.
func TestGuessOfKeySuffix(t *testing.T) {
	t.Parallel()
	for _, s := range styles() {
		t.Run(s.name, func(t *testing.T) {
			t.Parallel()
			c := newClient()
			advice := "is the secret alone, without &"
			if s.name == "rpc v1" {
				c.rpcSuffix, advice = "", "must be the secret followed by &."
			} else {
				c.secret += "&"
			}
			signed := recorded(c)
			got := newWorld(t).send(t, s.sign(c, s.call()))
			checkGuess(t, got, *signed, *signed, advice)
		})
	}
}

func TestGuessOfOtherMistakes(t *testing.T) {
	t.Parallel()
	query := func(d draft) draft { d.query = pairs{{"note", "a b/c"}}; return d }
	for name, c := range map[string]struct {
		style  string
		call   draft
		server func(signed string) string // the right string from the one that was signed
		client func(*client)
		after  func(*wire.Request)
		advice string
	}{
		"rpc: another method": {
			style: "rpc v1", call: mqtt(),
			client: func(c *client) { c.change = func(s string) string { return strings.Replace(s, "POST&", "GET&", 1) } },
			server: func(s string) string { return strings.Replace(s, "GET&", "POST&", 1) },
			advice: "signed the method GET and sent POST",
		},
		"roa: encoded query": {
			style: "roa v1", call: query(warrant()),
			client: func(c *client) {
				c.change = func(s string) string { return strings.Replace(s, "note=a b/c", "note=a%20b%2Fc", 1) }
			},
			server: func(s string) string { return strings.Replace(s, "note=a%20b%2Fc", "note=a b/c", 1) },
			advice: "signed an encoded query",
		},
		"v3: host without port": {
			style: "v3 roa", call: warrant(),
			client: func(c *client) {
				c.change = func(s string) string { return strings.Replace(s, "host:"+host, "host:127.0.0.1", 1) }
			},
			server: func(s string) string { return strings.Replace(s, "host:127.0.0.1", "host:"+host, 1) },
			advice: "signed the host without its port",
		},
		"v3: another body and form encoding": {
			style: "v3 roa", call: query(warrant()),
			client: func(c *client) { c.escape = url.QueryEscape },
			after:  func(r *wire.Request) { r.Body = []byte("{}") },
			server: func(s string) string {
				s = strings.Replace(s, "a+b", "a%20b", 1)
				return strings.TrimSuffix(s, sum(newClient().hash(), warrant().body)) + sum(newClient().hash(), "{}")
			},
			advice: "signed blanks as + (the server expects %20).",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, signer := styleOf(t, c.style), newClient()
			c.client(signer)
			signed := recorded(signer)
			req := s.sign(signer, c.call)
			if c.after != nil {
				c.after(req)
			}
			checkGuess(t, newWorld(t).send(t, req), c.server(*signed), *signed, c.advice)
		})
	}
	t.Run("rpc: the query alone", func(t *testing.T) {
		t.Parallel()
		right, wrong := newClient(), newClient()
		d := draft{method: "POST", path: "/", host: host, form: mqttParams()}
		server := recorded(right)
		right.rpc(d, applyToken, mqttRelease)
		common := wrong.rpcCommon(applyToken, mqttRelease).sorted()
		wrong.change = func(string) string { return "POST&%2F&" + rfc3986(common.join(rfc3986)) }
		signed := recorded(wrong)
		got := newWorld(t).send(t, wrong.rpc(d, applyToken, mqttRelease))
		checkGuess(t, got, *server, *signed, "signed the query alone")
	})
}
