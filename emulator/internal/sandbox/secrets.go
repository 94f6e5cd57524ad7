package sandbox

import (
	"net/url"
	"regexp"
	"slices"
	"strings"
	"sync"

	"github.com/tokenstage/tokenstage/emulator/internal/token"
)

// Mask stands where a secret was.
const Mask = "[secret]"

// Secrets knows every secret of every sandbox, in the spellings in which they travel, and takes them out of text that
// people will see. Secrets of removed sandboxes stay known for a while, since journals can still hold them.
type Secrets struct {
	mu       sync.RWMutex
	byPrefix map[[minSecret]byte][]string // longest first
	removed  []string
	size     int // of removed, in bytes
}

// maxRemoved and maxRemovedSize bound how many spellings of removed secrets are remembered, and their bytes together.
const (
	maxRemoved     = 20_000
	maxRemovedSize = 8 << 20
)

// NewSecrets returns a set of secrets to which a Registry adds none. Texts too short to be secrets are left out.
func NewSecrets(secrets ...string) *Secrets {
	s := &Secrets{byPrefix: map[[minSecret]byte][]string{}}
	s.add(slices.DeleteFunc(slices.Clone(secrets), func(secret string) bool { return len(secret) < minSecret }))
	return s
}

// spellings are the ways in which a secret can stand in a URL, a form, JSON or XML.
func spellings(secret string) []string {
	if base62Prefix(secret) == len(secret) {
		return []string{secret}
	}
	query, path := url.QueryEscape(secret), url.PathEscape(secret)
	signed := strings.NewReplacer("+", "%20", "*", "%2A").Replace(query) // RFC 3986, as strings to sign have it
	strict := strings.ReplaceAll(signed, "~", "%7E")
	all := []string{
		secret, query, path, signed, strict,
		lowerEscapes(query), lowerEscapes(path), lowerEscapes(signed), lowerEscapes(strict),
		strings.ReplaceAll(secret, "/", `\/`),
		strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(secret),
		strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", `"`, "&quot;").Replace(secret),
		url.QueryEscape(signed), url.QueryEscape(strict),
	}
	slices.Sort(all)
	return slices.Compact(all)
}

var urlEscape = regexp.MustCompile(`%[0-9A-F]{2}`)

// lowerEscapes writes the hex digits of URL escapes in lower case, as some clients do.
func lowerEscapes(text string) string { return urlEscape.ReplaceAllStringFunc(text, strings.ToLower) }

// Keep adds a secret that belongs to no sandbox, such as the control plane's token. One too short to be told from other
// text is left out.
func (s *Secrets) Keep(secret string) {
	if len(secret) >= minSecret {
		s.add([]string{secret})
	}
}

func (s *Secrets) add(secrets []string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, secret := range secrets {
		for _, text := range spellings(secret) {
			key := [minSecret]byte([]byte(text))
			list := s.byPrefix[key]
			at, _ := slices.BinarySearchFunc(list, text, func(a, b string) int { return len(b) - len(a) })
			s.byPrefix[key] = slices.Insert(list, at, text)
		}
	}
}

func (s *Secrets) retire(secrets []string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, secret := range secrets {
		for _, text := range spellings(secret) {
			s.removed = append(s.removed, text)
			s.size += len(text)
		}
	}
	for len(s.removed) > maxRemoved || s.size > maxRemovedSize {
		s.forget(s.removed[0])
		s.size -= len(s.removed[0])
		s.removed = s.removed[1:]
	}
}

// forget takes one occurrence of a spelling out: another sandbox may have the same secret.
func (s *Secrets) forget(text string) {
	key := [minSecret]byte([]byte(text))
	list := s.byPrefix[key]
	if i := slices.Index(list, text); i >= 0 {
		list = slices.Delete(list, i, i+1)
	}
	if len(list) == 0 {
		delete(s.byPrefix, key)
		return
	}
	s.byPrefix[key] = list
}

// Mask returns text with every secret replaced.
func (s *Secrets) Mask(text string) string {
	s.mu.RLock()
	defer s.mu.RUnlock()
	var out strings.Builder
	start := 0 // of the text not yet written out
	word := 0  // where the letters and digits end that stand at i
	for i := 0; i+minSecret <= len(text); {
		if i >= word {
			word = i + base62Prefix(text[i:])
		}
		n := s.secretAt(text[i:], word-i)
		if n == 0 {
			i++
			continue
		}
		out.WriteString(text[start:i])
		out.WriteString(Mask)
		i += n
		start = i
	}
	if start == 0 {
		return text
	}
	out.WriteString(text[start:])
	return out.String()
}

// secretAt returns the length of the secret that text begins with, zero when it does with none. The first word bytes
// are letters and digits.
func (s *Secrets) secretAt(text string, word int) int {
	for _, known := range s.byPrefix[[minSecret]byte([]byte(text[:minSecret]))] {
		if strings.HasPrefix(text, known) {
			return len(known)
		}
	}
	if word >= token.TemporarySecretLength && token.IsTemporarySecret(text[:token.TemporarySecretLength]) {
		return token.TemporarySecretLength
	}
	return 0
}

// base62Prefix returns how many letters and digits text begins with.
func base62Prefix(text string) int {
	for i := range len(text) {
		switch c := text[i]; {
		case c >= '0' && c <= '9', c >= 'A' && c <= 'Z', c >= 'a' && c <= 'z':
		default:
			return i
		}
	}
	return len(text)
}
