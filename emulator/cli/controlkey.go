package cli

import (
	"crypto/rand"
	"math/big"
)

// minToken is the shortest token that is accepted for the control plane.
const minToken = 16

// controlKey is what opens the control plane.
type controlKey struct {
	// token is empty where none is needed.
	token string
	// generated tokens are shown at the start: nobody knows them yet.
	generated bool
}

// newControlKey decides on the token: the given one, none on a loopback address, else a new one.
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
