package acs_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
)

// Where nothing fits, the finding says so and shows the server's string alone.
func TestNoGuess(t *testing.T) {
	t.Parallel()
	for _, s := range styles() {
		t.Run(s.name, func(t *testing.T) {
			t.Parallel()
			c := newClient()
			c.secret = "quite another"
			signed := recorded(c)
			got := newWorld(t).send(t, s.sign(c, s.call()))
			checkGuess(t, got, *signed, "", "Either the secret is another one")
		})
	}
}

// The message of version 1 ends in the server's string and nothing else: alibaba-cloud-sdk-go v1.63.107 compares what
// follows the colon byte for byte. That of V3 carries string to sign and canonical request in brackets.
func TestSignatureMessages(t *testing.T) {
	t.Parallel()
	for _, s := range styles() {
		t.Run(s.name, func(t *testing.T) {
			t.Parallel()
			c := newClient()
			c.secret = "quite another"
			signed := recorded(c)
			got := newWorld(t).send(t, s.sign(c, s.call()))
			want := "Specified signature is not matched with our calculation. server string to sign is:" + *signed
			if strings.HasPrefix(s.name, "v3") {
				want = "Specified signature does not match our calculation. server StringToSign is [" + c.algorithm + "\n" +
					sum(c.hash(), *signed) + "] server CanonicalRequest is [" + *signed + "]"
			}
			var sent refusal
			if err := json.Unmarshal(got.reply.Body, &sent); err != nil {
				t.Fatal(err)
			}
			if sent.Message != want {
				t.Errorf("message\n%s\nwant\n%s", sent.Message, want)
			}
		})
	}
}

// A digest header that is not the body's has a finding of its own.
func TestPayloadHashIsExplained(t *testing.T) {
	t.Parallel()
	d := warrant().withHeader("X-Acs-Content-Sha256", "abc")
	got := newWorld(t).send(t, newClient().v3(d, "CreateAccessWarrant", "20240611"))
	got.want(t, "SignatureDoesNotMatch")
	f := got.finding(t, "payload hash")
	if f.Expected != sum(newClient().hash(), d.body) || f.Got != "abc" || !strings.HasPrefix(f.Marker, "at byte ") {
		t.Errorf("finding %+v", f)
	}
}

// Whatever a client does wrong, no finding holds the secret.
func TestFindingsHoldNoSecret(t *testing.T) {
	t.Parallel()
	secrets := spoiltSecrets()
	secrets["wrong"], secrets["with &"] = "quite another", keySecret+"&"
	for _, s := range styles() {
		for name, secret := range secrets {
			t.Run(s.name+"/"+name, func(t *testing.T) {
				t.Parallel()
				c := newClient()
				c.secret = secret
				got := newWorld(t).send(t, s.sign(c, s.call()))
				if got.fault == nil {
					t.Fatal("the request passed")
				}
				text := strings.ToLower(fmt.Sprintf("%+v %s", got.fault.Findings, got.reply.Body))
				if strings.Contains(text, strings.ToLower(keySecret)) || strings.Contains(text, "quite another") {
					t.Errorf("the secret is in %s", text)
				}
			})
		}
	}
}
