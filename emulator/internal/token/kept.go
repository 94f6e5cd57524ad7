package token

import (
	"errors"
	"fmt"
	"time"

	"github.com/tokenstage/tokenstage/emulator/internal/record"
	"github.com/tokenstage/tokenstage/emulator/internal/store"
)

// What is kept of tokens can come from a file. These functions refuse what no sandbox would have kept.

// errTime says that a time could not be written for people.
var errTime = errors.New("a time lies outside the years 1970 to 9999")

// CheckIssued is the step that lists a token again by a record of Listing.Records.
func CheckIssued(raw []byte) (store.Step, error) {
	var r issued
	if err := record.Read(raw, &r); err != nil {
		return nil, err
	}
	if len(raw) > issuedBound.Bytes || r.Issuer == "" {
		return nil, errors.New("it names no API that issued it, or is too long")
	}
	if !readable(r.IssuedAt.time()) || !readable(r.ExpiresAt.time()) {
		return nil, errTime
	}
	return &store.Append{Log: issuedLog, ID: ID(r.Issuer, r.Number), Record: raw, Bound: issuedBound}, nil
}

// MaxIssued is how many tokens are listed.
func MaxIssued() int { return issuedBound.Records }

// CheckChange refuses what cannot have been done to a token.
func CheckChange(raw []byte) error {
	c, err := readChange(raw)
	if err != nil {
		return err
	}
	switch c.State {
	case "", Expired, Revoked, Redeemed, Superseded:
	default:
		return fmt.Errorf("no token becomes %.40q", c.State)
	}
	for _, event := range c.History {
		if !readable(event.Time) {
			return errTime
		}
	}
	return nil
}

// readable reports whether people can be shown a time.
func readable(t time.Time) bool {
	year := t.UTC().Year()
	return year >= 1970 && year <= 9999
}
