package habits

import (
	"encoding/base64"
	"net/url"
	"strings"
)

// Slip is a secret with what slips in when it is copied.
type Slip struct {
	// Name says what it has: "a blank at its end".
	Name   string
	Secret string
}

// Slips are the slips that change the secret.
func Slips(secret string) []Slip {
	all := []Slip{
		{"a blank at its end", secret + " "},
		{"a blank at its start", " " + secret},
		{"a line end at its end", secret + "\n"},
		{"a CR LF at its end", secret + "\r\n"},
		{"a tab at its end", secret + "\t"},
		{"quotation marks around it", `"` + secret + `"`},
		{"single quotation marks around it", "'" + secret + "'"},
		{"a byte order mark before it", "\uFEFF" + secret},
		{"another case of letters", strings.ToLower(secret)},
		{"another case of letters", strings.ToUpper(secret)},
		{"URL escapes in it", url.QueryEscape(secret)},
		{"been put into base64", base64.StdEncoding.EncodeToString([]byte(secret))},
	}
	if len(secret) > 1 {
		all = append(all,
			Slip{"lost its last character", secret[:len(secret)-1]}, Slip{"lost its first character", secret[1:]})
	}
	var changed []Slip
	for _, s := range all {
		if s.Secret != secret {
			changed = append(changed, s)
		}
	}
	return changed
}
