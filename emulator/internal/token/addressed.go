package token

import (
	"encoding/hex"

	"github.com/tokenstage/tokenstage/emulator/internal/wire"
)

// tagDigits is how many hex digits write a Tag.
const tagDigits = 2 * stsTagSize

// Address puts the tag of its owner behind the text of a token. Who presents such a token needs no credential: the
// token alone leads to the sandbox that issued it. Tag and text are not bound to each other, so the claims of the token
// must name the owner too.
func Address(text string, owner Tag) string { return text + hex.EncodeToString(owner[:]) }

// ReadAddress takes text and tag apart again. Only a tag in lower case is one.
func ReadAddress(addressed string) (text string, owner Tag, ok bool) {
	text, digits := addressed[:max(0, len(addressed)-tagDigits)], addressed[max(0, len(addressed)-tagDigits):]
	raw, err := hex.DecodeString(digits)
	if err != nil || len(raw) != stsTagSize || hex.EncodeToString(raw) != digits {
		return "", Tag{}, false
	}
	return text, Tag(raw), true
}

// TagIn is the tag that stands in what a call names itself by: a temporary AccessKey ID, or an addressed token.
func TagIn(c wire.Credential) (Tag, bool) {
	if c.Kind == wire.IssuedToken {
		_, owner, ok := ReadAddress(c.ID)
		return owner, ok
	}
	return TagOf(c.ID)
}

// OwnerOf is the tag of the credential behind a caller: its own, or that to which was issued what it names itself by.
func OwnerOf(caller wire.Credential) Tag {
	if tag, inside := TagIn(caller); inside {
		return tag
	}
	return TagFor(caller)
}
