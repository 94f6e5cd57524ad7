package sandbox

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/tokenstage/tokenstage/emulator/internal/record"
	"github.com/tokenstage/tokenstage/emulator/internal/store"
)

// issuedLog lists what was issued, for people; it forgets the oldest.
const issuedLog = "tokens"

var issuedBound = store.Bound{Records: 1000, Bytes: 1 << 20}

// Grant is what an operation issues.
type Grant struct {
	API, Operation string
	Subject        string
	ExpiresAt      time.Time
	SingleUse      bool
	Note           string
}

// issued is a token in the list. It stays as it was issued: what is done to a token later is kept apart.
type issued struct {
	_         struct{} `cbor:",toarray"`
	Number    uint64
	API       string
	Operation string
	Subject   string
	Note      string
	SingleUse bool
	IssuedAt  instant
	ExpiresAt instant
}

// instant is a time as the seconds since 1970 and the nanoseconds beyond.
type instant [2]int64

func instantOf(t time.Time) instant { return instant{t.Unix(), int64(t.Nanosecond())} }

func (i instant) time() time.Time { return time.Unix(i[0], i[1]).UTC() }

// Issue lists a token of this turn; its id is TokenID's. A token that no date can tell the end of is refused.
func (t *Turn) Issue(ctx context.Context, g Grant) error {
	if !clockReaches(g.ExpiresAt) {
		return errBeyondDates
	}
	one := issued{
		Number: t.Number, API: g.API, Operation: g.Operation, Subject: g.Subject, Note: g.Note, SingleUse: g.SingleUse,
		IssuedAt: instantOf(t.Now), ExpiresAt: instantOf(g.ExpiresAt),
	}
	raw, err := record.Write(one)
	if err != nil {
		return err
	}
	_, err = t.space.Append(ctx, issuedLog, raw, issuedBound)
	return err
}

var errBeyondDates = errors.New("the token would end outside the years 1970 to 9999")

// issuedTokens are those of the list, oldest first, and whether it has forgotten any.
func (b *Sandbox) issuedTokens(ctx context.Context) (tokens []Token, forgot bool, err error) {
	page, err := b.space.Range(ctx, issuedLog, 0, issuedBound.Records)
	if err != nil {
		return nil, false, err
	}
	tokens = make([]Token, len(page.Records))
	for i, rec := range page.Records {
		var r issued
		if err := record.Read(rec.Data, &r); err != nil {
			return nil, false, fmt.Errorf("decode token %d of the list: %w", rec.Seq, err)
		}
		tokens[i] = r.token()
	}
	return tokens, page.Dropped > 0, nil
}

func (r *issued) token() Token {
	at := r.IssuedAt.time()
	return Token{
		ID: TokenID(r.API, r.Number), API: r.API, Operation: r.Operation, Subject: r.Subject, SingleUse: r.SingleUse,
		IssuedAt: at, ExpiresAt: r.ExpiresAt.time(), History: []Event{{Time: at, State: Active, Note: r.Note}},
	}
}
