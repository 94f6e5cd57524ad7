package mqtt

import (
	"crypto/hmac"
	"crypto/sha1" //nolint:gosec // the service signs with it
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
)

// The modes of a login. Upload is ours: a client without user name and password, which uploads its token.
const (
	ModeSignature = "Signature"
	ModeToken     = "Token"
	ModeDevice    = "DeviceCredential"
	ModeUpload    = "Upload"
)

// User is what a user name says: Signature authentication; Token authentication overview.
type User struct{ Mode, AccessKeyID, InstanceID string }

// ReadUser reads a user name, as far as it can be read.
func ReadUser(name string) (User, error) {
	parts := strings.Split(name, "|")
	u := User{Mode: parts[0]}
	if len(parts) > 1 {
		u.AccessKeyID = parts[1]
	}
	if len(parts) > 2 {
		u.InstanceID = parts[2]
	}
	switch {
	case len(parts) != 3:
		return u, fmt.Errorf(
			"a user name has three parts with | between, mode, AccessKey ID and instance id; this one has %d", len(parts))
	case u.Mode != ModeSignature && u.Mode != ModeToken && u.Mode != ModeDevice:
		return u, fmt.Errorf("the mode of a user name is %s or %s, not %q", ModeSignature, ModeToken, u.Mode)
	case u.AccessKeyID == "" || u.InstanceID == "":
		return u, errors.New("the AccessKey ID or the instance id of the user name is empty")
	}
	return u, nil
}

// Sign returns the password of a client in the mode Signature.
func Sign(clientID, secret string) string {
	mac := hmac.New(sha1.New, []byte(secret))
	mac.Write([]byte(clientID))
	return base64.StdEncoding.EncodeToString(mac.Sum(nil))
}

// The types of tokens.
const (
	Read      = "R"
	Write     = "W"
	ReadWrite = "RW"
)

// IsType reports whether there are tokens of that type.
func IsType(name string) bool { return name == Read || name == Write || name == ReadWrite }

// TypedToken is a token with the type under which its client gives it.
type TypedToken struct{ Type, Text string }

// maxTokens is how many tokens a client has: one of each type.
const maxTokens = 3

// ReadTokens reads the password of a client in the mode Token.
func ReadTokens(password string) ([]TypedToken, error) {
	if password == "" {
		return nil, errors.New("the password is empty; it is types and tokens joined by |, such as R|TOKEN")
	}
	parts := strings.Split(password, "|")
	if len(parts)%2 != 0 {
		return nil, fmt.Errorf("the password has %d parts with | between; it is pairs of a type and a token", len(parts))
	}
	if len(parts) > 2*maxTokens {
		return nil, errors.New("the password has more than three tokens, one of each type R, W and RW")
	}
	var tokens []TypedToken
	seen := map[string]bool{}
	for i := 0; i < len(parts); i += 2 {
		given := TypedToken{parts[i], parts[i+1]}
		switch {
		case !IsType(given.Type):
			return nil, fmt.Errorf("part %d of the password must be a type, R, W or RW", i+1)
		case seen[given.Type]:
			return nil, fmt.Errorf("the password has two tokens of the type %s; one of each type is allowed", given.Type)
		case given.Text == "":
			return nil, fmt.Errorf("the token of the type %s is empty", given.Type)
		}
		seen[given.Type] = true
		tokens = append(tokens, given)
	}
	return tokens, nil
}

// clientIDMark stands between group id and device id.
const clientIDMark = "@@@"

// The lengths of a client id: Limits, Client ID and Group ID.
const (
	maxClientID = 64
	minGroup    = 7
)

// CheckClientID says what keeps a client id from being one.
func CheckClientID(id string) error {
	group, device, found := strings.Cut(id, clientIDMark)
	switch {
	case id == "":
		return errors.New("the client id is empty")
	case !found:
		return errors.New("the client id has no @@@ between its group id and its device id, as in GID_demo@@@device-1")
	case len(id) > maxClientID:
		return fmt.Errorf("the client id has %d characters; at most %d are allowed", len(id), maxClientID)
	case device == "":
		return errors.New("the device id behind @@@ is empty")
	case strings.ContainsFunc(group+device, isForbidden):
		return errors.New("the client id has characters beside 0-9, a-z, A-Z, - and _")
	}
	return checkGroup(group)
}

func checkGroup(group string) error {
	if !strings.HasPrefix(group, "GID_") && !strings.HasPrefix(group, "GID-") {
		return fmt.Errorf("the group id %q does not begin with GID_ or GID-", group)
	}
	if len(group) < minGroup {
		return fmt.Errorf("the group id %q has %d characters; it needs %d", group, len(group), minGroup)
	}
	return nil
}

// isForbidden reports whether a character may not stand in a client id.
func isForbidden(c rune) bool {
	return (c < '0' || c > '9') && (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && c != '-' && c != '_'
}
