package habits

import (
	"encoding/base64"
	"encoding/hex"
	"net/url"
	"slices"
	"strings"
)

// Coding is how the bytes of a signature are written.
type Coding int

// The codings.
const (
	Base64 Coding = iota
	LowerHex
	UpperHex
)

// name is how sentences call the coding.
func (c Coding) name() string { return [...]string{"base64", "lower-case hex", "upper-case hex"}[c] }

// Reading is what the text of a signature can mean.
type Reading struct {
	// Sum are the bytes of the signature.
	Sum string
	// Says are the sentences that tell how the text differs from what is expected; none where it does not.
	Says []string
}

// sumSizes are the sizes of MD5, SHA-1, SHA-256 or SM3, and SHA-512.
var sumSizes = []int{16, 20, 32, 64}

// Readings are the bytes that a signature can mean, those first that need the fewest words.
func Readings(sent string, want Coding) []Reading {
	var all []Reading
	for _, t := range Repairs(sent) {
		all = append(all, decoded(t, want)...)
	}
	slices.SortStableFunc(all, func(a, b Reading) int { return len(a.Says) - len(b.Says) })
	return all
}

// Repair is a text with what spoilt it on its way taken away.
type Repair struct {
	Text string
	// Says are the sentences about what was taken away.
	Says []string
}

// repairs are what commonly happens to base64 and other opaque texts between a program and a server. Each gives the
// text back as it was if nothing of the kind happened to it.
var repairs = []struct {
	says string
	undo func(string) string
}{
	{"A line end or tab was sent with it: cut it off.", func(s string) string { return strings.Trim(s, "\r\n\t") }},
	{"Quotation marks were sent with it.", func(s string) string { return strings.Trim(s, `"'`) }},
	{"It was URL-encoded twice before it was sent: encode it once.", func(s string) string {
		if plain, err := url.PathUnescape(s); err == nil {
			return plain
		}
		return s
	}},
	{"A line end or tab was sent with it: cut it off.", func(s string) string { return strings.Trim(s, "\r\n\t") }},
	{"A blank was sent at its end: cut it off.", func(s string) string { return strings.TrimRight(s, " ") }},
	{`A raw "+" in it was sent unencoded and reads as a blank: send %2B.`, func(s string) string {
		return strings.ReplaceAll(s, " ", "+")
	}},
}

// Repairs are the text as it came, then with one layer of damage after another taken away, then with no other damage
// than blanks in the place of "+", of which one at an end could be taken for a slip.
func Repairs(sent string) []Repair {
	all := []Repair{{Text: sent}}
	for _, r := range repairs {
		last := all[len(all)-1]
		if text := r.undo(last.Text); text != last.Text {
			says := slices.Clone(last.Says)
			if !slices.Contains(says, r.says) {
				says = append(says, r.says)
			}
			all = append(all, Repair{text, says})
		}
	}
	plus := repairs[len(repairs)-1]
	if text := plus.undo(sent); text != sent && len(all) > 2 {
		all = append(all, Repair{text, []string{plus.says}})
	}
	return all
}

// TokenRepairs are those of a token, which may have lost its padding or changed its alphabet beside.
func TokenRepairs(sent string) []Repair {
	all := Repairs(sent)
	for _, r := range slices.Clone(all) {
		text := r.Text
		if plain := strings.NewReplacer("-", "+", "_", "/").Replace(text); plain != text {
			all = append(all, Repair{plain, append(slices.Clone(r.Says), safeAlphabet)})
		}
		for _, padding := range []string{"=", "=="} {
			all = append(all, Repair{text + padding, append(slices.Clone(r.Says), lostPadding)})
		}
	}
	return all
}

const (
	safeAlphabet = "It is in the URL-safe alphabet of base64; + and / are expected where it has - and _."
	lostPadding  = "Its padding is not there: it ends in =."
)

// decoded are the sums that a text can be.
func decoded(t Repair, want Coding) []Reading {
	var all []Reading
	add := func(sum []byte, says ...string) {
		if slices.Contains(sumSizes, len(sum)) {
			all = append(all, Reading{string(sum), slices.Concat(t.Says, says)})
		}
	}
	if sum, coding, ok := decodeHex(t.Text); ok {
		add(sum, saysOfHex(coding, t.Text, want)...)
	}
	raw, says, ok := decodeBase64(t.Text)
	if !ok {
		return all
	}
	if want == Base64 {
		add(raw, says...)
	} else {
		add(raw, slices.Concat(says, []string{"It is the base64 of the bytes; their " + want.name() + " is expected."})...)
	}
	if sum, _, isHex := decodeHex(string(raw)); isHex {
		add(sum, slices.Concat(says, []string{
			"It is the base64 of the hex digits; the " + want.name() + " of the bytes is expected.",
		})...)
	}
	if sum, more, twice := decodeBase64(string(raw)); twice {
		add(sum, slices.Concat(says, more, []string{
			"It is the base64 of a base64 text; the " + want.name() + " of the bytes is expected.",
		})...)
	}
	return all
}

// saysOfHex tells how hex differs from what is expected.
func saysOfHex(got Coding, text string, want Coding) []string {
	switch {
	case want == Base64:
		return []string{"It is the hex of the bytes; their base64 is expected."}
	case got == want || !strings.ContainsAny(strings.ToLower(text), "abcdef"):
		return nil
	case want == LowerHex:
		return []string{"It is hex in upper case; lower case is expected."}
	}
	return []string{"It is hex in lower case; upper case is expected."}
}

func decodeHex(text string) (sum []byte, coding Coding, ok bool) {
	sum, err := hex.DecodeString(text)
	if err != nil || len(sum) == 0 {
		return nil, 0, false
	}
	if text == strings.ToLower(text) {
		return sum, LowerHex, true
	}
	return sum, UpperHex, true
}

// decodeBase64 reads both alphabets, with the padding or without it.
func decodeBase64(text string) (raw []byte, says []string, ok bool) {
	if text == "" {
		return nil, nil, false
	}
	if strings.ContainsAny(text, "-_") && !strings.ContainsAny(text, "+/") {
		text = strings.NewReplacer("-", "+", "_", "/").Replace(text)
		says = append(says, safeAlphabet)
	}
	bare := strings.TrimRight(text, "=")
	raw, err := base64.RawStdEncoding.Strict().DecodeString(bare)
	if err != nil {
		return nil, nil, false
	}
	if base64.StdEncoding.EncodeToString(raw) != text {
		says = append(says, lostPadding)
	}
	return raw, says, true
}
