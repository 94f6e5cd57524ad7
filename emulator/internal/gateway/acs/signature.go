package acs

import (
	"crypto/hmac"
	"fmt"

	"github.com/tokenstage/tokenstage/emulator/internal/gateway"
	"github.com/tokenstage/tokenstage/emulator/internal/sandbox"
	"github.com/tokenstage/tokenstage/emulator/internal/wire"
)

// checkSignature computes the signature of the request's style and compares.
func (x *exchange) checkSignature(key sandbox.Key) error {
	switch x.claim.style {
	case rpcV1:
		return x.checkRPCSignature(key.Secret)
	case roaV1:
		return x.checkROASignature(key.Secret)
	case v3:
		return x.checkV3Signature(key.Secret)
	case bearer, unsigned: // a bearer token proves itself; unsigned requests were refused before
	}
	return nil
}

func (x *exchange) checkRPCSignature(secret string) error {
	pairs := rpcPairs(x.query, x.form)
	server := rpcString(x.req.Method, canonical(pairs))
	if equal(sha1Signature(secret+rpcKeySuffix, server), x.claim.signature) {
		return nil
	}
	return mismatch(server, x.guessRPC(secret, pairs), server)
}

func (x *exchange) checkROASignature(secret string) error {
	server := roaString(x.req, x.query, false)
	for _, text := range []string{server, roaString(x.req, x.query, true)} {
		if equal(sha1Signature(secret, text), x.claim.signature) {
			return nil
		}
	}
	return mismatch(server, x.guessROA(secret, server), server)
}

func (x *exchange) checkV3Signature(secret string) error {
	algorithm := x.claim.algorithm
	payload := algorithm.payload(x.req.Body)
	var query, room [1024]byte // most requests need less
	request := appendCanonicalRequest(room[:0], x.req, appendCanonical(query[:0], x.query), x.claim.signedHeaders, payload)
	server := algorithm.v3String(request)
	want := x.gateway.macs.signature(algorithm, secret, server)
	if equal(want[:], x.claim.signature) && payload == x.req.Header.Get(digestHeader) {
		return nil
	}
	shown := string(request)
	fault := mismatch(shown, x.guessV3(secret, payload), "")
	// The first sentence is what the live service says; the tail is how newer gateways show their strings.
	fault.Message = fmt.Sprintf("Specified signature does not match our calculation. server StringToSign is [%s] "+
		"server CanonicalRequest is [%s]", server, shown)
	if sent := x.req.Header.Get(digestHeader); sent != payload {
		fault.Findings = append(fault.Findings, wire.Finding{
			Check: "payload hash", Level: wire.LevelError,
			Message:  "x-acs-content-sha256 is not the hash of the body that came.",
			Expected: payload, Got: sent, Marker: gateway.FirstDifference(payload, sent),
		})
	}
	return fault
}

// equal compares in a time that does not tell how much is alike.
func equal(want []byte, got string) bool {
	var room [128]byte // for the longest of the signatures
	return hmac.Equal(want, append(room[:0], got...))
}

// mismatch is the signature fault: the message ends in the server's string, which one SDK compares byte for byte with
// its own to tell a wrong secret from a wrong string. The finding shows both strings where the client's could be
// guessed.
func mismatch(server string, found guess, fill string) *wire.Fault {
	finding := wire.Finding{Check: "signature", Level: wire.LevelError, Server: server}
	if found.advice == "" {
		finding.Message = "The signature is not that of the server's string with this key's secret. Either the secret is " +
			"another one, or the client signed a string that differs in a way that is not known here."
	} else {
		finding.Message = found.advice
		finding.Client = found.text
		finding.Marker = gateway.FirstDifference(server, found.text)
	}
	return &wire.Fault{Kind: wire.WrongSignature, Fill: []string{fill}, Findings: []wire.Finding{finding}}
}
