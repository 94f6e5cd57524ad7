package redis

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/tokenstage/tokenstage/emulator/internal/store"
)

// rest is what a store.Reclaim left, since one run of the script does not reclaim without end.
type rest struct {
	store.Step

	of   *store.Reclaim
	from int64 // the next of the buckets of claims
}

// allBuckets is behind the last bucket of claims.
const allBuckets = 1 << 52

// encode appends the steps as the script reads them.
func encode(args []any, steps []store.Step) []any {
	for _, step := range steps {
		switch s := step.(type) {
		case *store.Get:
			args = append(args, "get", s.Key, flag(s.Needed))
		case *store.Put:
			args = append(args, "put", s.Key, s.Value, expiry(s.Expires))
		case *store.Add:
			args = append(args, "add", s.Key, s.Value, expiry(s.Expires), flag(s.Needed))
		case *store.Take:
			args = append(args, "take", s.Key, flag(s.Needed))
		case *store.Exchange:
			args = append(args, "exchange", s.Key, s.Value, expiry(s.Expires))
		case *store.Increment:
			args = append(args, "increment", s.Key, s.Delta, expiry(s.Expires), s.Limit)
		case *store.Claim:
			args = encodeClaim(args, s)
		default:
			args = encodeOther(args, step)
		}
	}
	return args
}

// encodeOther appends a step on a log or on the whole space.
func encodeOther(args []any, step store.Step) []any {
	switch s := step.(type) {
	case *store.Append:
		return append(args, "append", s.Log, s.ID, s.Record, s.Bound.Records, s.Bound.Bytes)
	case *store.Range:
		return append(args, "range", s.Log, s.After, max(s.Limit, 0))
	case *store.Find:
		return append(args, "find", s.Log, s.ID)
	case *store.Truncate:
		return append(args, "truncate", s.Log)
	case *store.Keys:
		return append(args, "keys", s.Prefix)
	case *store.Values:
		return append(args, "values", s.Prefix, s.Most)
	case *store.Reclaim:
		return encodeReclaim(args, s, 0)
	case *rest:
		return encodeReclaim(args, s.of, s.from)
	case *store.Drop:
		return append(args, "drop", s.Prefix)
	case *store.Clear:
		return append(args, "clear")
	}
	panic(fmt.Sprintf("a step of type %T is unknown", step))
}

func encodeClaim(args []any, s *store.Claim) []any {
	forget := s.Forget
	if forget.IsZero() {
		forget = s.Now
	}
	sum := sha256.Sum256([]byte(s.Key))
	return append(args, "claim", sum[:8], second(s.Now), endOf(s.Expires), second(forget))
}

func encodeReclaim(args []any, s *store.Reclaim, from int64) []any {
	return append(args, "reclaim", s.Now.UnixMilli(), second(s.Claims), from)
}

func flag(set bool) string {
	if set {
		return "1"
	}
	return ""
}

// expiry is an expiry in milliseconds, rounded up; empty for never.
func expiry(expires time.Time) string {
	if expires.IsZero() {
		return ""
	}
	millis := expires.UnixMilli()
	if expires.Nanosecond()%int(time.Millisecond) > 0 {
		millis++
	}
	return strconv.FormatInt(millis, 10)
}

// never is the second at which a claim without an end ends, in the year 10680.
const never = 1<<38 - 1

// endOf is the second at which a claim ends, rounded up.
func endOf(expires time.Time) int64 {
	if expires.IsZero() {
		return never
	}
	seconds := expires.Unix()
	if expires.Nanosecond() > 0 {
		seconds++
	}
	return min(max(seconds, 1), never)
}

// second is a time in seconds, rounded down so that nothing ends too early.
func second(t time.Time) int64 { return min(max(t.Unix(), 0), never-1) }

// decode keeps the result of a step in it. It returns what is left to do.
func decode(step store.Step, result any) (store.Step, error) {
	switch s := step.(type) {
	case *store.Get:
		s.Value, s.Found = value(result)
	case *store.Add:
		s.Added = number(result) == 1
	case *store.Take:
		s.Value, s.Found = value(result)
	case *store.Exchange:
		s.Old, s.Found = value(result)
	case *store.Increment:
		text, _ := result.(string)
		sum, err := strconv.ParseInt(text, 10, 64)
		s.Sum = sum
		return nil, err
	case *store.Claim:
		s.Fresh = number(result) == 1
	default:
		return decodeOther(step, result)
	}
	return nil, nil //nolint:nilnil // nothing is left
}

// decodeOther keeps the result of a step on a log or on the whole space.
func decodeOther(step store.Step, result any) (store.Step, error) {
	switch s := step.(type) {
	case *store.Append:
		s.Seq = uint64(number(result))
	case *store.Range:
		return nil, decodePage(s, result)
	case *store.Find:
		return nil, decodeFound(s, result)
	case *store.Keys:
		s.Keys = texts(result)
		slices.Sort(s.Keys)
	case *store.Values:
		return nil, decodeValues(s, result)
	case *store.Reclaim:
		return left(s, result), nil
	case *rest:
		return left(s.of, result), nil
	}
	return nil, nil //nolint:nilnil // nothing is left
}

// value is a value and whether there is one.
func value(result any) ([]byte, bool) {
	text, ok := result.(string)
	if !ok {
		return nil, false
	}
	return []byte(text), true
}

func number(result any) int64 {
	n, _ := result.(int64)
	return n
}

func texts(result any) []string {
	list, _ := result.([]any)
	var all []string
	for _, each := range list {
		text, _ := each.(string)
		all = append(all, text)
	}
	return all
}

func decodePage(s *store.Range, result any) error {
	reply, _ := result.([]any)
	if len(reply) != 4 {
		return fmt.Errorf("a page has %d parts", len(reply))
	}
	s.Page = store.Page{
		First: uint64(number(reply[0])), Last: uint64(number(reply[1])), Dropped: uint64(number(reply[2])),
	}
	records, _ := reply[3].([]any)
	for pair := range slices.Chunk(records, 2) {
		data, err := dataOf(pair[len(pair)-1])
		if err != nil {
			return err
		}
		s.Page.Records = append(s.Page.Records, store.Record{Seq: uint64(number(pair[0])), Data: data})
	}
	return nil
}

func decodeValues(s *store.Values, result any) error {
	list, _ := result.([]any)
	s.Values, s.TooMany = nil, len(list) == 0
	if s.TooMany {
		return nil
	}
	for each := range slices.Chunk(list[1:], 3) {
		if len(each) != 3 {
			return fmt.Errorf("a list of values has %d parts", len(list))
		}
		key, _ := each[0].(string)
		held, _ := value(each[1])
		found := store.Value{Key: key, Value: held}
		if text, _ := each[2].(string); text != "" {
			millis, err := strconv.ParseFloat(text, 64)
			if err != nil {
				return err
			}
			found.Expires = time.UnixMilli(int64(millis))
		}
		s.Values = append(s.Values, found)
	}
	slices.SortFunc(s.Values, func(a, b store.Value) int { return strings.Compare(a.Key, b.Key) })
	return nil
}

func decodeFound(s *store.Find, result any) error {
	reply, _ := result.([]any)
	if len(reply) != 3 {
		return fmt.Errorf("a search has %d parts", len(reply))
	}
	s.Record, s.Found, s.Dropped = store.Record{}, reply[2] != nil, uint64(number(reply[0]))
	if !s.Found {
		return nil
	}
	text, _ := reply[1].(string)
	seq, err := strconv.ParseUint(text, 10, 64)
	if err != nil {
		return err
	}
	s.Record.Seq = seq
	s.Record.Data, err = dataOf(reply[2])
	return err
}

// idBytes is how many bytes before a record hold the length of its id.
const idBytes = 2

// dataOf is a record without the id that stands before it.
func dataOf(result any) ([]byte, error) {
	raw, _ := value(result)
	if len(raw) < idBytes {
		return nil, fmt.Errorf("a record has %d bytes", len(raw))
	}
	from := idBytes + int(binary.BigEndian.Uint16(raw))
	if from > len(raw) {
		return nil, fmt.Errorf("the id of a record has %d bytes of %d", from-idBytes, len(raw))
	}
	return raw[from:], nil
}

// left is what a run of the script left of a reclaim, nil where that is nothing.
func left(of *store.Reclaim, result any) store.Step {
	reply, _ := result.([]any)
	if len(reply) != 2 {
		return nil
	}
	values, next := number(reply[0]) == 1, number(reply[1])
	if !values && next < 0 {
		return nil
	}
	if next < 0 {
		next = allBuckets
	}
	return &rest{of: of, from: next}
}
