package sandbox

import (
	"errors"
	"fmt"
	"path"
	"regexp"
	"slices"
	"time"
)

// Definition is what a sandbox is made from. It is kept under the names of its JSON and never changes afterwards.
type Definition struct {
	ID   string `json:"id"`
	Seed uint64 `json:"seed"`
	// Now is where the clock starts; nil means real time.
	Now    *time.Time `json:"now,omitempty"`
	Frozen bool       `json:"frozen"`
	// SignatureTime is the rule for the times of signatures; empty means ByEither.
	SignatureTime SignatureTime `json:"signatureTime,omitempty"`
	Credentials   Credentials   `json:"credentials"`
	// Fixtures limit what exists in the sandbox; nil lists allow anything.
	Fixtures Fixtures `json:"fixtures,omitzero"`
	// Quotas change documented rate limits by operation name: "off", or "5/s".
	Quotas map[string]string `json:"quotas,omitempty"`
	// Scenarios play from the start and again after a reset, in this order: the last one wins.
	Scenarios []Script `json:"scenarios,omitempty"`
	// TTL ends a sandbox that was not used for so long in real time, such as "30m"; empty means that it stays.
	TTL string `json:"ttl,omitempty"`
}

// Script is a scenario to play: a known one by its name, or one that brings its document.
type Script struct {
	Name   string `json:"name,omitempty"`
	Source string `json:"source,omitempty"`
}

// Fixtures name what exists in a sandbox. Entries are globs as of path.Match; an empty list allows anything.
type Fixtures struct {
	Instances []string `json:"instances,omitempty"`
	Channels  []string `json:"channels,omitempty"`
	Users     []string `json:"users,omitempty"`
	// Warrants are the applications of CreateAccessWarrant with the secrets that check requestSign.
	Warrants []WarrantApp `json:"warrants,omitempty"`
	// Chat is what the counterparts of chats do.
	Chat []ChatLine `json:"chat,omitempty"`
	// Push is where messages to users of chats go by themselves; nil means nowhere.
	Push *Push `json:"push,omitempty"`
	// Scores are what spoken texts are scored.
	Scores []Score `json:"scores,omitempty"`
}

// WarrantApp is an application that may ask for access warrants.
type WarrantApp struct {
	AppID     string `json:"appId"`
	AppSecret string `json:"appSecret,omitempty"`
}

// Allows reports whether value is among the globs of list, or the list is empty. No glob matches a value of more than
// maxMatched bytes.
func Allows(list []string, value string) bool {
	return len(list) == 0 || len(value) <= maxMatched && slices.ContainsFunc(list, func(glob string) bool {
		ok, err := path.Match(glob, value)
		return err == nil && ok
	})
}

// InvalidError says which field of a definition is not good.
type InvalidError struct{ Field, Reason string }

func (e *InvalidError) Error() string { return e.Field + ": " + e.Reason }

// inside is the error about a field of what stands at a place.
func inside(place string, err error) error {
	if err == nil {
		return nil
	}
	if invalid, ok := errors.AsType[*InvalidError](err); ok {
		return &InvalidError{place + invalid.Field, invalid.Reason}
	}
	return err
}

var idPattern = regexp.MustCompile(`^[a-z0-9-]{1,64}$`)

// ValidID reports whether id can name a sandbox.
func ValidID(id string) bool { return idPattern.MatchString(id) }

func (d *Definition) validate(all schemes) error {
	if err := all.checkNames(d.Credentials); err != nil {
		return err
	}
	if !ValidID(d.ID) {
		return &InvalidError{"id", fmt.Sprintf("must match %s, got %q", idPattern, d.ID)}
	}
	if err := d.validateSizes(all); err != nil {
		return err
	}
	if _, err := all.read(d.Credentials); err != nil {
		return err
	}
	if err := d.Fixtures.validate(); err != nil {
		return err
	}
	if d.Now != nil && !clockReaches(*d.Now) {
		return &InvalidError{"now", outsideClock}
	}
	if err := d.SignatureTime.validate(); err != nil {
		return err
	}
	if err := validateTTL(d.TTL, d.ID); err != nil {
		return err
	}
	for name, q := range d.Quotas {
		if _, err := parseQuota(q); err != nil {
			return &InvalidError{"quotas." + name, err.Error()}
		}
	}
	return nil
}

// validate holds globs and warrants to their form.
func (f *Fixtures) validate() error {
	for field, globs := range map[string][]string{"instances": f.Instances, "channels": f.Channels, "users": f.Users} {
		for i, glob := range globs {
			if err := checkGlob(fmt.Sprintf("fixtures.%s[%d]", field, i), glob); err != nil {
				return err
			}
		}
	}
	for i, w := range f.Warrants {
		if err := CheckSizes(w.AppSecret, w.AppID); err != nil {
			return &InvalidError{fmt.Sprintf("fixtures.warrants[%d]", i), err.Error()}
		}
	}
	for i := range f.Chat {
		if err := f.Chat[i].validate(); err != nil {
			return inside(fmt.Sprintf("fixtures.chat[%d].", i), err)
		}
	}
	for i := range f.Scores {
		if err := f.Scores[i].validate(); err != nil {
			return inside(fmt.Sprintf("fixtures.scores[%d].", i), err)
		}
	}
	if f.Push == nil {
		return nil
	}
	return inside("fixtures.push.", f.Push.validate())
}

// Bounds of the lists of a definition, for each gateway and each kind of fixture.
const (
	maxCredentials = 100
	maxFixtures    = 1000
)

// Bounds in bytes.
const (
	maxKeys    = 64 << 10 // credentials and warrants of a sandbox: their secrets are kept in every spelling
	maxGlob    = 256
	maxMatched = 1 << 10
)

// length is how long the list of a field is, and may be.
type length struct {
	field    string
	n, limit int
}

// validateSizes holds lists to their bounds.
func (d *Definition) validateSizes(all schemes) error {
	lengths := make([]length, 0, len(all)+4)
	for _, scheme := range all {
		lengths = append(lengths, length{
			"credentials." + scheme.Name(), len(d.Credentials[scheme.Name()]), maxCredentials,
		})
	}
	f := &d.Fixtures
	lengths = append(lengths,
		length{"fixtures.instances", len(f.Instances), maxFixtures},
		length{"fixtures.channels", len(f.Channels), maxFixtures},
		length{"fixtures.users", len(f.Users), maxFixtures},
		length{"fixtures.warrants", len(f.Warrants), maxFixtures},
		length{"fixtures.chat", len(f.Chat), maxFixtures},
		length{"fixtures.scores", len(f.Scores), maxFixtures})
	for _, list := range lengths {
		if list.n > list.limit {
			return &InvalidError{list.field, fmt.Sprintf("has %d entries; at most %d are kept", list.n, list.limit)}
		}
	}
	if sum := d.sizeOfKeys(); sum > maxKeys {
		return &InvalidError{
			"credentials", fmt.Sprintf("they have %d bytes together with fixtures.warrants; at most %d are kept", sum, maxKeys),
		}
	}
	return nil
}

// sizeOfKeys is the length of everything that can be a secret.
func (d *Definition) sizeOfKeys() (sum int) {
	for _, list := range d.Credentials {
		for _, raw := range list {
			sum += len(raw)
		}
	}
	for _, w := range d.Fixtures.Warrants {
		sum += len(w.AppID) + len(w.AppSecret)
	}
	return sum
}
