package oss

import (
	"encoding/json"

	"github.com/tokenstage/tokenstage/emulator/internal/wire"
)

// Signature is how a request should be signed with a secret, in the style that it has.
func Signature(req *wire.Request, secret string) string {
	x, _ := newExchange(&Gateway{}, req)
	w := x.right(secret)
	return w.signature()
}

// Claimed is the signature that a request carries.
func Claimed(req *wire.Request) string {
	x, _ := newExchange(&Gateway{}, req)
	return x.claim.signature
}

// Target is the bucket, the object and the region that a request names.
func Target(req *wire.Request) (bucket, object, region string, err error) {
	t, err := targetOf(req)
	return t.bucket, t.object, t.region, err
}

// Allows reports whether a policy allows an action on a resource.
func Allows(document, action, resource string) bool {
	var p policy
	return json.Unmarshal([]byte(document), &p) == nil && p.allows(action, resource)
}

// Matches compares a text with a pattern.
var Matches = matches
