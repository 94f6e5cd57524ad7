package acs_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"hash"
	"strings"
	"testing"

	"github.com/emmansun/gmsm/sm3"

	"github.com/tokenstage/tokenstage/emulator/internal/gateway/acs"
)

// Signatures are those of crypto/hmac over the right hash: with keys around the size of a block, and texts around those of
// several.
func TestMAC(t *testing.T) {
	t.Parallel()
	for name, algorithm := range map[string]func() hash.Hash{"ACS3-HMAC-SHA256": sha256.New, "ACS3-HMAC-SM3": sm3.New} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, keySize := range []int{0, 1, 30, 63, 64, 65, 128, 1000} {
				for _, textSize := range []int{0, 1, 55, 56, 64, 81, 1000} {
					key, text := strings.Repeat("k", keySize), strings.Repeat("t", textSize)
					mac := hmac.New(algorithm, []byte(key))
					mac.Write([]byte(text))
					want := hex.EncodeToString(mac.Sum(nil))
					if !acs.Signs(name, want, key, text) {
						t.Errorf("key of %d bytes, text of %d: the signature is not %s", keySize, textSize, want)
					}
				}
			}
		})
	}
}
