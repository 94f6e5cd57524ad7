package token

import (
	"fmt"
	"strconv"
	"time"

	"github.com/tokenstage/tokenstage/emulator/internal/record"
	"github.com/tokenstage/tokenstage/emulator/internal/store"
)

// Names of what is kept of tokens in the space of a sandbox.
const (
	// issuedLog lists what was issued, for people; it forgets the oldest.
	issuedLog = "tokens"
	// ChangePrefix begins the key of what was done to a token since it was issued.
	ChangePrefix = "token/"
)

func changeKey(id string) string { return ChangePrefix + id }

var issuedBound = store.Bound{Records: 1000, Bytes: 1 << 20}

// ID is the id of the token that a turn issued for an API.
func ID(issuer string, number uint64) string { return issuer + "-" + strconv.FormatUint(number, 10) }

// Grant is what an operation issues.
type Grant struct {
	Issuer, Operation string
	Number            uint64
	Subject           string
	IssuedAt          time.Time
	ExpiresAt         time.Time
	SingleUse         bool
	Note              string
}

// issued is a token in the list. It stays as it was issued: what is done to a token later is kept apart.
type issued struct {
	_         struct{} `cbor:",toarray"`
	Number    uint64
	Issuer    string
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

// Step is what lists a token; it is carried to the space of the sandbox with whatever else its turn keeps.
func (g Grant) Step() (store.Step, error) {
	raw, err := record.Write(issued{
		Number: g.Number, Issuer: g.Issuer, Operation: g.Operation, Subject: g.Subject, Note: g.Note,
		SingleUse: g.SingleUse, IssuedAt: instantOf(g.IssuedAt), ExpiresAt: instantOf(g.ExpiresAt),
	})
	if err != nil {
		return nil, err
	}
	return &store.Append{Log: issuedLog, ID: ID(g.Issuer, g.Number), Record: raw, Bound: issuedBound}, nil
}

// readIssued reads a record of the list.
func readIssued(rec store.Record) (Token, error) {
	var r issued
	if err := record.Read(rec.Data, &r); err != nil {
		return Token{}, fmt.Errorf("decode token %d of the list: %w", rec.Seq, err)
	}
	at := r.IssuedAt.time()
	return Token{
		ID: ID(r.Issuer, r.Number), API: r.Issuer, Operation: r.Operation, Subject: r.Subject, SingleUse: r.SingleUse,
		IssuedAt: at, ExpiresAt: r.ExpiresAt.time(), History: []Event{{Time: at, State: Active, Note: r.Note}},
	}, nil
}
