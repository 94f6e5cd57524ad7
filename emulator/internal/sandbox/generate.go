package sandbox

import (
	"math/rand/v2"

	"github.com/tokenstage/tokenstage/emulator/internal/random"
	"github.com/tokenstage/tokenstage/emulator/internal/wire"
)

// Complete fills in what a definition leaves open: id, one credential for each gateway that lists none. A list that
// is there and empty stays empty. An app key that is taken is drawn again: among ten thousand of so few digits two are
// often alike. The other draws are too long for that.
func (d *Definition) Complete(from *rand.Rand, taken func(wire.Credential) (bool, error)) error {
	draw := func(n int, alphabet string) string { return random.Draw(from, n, alphabet) }
	if d.ID == "" {
		d.ID = "sb-" + draw(12, random.Base36)
	}
	if d.Credentials.ACS == nil {
		// Real AccessKey IDs of this length begin with LTAI; ours say what they are.
		d.Credentials.ACS = []ACSCredential{{
			AccessKeyID: "LTAIfake" + draw(16, random.Base62), AccessKeySecret: draw(30, random.Base62),
		}}
	}
	if d.Credentials.Top == nil {
		key, err := freeAppKey(from, taken)
		if err != nil {
			return err
		}
		d.Credentials.Top = []App{{key, draw(32, random.LowerHex)}}
	}
	if d.Credentials.Fabric == nil {
		d.Credentials.Fabric = []App{{random.UUID(from).String(), draw(32, random.LowerHex)}}
	}
	return nil
}

// freeAppKey draws app keys of the gateway top until one is free.
func freeAppKey(from *rand.Rand, taken func(wire.Credential) (bool, error)) (string, error) {
	for {
		key := "9" + random.Draw(from, 9, "0123456789")
		used, err := taken(wire.Credential{Kind: wire.TopApp, ID: key})
		if err != nil || !used {
			return key, err
		}
	}
}

// NewSeed draws a seed that survives every JSON reader: at most 53 bits.
func NewSeed(from *rand.Rand) uint64 { return from.Uint64N(1 << 53) }
