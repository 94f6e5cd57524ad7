package cli

import (
	"crypto/rand"
	"math/big"
)

// minToken is the least length of a token for the control plane.
const minToken = 16

// controlKey is the token of the control plane.
type controlKey struct {
	// token is empty if none is needed.
	token string
	// generated tokens are printed at the start, since nobody knows them yet.
	generated bool
}

// newControlKey returns the given token, no token for a loopback address, or else a generated one.
func newControlKey(given string, loopback bool) (controlKey, error) {
	switch {
	case given != "" && len(given) < minToken:
		return controlKey{}, usagef("--control-token: must have at least %d characters, got %d", minToken, len(given))
	case given != "" || loopback:
		return controlKey{token: given}, nil
	}
	token, err := generateToken()
	return controlKey{token: token, generated: true}, err
}

const (
	tokenLength   = 32
	tokenAlphabet = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
)

func generateToken() (string, error) {
	token := make([]byte, tokenLength)
	for i := range token {
		n, err := rand.Int(rand.Reader, big.NewInt(int64(len(tokenAlphabet))))
		if err != nil {
			return "", err
		}
		token[i] = tokenAlphabet[n.Int64()]
	}
	return string(token), nil
}
