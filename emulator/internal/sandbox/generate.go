package sandbox

import (
	"math/rand/v2"

	"github.com/tokenstage/tokenstage/emulator/internal/wire"
)

// Complete fills in what a definition leaves open: id, one credential for each gateway that lists none. A list that
// is there and empty stays empty. An app key that is taken is drawn again: among ten thousand of so few digits two are
// often alike. The other draws are too long for that.
func (d *Definition) Complete(chance *rand.Rand, taken func(wire.Credential) bool) {
	draw := Turn{chance: chance}
	if d.ID == "" {
		d.ID = "sb-" + draw.Draw(12, Base36)
	}
	if d.Credentials.ACS == nil {
		// Real AccessKey IDs of this length begin with LTAI; ours say what they are.
		d.Credentials.ACS = []ACSCredential{{
			AccessKeyID: "LTAIfake" + draw.Draw(16, Base62), AccessKeySecret: draw.Draw(30, Base62),
		}}
	}
	if d.Credentials.Top == nil {
		key := draw.topAppKey()
		for taken(wire.Credential{Kind: wire.TopApp, ID: key}) {
			key = draw.topAppKey()
		}
		d.Credentials.Top = []App{{key, draw.Draw(32, LowerHex)}}
	}
	if d.Credentials.Fabric == nil {
		d.Credentials.Fabric = []App{{draw.UUID(), draw.Draw(32, LowerHex)}}
	}
}

func (t *Turn) topAppKey() string { return "9" + t.Draw(9, "0123456789") }

// NewSeed draws a seed that survives every JSON reader: at most 53 bits.
func NewSeed(chance *rand.Rand) uint64 { return chance.Uint64N(1 << 53) }
