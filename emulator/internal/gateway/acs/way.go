package acs

import (
	"crypto/hmac"
	"crypto/md5"  //nolint:gosec // some clients sign with it by mistake
	"crypto/sha1" //nolint:gosec // the provider's signature version 1.0 is HMAC-SHA1
	"crypto/sha256"
	"crypto/sha512"
	"hash"
	"slices"
	"strings"

	"github.com/emmansun/gmsm/sm3"

	"github.com/tokenstage/tokenstage/emulator/internal/gateway/habits"
	"github.com/tokenstage/tokenstage/emulator/internal/wire"
)

// way is a way to sign a request. The habits of clients change it.
type way struct {
	req     wire.Request // what is signed of it: a copy, whose headers are copied before they are changed
	pairs   []pair       // the parameters, in the order in which they are signed
	key     string
	swapped bool // the text is the key and the key the text

	// How parameters are encoded one by one, and together where a style does so.
	encoding encoding
	scope    scope
	inner    int    // how often names and values are encoded, less one
	outer    int    // how often the whole of RPC v1 is encoded, less one
	lead     string // what stands before the parameters
	tail     string // and behind them
	resource string // what stands between the method and the parameters of RPC v1, encoded and with its "&"

	names   []string // of the headers that V3 signs
	payload string   // the digest of the body at the end of V3's canonical request
	layout  layout
}

// scope is where a wrong encoding of RPC v1 is used.
type scope int

const (
	everywhere    scope = iota // but for the slash, which many clients have as a constant
	slashToo                   // there too
	parameterwise              // for names and values alone
	together                   // for the whole alone
)

// layout is how V3 and ROA v1 put their strings together.
type layout struct {
	bareEmpty    bool // a parameter without value is written without "="
	encodedQuery bool // ROA signs it decoded
	hashless     bool // V3 without the hash of the canonical request
	nameless     bool // V3 without the name of the algorithm
	upperHash    bool // V3 with the hash in upper case
	noBlankLine  bool // V3 without the empty line between headers and their names
}

// sorted are the pairs in the order in which they must be signed.
func sorted(pairs []pair) []pair {
	pairs = slices.Clone(pairs)
	slices.SortStableFunc(pairs, pair.compare)
	return pairs
}

// parameters are the pairs, encoded and joined.
func (w *way) parameters(e encoding) string {
	size := 0
	for _, p := range w.pairs {
		size += len(p.name) + len(p.value) + len("=&")
	}
	dst := append(make([]byte, 0, 3*size), w.lead...)
	for i, p := range w.pairs {
		if i > 0 {
			dst = append(dst, '&')
		}
		dst = append(w.encode(dst, e, p.name), '=')
		dst = w.encode(dst, e, p.value)
	}
	return string(append(dst, w.tail...))
}

func (w *way) encode(dst []byte, e encoding, text string) []byte {
	if w.inner < 0 {
		return append(dst, text...)
	}
	for range w.inner {
		text = string(e.append(nil, text))
	}
	return e.append(dst, text)
}

// rpcText is the string to sign of RPC v1.
func (w *way) rpcText() string {
	inside, whole, slash := w.encoding, w.encoding, encoding{}
	switch w.scope {
	case slashToo:
		slash = w.encoding
	case parameterwise:
		whole = encoding{}
	case together:
		inside = encoding{}
	case everywhere:
	}
	text := w.parameters(inside)
	for range w.outer + 1 {
		text = string(whole.append(make([]byte, 0, 2*len(text)), text))
	}
	resource := w.resource
	if slash != (encoding{}) && resource != "" {
		resource = string(slash.append(nil, rpcPath)) + "&"
	}
	return w.req.Method + "&" + resource + text
}

// roaText is the string to sign of ROA v1.
func (w *way) roaText() string {
	if !w.layout.encodedQuery {
		return roaString(&w.req, w.pairs, w.layout.bareEmpty)
	}
	text := roaString(&w.req, nil, false)
	if len(w.pairs) > 0 {
		text += "?" + w.parameters(w.encoding)
	}
	return text
}

// v3Text is the canonical request of V3.
func (w *way) v3Text() string {
	query := w.parameters(w.encoding)
	text := string(appendCanonicalRequest(nil, &w.req, []byte(query), w.names, w.payload))
	if w.layout.noBlankLine {
		text = strings.Replace(text, "\n\n"+strings.Join(w.names, ";"), "\n"+strings.Join(w.names, ";"), 1)
	}
	return text
}

// signedText is what the key signs: in V3 the hash of the canonical request, beside the name of the algorithm.
func (w *way) signedText(a algorithm, canonicalRequest string) string {
	if w.layout.hashless {
		return canonicalRequest
	}
	text := string(a.v3String([]byte(canonicalRequest)))
	name, hash, _ := strings.Cut(text, "\n")
	if w.layout.upperHash {
		hash = strings.ToUpper(hash)
	}
	if w.layout.nameless {
		return hash
	}
	return name + "\n" + hash
}

// macs are the algorithms that clients sign with, by their names.
var macs = []struct {
	name string
	hash func() hash.Hash
}{
	{"HMAC-SHA1", sha1.New},
	{"HMAC-SHA256", sha256.New},
	{"HMAC-SM3", sm3.New},
	{"HMAC-MD5", md5.New},
	{"HMAC-SHA512", sha512.New},
}

// matches reports whether a way leads to one of the readings of a signature that should be made with the named
// algorithm, and with which further words.
func (w *way) matches(readings []habits.Reading, right, text string) (says []string, ok bool, work int) {
	key := w.key
	if w.swapped {
		key, text = text, key
	}
	for _, m := range macs {
		size := m.hash().Size()
		fits := func(r habits.Reading) bool { return len(r.Sum) == size }
		if !slices.ContainsFunc(readings, fits) {
			continue
		}
		mac := hmac.New(m.hash, []byte(key))
		mac.Write([]byte(text))
		work += len(text) + len(key)
		sum := string(mac.Sum(nil))
		for _, r := range readings {
			if r.Sum != sum {
				continue
			}
			if m.name != right {
				says = []string{"The signature was made with " + m.name + "; the request says " + right + "."}
			}
			for _, damage := range r.Says {
				says = append(says, "The signature itself was changed: "+damage)
			}
			return says, true, work
		}
	}
	return nil, false, work
}
