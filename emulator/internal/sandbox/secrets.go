package sandbox

import (
	"encoding/base64"
	"encoding/hex"
	"net/textproto"
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
	mu sync.RWMutex
	// spelt counts who knows each spelling: two sandboxes can have the same secret.
	spelt map[string]int
	// lengths are those of the spellings that begin with some letters, longest first.
	lengths map[[minSecret]byte][]lengthCount
	removed []string // secrets
	size    int      // of the spellings of removed, in bytes
	learned uint64
}

// lengthCount is how many spellings have a length.
type lengthCount struct{ length, count int }

// maxRemoved bounds how many secrets of removed sandboxes are remembered, maxRemovedSize the bytes of their spellings.
const (
	maxRemoved     = 20_000
	maxRemovedSize = 8 << 20
)

// NewSecrets returns a set of secrets to which a Registry adds none. Texts too short to be secrets are left out.
func NewSecrets(secrets ...string) *Secrets {
	s := &Secrets{spelt: map[string]int{}, lengths: map[[minSecret]byte][]lengthCount{}}
	s.add(slices.DeleteFunc(slices.Clone(secrets), func(secret string) bool { return len(secret) < minSecret }))
	return s
}

// spellings are the ways in which a secret can stand in a URL, a form, JSON, XML, a name of a header, hex or base64.
func spellings(secret string) []string {
	lower := strings.ToLower(secret)
	all := append(inBase64(secret), secret, lower, textproto.CanonicalMIMEHeaderKey(lower),
		hex.EncodeToString([]byte(secret)), strings.ToUpper(hex.EncodeToString([]byte(secret))))
	if base62Prefix(secret) < len(secret) {
		all = append(all, escaped(secret)...)
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// What stands for characters in strings to sign (RFC 3986), from their query's escapes on, in JSON and in XML.
var (
	inSigned = strings.NewReplacer("+", "%20", "*", "%2A")
	inJSON   = strings.NewReplacer(`\`, `\\`, `"`, `\"`)
	inXML    = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", `"`, "&quot;")
)

// escaped is a secret in the spellings that differ where it has other characters than letters and digits.
func escaped(secret string) []string {
	query, path := url.QueryEscape(secret), url.PathEscape(secret)
	signed := inSigned.Replace(query)
	strict := strings.ReplaceAll(signed, "~", "%7E")
	return []string{
		query, path, signed, strict, lowerEscapes(query), lowerEscapes(path), lowerEscapes(signed), lowerEscapes(strict),
		strings.ReplaceAll(secret, "/", `\/`),
		inJSON.Replace(secret), inXML.Replace(secret),
		url.QueryEscape(signed), url.QueryEscape(strict),
	}
}

// minInBase64 is the shortest run of letters that is taken for a secret in base64: six bytes of it.
const minInBase64 = 8

// inBase64 is what every base64 of a text with the secret in it holds, in both alphabets: the letters that the secret
// alone decides, with none, one and two bytes before it in its first group of three.
func inBase64(secret string) []string {
	var all []string
	for before := range 3 {
		bits := 8 * before
		first, end := (bits+5)/6, (bits+8*len(secret))/6
		for _, alphabet := range []*base64.Encoding{base64.RawStdEncoding, base64.RawURLEncoding} {
			text := alphabet.EncodeToString([]byte(strings.Repeat("\x00", before) + secret))[first:end]
			if len(text) >= minInBase64 {
				all = append(all, text)
			}
		}
	}
	return all
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

// Learned grows whenever secrets are added: a text that was masked before may hold one of them.
func (s *Secrets) Learned() uint64 {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.learned
}

func (s *Secrets) add(secrets []string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.learned++
	for _, secret := range secrets {
		for _, text := range spellings(secret) {
			if s.spelt[text]++; s.spelt[text] == 1 {
				s.count(text, 1)
			}
		}
	}
}

// count adds a spelling to those of its length, or takes it away.
func (s *Secrets) count(text string, delta int) {
	key := [minSecret]byte([]byte(text))
	list := s.lengths[key]
	at, found := slices.BinarySearchFunc(list, len(text), func(l lengthCount, n int) int { return n - l.length })
	if !found {
		list = slices.Insert(list, at, lengthCount{length: len(text)})
	}
	if list[at].count += delta; list[at].count == 0 {
		list = slices.Delete(list, at, at+1)
	}
	s.lengths[key] = list
	if len(list) == 0 {
		delete(s.lengths, key)
	}
}

func (s *Secrets) retire(secrets []string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, secret := range secrets {
		s.removed = append(s.removed, secret)
		s.size += sizeOf(spellings(secret))
	}
	for len(s.removed) > maxRemoved || s.size > maxRemovedSize {
		spelt := spellings(s.removed[0])
		s.forget(spelt)
		s.size -= sizeOf(spelt)
		s.removed = s.removed[1:]
	}
}

func sizeOf(texts []string) (sum int) {
	for _, text := range texts {
		sum += len(text)
	}
	return sum
}

func (s *Secrets) forget(spelt []string) {
	for _, text := range spelt {
		if s.spelt[text]--; s.spelt[text] == 0 {
			delete(s.spelt, text)
			s.count(text, -1)
		}
	}
}

// maxComparedFor bounds the work on a text: the bytes that are compared with secrets, which are more than those of the
// text only where many secrets of other lengths begin with what stands in it.
func maxComparedFor(text string) int { return 1<<20 + 16*len(text) }

// Mask returns text with every secret replaced. What would take too long to compare is replaced as a whole.
func (s *Secrets) Mask(text string) string { return s.replace(text, func(int) string { return Mask }) }

// Blank returns bytes in which every secret is replaced by as many letters, so that lengths that stand beside it stay
// true.
func (s *Secrets) Blank(raw []byte) []byte {
	return []byte(s.replace(string(raw), func(length int) string { return strings.Repeat("x", length) }))
}

func (s *Secrets) replace(text string, with func(length int) string) string {
	s.mu.RLock()
	defer s.mu.RUnlock()
	var out strings.Builder
	start := 0 // of the text not yet written out
	word := 0  // where the letters and digits end that stand at i
	left := maxComparedFor(text)
	for i := 0; i+minSecret <= len(text); {
		if i >= word {
			word = i + base62Prefix(text[i:])
		}
		n, compared := s.secretAt(text[i:], word-i)
		if left -= compared; left < 0 {
			n = len(text) - i
		}
		if n == 0 {
			i++
			continue
		}
		out.WriteString(text[start:i])
		out.WriteString(with(n))
		i += n
		start = i
	}
	if start == 0 {
		return text
	}
	out.WriteString(text[start:])
	return out.String()
}

// secretAt returns the length of the longest secret that text begins with, zero when it does with none, and how many
// bytes were compared. The first word bytes are letters and digits.
func (s *Secrets) secretAt(text string, word int) (length, compared int) {
	for _, known := range s.lengths[[minSecret]byte([]byte(text[:minSecret]))] {
		if known.length > len(text) {
			continue
		}
		compared += known.length
		if s.spelt[text[:known.length]] > 0 {
			return known.length, compared
		}
	}
	if word >= token.TemporarySecretLength && token.IsTemporarySecret(text[:token.TemporarySecretLength]) {
		return token.TemporarySecretLength, compared
	}
	return 0, compared
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
