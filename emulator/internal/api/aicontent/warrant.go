package aicontent

import (
	"context"
	"crypto/md5"  //nolint:gosec // one of the two signatures of public clients
	"crypto/sha1" //nolint:gosec // the other
	"crypto/subtle"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/tokenstage/tokenstage/emulator/internal/record"
	"github.com/tokenstage/tokenstage/emulator/internal/sandbox"
	"github.com/tokenstage/tokenstage/emulator/internal/store"
	"github.com/tokenstage/tokenstage/emulator/internal/token"
)

// Warrant is what is known of an access warrant.
type Warrant struct {
	Number     uint64 `cbor:"1,keyasint"`
	Generation uint64 `cbor:"2,keyasint"`
	Issued     int64  `cbor:"3,keyasint"` // Unix milliseconds
	Expires    int64  `cbor:"4,keyasint"`
	AppID      string `cbor:"5,keyasint,omitempty"`
	UserID     string `cbor:"6,keyasint,omitempty"`
}

const warrantPrefix = "aicontent/warrant/" // and its id: a Warrant

// keepWarrant keeps what is needed to judge a warrant when it is used.
func keepWarrant(turn *sandbox.Turn, id, appID, user string, expires time.Time) error {
	raw, err := record.Write(Warrant{
		Number: turn.Number, Generation: turn.Generation(), Issued: turn.Now.UnixMilli(), Expires: expires.UnixMilli(),
		AppID: appID, UserID: user,
	})
	if err != nil {
		return fmt.Errorf("keep the warrant: %w", err)
	}
	turn.Write(&store.Put{Key: warrantPrefix + id, Value: raw, Expires: expires.Add(forgetAfter)})
	return nil
}

// forgetAfter is how long a warrant is remembered after its end, to say that it ended.
const forgetAfter = 24 * time.Hour

// FindWarrant returns a warrant by its id, and whether the sandbox created it.
func FindWarrant(ctx context.Context, turn *sandbox.Turn, id string) (Warrant, bool, error) {
	raw, found, err := turn.Space().Get(ctx, warrantPrefix+id)
	if err != nil || !found {
		return Warrant{}, false, err
	}
	var w Warrant
	err = record.Read(raw, &w)
	return w, err == nil, err
}

// Claims are those by which the warrant is judged.
func (w Warrant) Claims() token.Claims {
	return token.Claims{
		Kind: Name, Issuer: Name, Number: w.Number, Generation: w.Generation, IssuedAt: w.Issued, ExpiresAt: w.Expires,
	}
}

// GoodSig reports whether a client's sig is one of the two that public clients send, or the application has no secret
// that the sandbox knows.
func GoodSig(box *sandbox.Sandbox, appID, timestamp, sig string) bool {
	i := slices.IndexFunc(box.Fixtures.Warrants, func(a sandbox.WarrantApp) bool { return a.AppID == appID })
	if i < 0 || box.Fixtures.Warrants[i].AppSecret == "" {
		return true
	}
	secret := box.Fixtures.Warrants[i].AppSecret
	one := sha1.Sum([]byte(appID + timestamp + secret)) //nolint:gosec // as above
	two := md5.Sum([]byte(secret + timestamp))          //nolint:gosec // as above
	return slices.ContainsFunc([][]byte{one[:], two[:]}, func(sum []byte) bool {
		return subtle.ConstantTimeCompare([]byte(hex.EncodeToString(sum)), []byte(strings.ToLower(sig))) == 1
	})
}
