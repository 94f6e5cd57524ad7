package control

import (
	"bytes"
	"encoding/json"
	"strconv"
)

// maxDepth is deeper than any document nests what can be named in a problem.
const maxDepth = 8

// find returns the offset of the first member or element that is wanted, by its path ("credentials.acs[0]") or its
// name; zero when there is none. The document is good JSON.
func (d document) find(wanted func(path, name string) bool) int64 {
	s := search{text: d, decoder: json.NewDecoder(bytes.NewReader(d)), wanted: wanted}
	s.value("", 0)
	return s.offset
}

// search walks a document until it finds what is wanted.
type search struct {
	text    document
	decoder *json.Decoder
	wanted  func(path, name string) bool
	offset  int64
}

// value reads one value and reports whether the search is over.
func (s *search) value(path string, depth int) bool {
	if depth == maxDepth {
		var skipped json.RawMessage
		return s.decoder.Decode(&skipped) != nil
	}
	token, err := s.decoder.Token()
	if err != nil {
		return true
	}
	switch token {
	case json.Delim('{'):
		return s.members(path, depth)
	case json.Delim('['):
		return s.elements(path, depth)
	}
	return false
}

func (s *search) members(path string, depth int) bool {
	for s.decoder.More() {
		start := s.next()
		token, err := s.decoder.Token()
		name, ok := token.(string)
		if err != nil || !ok {
			return true
		}
		inner := name
		if path != "" {
			inner = path + "." + name
		}
		if s.wanted(inner, name) {
			s.offset = start
			return true
		}
		if s.value(inner, depth+1) {
			return true
		}
	}
	_, err := s.decoder.Token()
	return err != nil
}

func (s *search) elements(path string, depth int) bool {
	for i := 0; s.decoder.More(); i++ {
		start, inner := s.next(), path+"["+strconv.Itoa(i)+"]"
		if s.wanted(inner, "") {
			s.offset = start
			return true
		}
		if s.value(inner, depth+1) {
			return true
		}
	}
	_, err := s.decoder.Token()
	return err != nil
}

// next is where the next token begins: the decoder counts to the end of the last one.
func (s *search) next() int64 {
	offset := s.decoder.InputOffset()
	rest := s.text[offset:]
	return offset + int64(len(rest)-len(bytes.TrimLeft(rest, ", \t\r\n")))
}
