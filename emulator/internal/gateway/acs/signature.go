package acs

import (
	"crypto/hmac"
	"fmt"
	"strings"

	"github.com/tokenstage/tokenstage/emulator/internal/gateway"
	"github.com/tokenstage/tokenstage/emulator/internal/gateway/habits"
	"github.com/tokenstage/tokenstage/emulator/internal/sandbox"
	"github.com/tokenstage/tokenstage/emulator/internal/wire"
)

// keyring is the key that a request names, and those that its sandbox lists.
type keyring struct {
	key  sandbox.Key
	list []sandbox.ListedKey
}

// checkSignature computes the signature of the request's style and compares.
func (x *exchange) checkSignature(turn *sandbox.Turn, key sandbox.Key) error {
	with := keyring{key, turn.Keys(Name)}
	switch x.claim.style {
	case rpcV1:
		return x.checkRPCSignature(with)
	case roaV1:
		return x.checkROASignature(with)
	case v3:
		return x.checkV3Signature(with)
	case bearer, unsigned: // a bearer token proves itself; unsigned requests were refused before
	}
	return nil
}

func (x *exchange) checkRPCSignature(with keyring) error {
	pairs := rpcPairs(x.query, x.form)
	server := rpcString(x.req.Method, canonical(pairs))
	if equal(sha1Signature(with.key.Secret+rpcKeySuffix, server), x.claim.signature) {
		return nil
	}
	return mismatch(server, x.claim.signature, x.guessRPC(with, pairs), (*way).rpcText)
}

func (x *exchange) checkROASignature(with keyring) error {
	server := roaString(x.req, x.query, false)
	for _, text := range []string{server, roaString(x.req, x.query, true)} {
		if equal(sha1Signature(with.key.Secret, text), x.claim.signature) {
			return nil
		}
	}
	return mismatch(server, x.claim.signature, x.guessROA(with), (*way).roaText)
}

func (x *exchange) checkV3Signature(with keyring) error {
	algorithm := x.claim.algorithm
	payload := algorithm.payload(x.req.Body)
	var query, room [1024]byte // most requests need less
	request := appendCanonicalRequest(room[:0], x.req, appendCanonical(query[:0], x.query), x.claim.signedHeaders, payload)
	server := algorithm.v3String(request)
	want := x.gateway.macs.signature(algorithm, with.key.Secret, server)
	if equal(want[:], x.claim.signature) && payload == x.req.Header.Get(digestHeader) {
		return nil
	}
	shown := string(request)
	fault := mismatch(shown, x.claim.signature, x.guessV3(with, payload), (*way).v3Text)
	// The first sentence is what the live service says; the tail is how newer gateways show their strings.
	fault.Message = fmt.Sprintf("Specified signature does not match our calculation. server StringToSign is [%s] "+
		"server CanonicalRequest is [%s]", server, gateway.Cut(shown, maxShown))
	if sent := x.req.Header.Get(digestHeader); sent != payload {
		// The digest refused the call, whatever the signature is.
		fault.Findings = append([]wire.Finding{x.explainDigest(payload, sent)}, fault.Findings...)
	}
	return fault
}

// explainDigest tells how the header differs from the digest of the body. It is judged apart from the signature, which
// is right when it was made over the digest that was sent.
func (x *exchange) explainDigest(payload, sent string) wire.Finding {
	digest := habits.Digest{Name: "SHA-256", Coding: habits.LowerHex, Sum: func(body []byte) []byte {
		sum := x.claim.algorithm.sum(body)
		return sum[:]
	}}
	if x.claim.algorithm == hmacSM3 {
		digest.Name = "SM3"
	}
	return wire.Finding{
		Check: "payload hash", Level: wire.LevelError,
		Message:  digest.Explain(strings.ToLower(digestHeader), x.req.Body, sent),
		Expected: payload, Got: sent, Marker: gateway.FirstDifference(payload, sent),
	}
}

// equal compares in a time that does not tell how much is alike.
func equal(want []byte, got string) bool {
	var room [128]byte // for the longest of the signatures
	return hmac.Equal(want, append(room[:0], got...))
}

// maxShown is how much of a string to sign a message shows. A longer one is cut: nobody compares it by eye, and a reply
// should stay smaller than its request.
const maxShown = 32 << 10

// mismatch is the signature fault: the message ends in the server's string, which one SDK compares byte for byte with
// its own to tell a wrong secret from a wrong string. The finding shows both strings where the client's is known.
func mismatch(server, signature string, known found, text func(*way) string) *wire.Fault {
	finding := wire.Finding{Check: "signature", Level: wire.LevelError, Server: server}
	switch {
	case signature == "":
		finding.Message = "The client sent an empty signature: it signed nothing."
	case known.Explained:
		finding.Client = text(&known.Way)
		finding.Marker = gateway.FirstDifference(server, finding.Client)
		finding.Message = strings.Join(known.Says, " ")
		if len(known.Says) == 0 {
			finding.Level = wire.LevelAdvice
			finding.Message = "The signature itself is right: the client made it over the digest that it sent."
		} else if finding.Marker == "" {
			finding.Message = "The string is right. " + finding.Message
		}
	case known.Cut:
		finding.Message = noGuess + " The request is too long to try all that is known."
	default:
		finding.Message = noGuess
	}
	return &wire.Fault{
		Kind: wire.WrongSignature, Fill: []string{gateway.Cut(server, maxShown)}, Findings: []wire.Finding{finding},
	}
}

const noGuess = "The signature is not that of the server's string with this key's secret. Either the secret is " +
	"another one, or the client signed a string that differs in a way that is not known here."
