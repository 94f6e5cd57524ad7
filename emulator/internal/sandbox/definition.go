package sandbox

import (
	"fmt"
	"path"
	"regexp"
	"slices"
	"time"
)

// Definition is what a sandbox is made from. It is kept as JSON and never changes afterwards.
type Definition struct {
	ID   string `json:"id"`
	Seed uint64 `json:"seed"`
	// Now is where the clock starts; nil means real time.
	Now         *time.Time  `json:"now,omitempty"`
	Frozen      bool        `json:"frozen"`
	Credentials Credentials `json:"credentials"`
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

// Credentials are the credentials of a sandbox, by gateway.
type Credentials struct {
	ACS    []ACSCredential `json:"acs"`
	Top    []App           `json:"top"`
	Fabric []App           `json:"fabric"`
}

// ACSCredential is a key pair, a key pair with a security token that every signed call must then carry, a bearer
// token, or a key pair and a bearer token.
type ACSCredential struct {
	AccessKeyID     string `json:"accessKeyId,omitempty"`
	AccessKeySecret string `json:"accessKeySecret,omitempty"`
	SecurityToken   string `json:"securityToken,omitempty"`
	BearerToken     string `json:"bearerToken,omitempty"`
	// Disabled keys are known and refused.
	Disabled bool `json:"disabled,omitempty"`
}

// App is an application of the gateways top and fabric.
type App struct {
	AppKey    string `json:"appKey"`
	AppSecret string `json:"appSecret"`
}

// Fixtures name what exists in a sandbox. Entries are globs as of path.Match; an empty list allows anything.
type Fixtures struct {
	Instances []string `json:"instances,omitempty"`
	Channels  []string `json:"channels,omitempty"`
	Users     []string `json:"users,omitempty"`
	// Warrants are the applications of CreateAccessWarrant with the secrets that check requestSign.
	Warrants []WarrantApp `json:"warrants,omitempty"`
}

// WarrantApp is an application that may ask for access warrants.
type WarrantApp struct {
	AppID     string `json:"appId"`
	AppSecret string `json:"appSecret,omitempty"`
}

// Allows reports whether value is among the globs of list, or the list is empty.
func Allows(list []string, value string) bool {
	return len(list) == 0 || slices.ContainsFunc(list, func(glob string) bool {
		ok, err := path.Match(glob, value)
		return err == nil && ok
	})
}

// InvalidError says which field of a definition is not good.
type InvalidError struct{ Field, Reason string }

func (e *InvalidError) Error() string { return e.Field + ": " + e.Reason }

var idPattern = regexp.MustCompile(`^[a-z0-9-]{1,64}$`)

// ValidID reports whether id can name a sandbox.
func ValidID(id string) bool { return idPattern.MatchString(id) }

func (d *Definition) validate() error {
	if !ValidID(d.ID) {
		return &InvalidError{"id", fmt.Sprintf("must match %s, got %q", idPattern, d.ID)}
	}
	if err := d.validateSizes(); err != nil {
		return err
	}
	if err := d.Credentials.validate(); err != nil {
		return err
	}
	for i, w := range d.Fixtures.Warrants {
		if reason := outOfSize(w.AppSecret, w.AppID); reason != "" {
			return &InvalidError{fmt.Sprintf("fixtures.warrants[%d]", i), reason}
		}
	}
	if d.Now != nil && !clockReaches(*d.Now) {
		return &InvalidError{"now", outsideClock}
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

func (c Credentials) validate() error {
	for i, a := range c.ACS {
		if reason := a.validate(); reason != "" {
			return &InvalidError{fmt.Sprintf("credentials.acs[%d]", i), reason}
		}
	}
	if err := validateApps("top", c.Top); err != nil {
		return err
	}
	return validateApps("fabric", c.Fabric)
}

func validateApps(gateway string, apps []App) error {
	for i, a := range apps {
		field := fmt.Sprintf("credentials.%s[%d]", gateway, i)
		if a.AppKey == "" || a.AppSecret == "" {
			return &InvalidError{field, "needs both appKey and appSecret"}
		}
		if reason := outOfSize(a.AppSecret, a.AppKey); reason != "" {
			return &InvalidError{field, reason}
		}
	}
	return nil
}

func (c ACSCredential) validate() string {
	for _, secret := range []string{c.AccessKeySecret, c.BearerToken} {
		if reason := outOfSize(secret, c.AccessKeyID, c.SecurityToken); reason != "" {
			return reason
		}
	}
	switch {
	case (c.AccessKeyID == "") != (c.AccessKeySecret == ""):
		return "needs accessKeyId and accessKeySecret together"
	case c.AccessKeyID == "" && c.BearerToken == "":
		return "needs a key pair (accessKeyId, accessKeySecret), a bearerToken, or both"
	case c.AccessKeyID == "" && c.SecurityToken != "":
		return "securityToken belongs to a key pair"
	}
	return ""
}

// Bounds of a definition: a server holds many, and every secret in several spellings.
const (
	maxCredentials = 100
	maxFixtures    = 1000
	maxText        = 8 << 10
)

// validateSizes holds lists to their bounds.
func (d *Definition) validateSizes() error {
	c, f := &d.Credentials, &d.Fixtures
	for _, list := range []struct {
		field    string
		n, limit int
	}{
		{"credentials.acs", len(c.ACS), maxCredentials},
		{"credentials.top", len(c.Top), maxCredentials},
		{"credentials.fabric", len(c.Fabric), maxCredentials},
		{"fixtures.instances", len(f.Instances), maxFixtures},
		{"fixtures.channels", len(f.Channels), maxFixtures},
		{"fixtures.users", len(f.Users), maxFixtures},
		{"fixtures.warrants", len(f.Warrants), maxFixtures},
	} {
		if list.n > list.limit {
			return &InvalidError{list.field, fmt.Sprintf("has %d entries; at most %d are kept", list.n, list.limit)}
		}
	}
	return nil
}

// minSecret is the shortest secret: shorter ones could not be kept out of the journal without blotting out everything.
const minSecret = 4

// outOfSize says what is wrong with the length of a secret, or of the texts beside it; empty when nothing is.
func outOfSize(secret string, others ...string) string {
	if secret != "" && len(secret) < minSecret {
		return fmt.Sprintf("secrets have at least %d characters", minSecret)
	}
	if slices.ContainsFunc(append(others, secret), func(text string) bool { return len(text) > maxText }) {
		return fmt.Sprintf("no key, secret or token has more than %d bytes", maxText)
	}
	return ""
}
