package oss

import (
	"context"
	"crypto/md5" //nolint:gosec // the service's entity tag is made of it
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"hash/crc64"
	"strconv"
	"strings"
	"time"

	"github.com/tokenstage/tokenstage/emulator/internal/api"
	"github.com/tokenstage/tokenstage/emulator/internal/record"
	"github.com/tokenstage/tokenstage/emulator/internal/sandbox"
	"github.com/tokenstage/tokenstage/emulator/internal/store"
	"github.com/tokenstage/tokenstage/emulator/internal/wire"
)

// Bounds of what a sandbox keeps. They leave room in its space for everything else.
const (
	// maxBytes is how many bytes all objects and parts have together.
	maxBytes = 32 << 20
	// maxThings is how many objects, uploads and parts there are.
	maxThings = 1000
	// maxObject is how many bytes one object has.
	maxObject = 16 << 20
	// maxMeta is how many bytes the headers x-oss-meta- have together (documentation, PutObject).
	maxMeta = 8 << 10
)

// Keys of what is kept. Bytes are in blocks: an object has one, or that of each part.
const (
	bytesKey     = name + "/bytes"
	thingsKey    = name + "/things"
	blockPrefix  = name + "/block/"
	objectPrefix = name + "/object/"
	uploadPrefix = name + "/upload/"
	partPrefix   = name + "/part/"
)

func objectKey(bucket, object string) string { return objectPrefix + bucket + "/" + object }
func uploadKey(id string) string             { return uploadPrefix + id }
func partsKey(id string) string              { return partPrefix + id + "/" }
func partKey(id string, number int64) string { return fmt.Sprintf("%s%05d", partsKey(id), number) }
func blockKey(turn *sandbox.Turn) string     { return blockPrefix + strconv.FormatUint(turn.Number, 10) }

// object is what is kept of an object beside its bytes.
type object struct {
	_        struct{} `cbor:",toarray"`
	Blocks   []block
	Size     int64
	ETag     string // without quotation marks
	CRC      uint64
	Modified int64 // Unix seconds of the sandbox's clock
	Parts    int   // zero for an object that was uploaded whole
	Headers  [][2]string
}

// block is where bytes of an object are.
type block struct {
	_    struct{} `cbor:",toarray"`
	Key  string
	Size int64
}

// upload is one in parts that was begun.
type upload struct {
	_              struct{} `cbor:",toarray"`
	Bucket, Object string
	Headers        [][2]string
}

// part is one that was uploaded.
type part struct {
	_        struct{} `cbor:",toarray"`
	Block    block
	ETag     string
	CRC      uint64
	Modified int64
}

func (o *object) modified() time.Time { return time.Unix(o.Modified, 0).UTC() }

// kind is what the service calls how the object came.
func (o *object) kind() string {
	if o.Parts > 0 {
		return "Multipart"
	}
	return "Normal"
}

// crcTable is that of CRC-64 as of ECMA-182 (documentation, "Use CRC-64 to check data").
var crcTable = crc64.MakeTable(crc64.ECMA)

func crcOf(content []byte) uint64 { return crc64.Checksum(content, crcTable) }

func tagOf(content []byte) string {
	sum := md5.Sum(content) //nolint:gosec // the service's choice
	return strings.ToUpper(hex.EncodeToString(sum[:]))
}

// base64Of is an ETag as Content-MD5 has it.
func base64Of(tag string) string {
	raw, _ := hex.DecodeString(tag) // it was made above
	return base64.StdEncoding.EncodeToString(raw)
}

func quoted(tag string) string { return `"` + tag + `"` }

// load reads one record; false where there is none.
func load(raw []byte, found bool, into any) (bool, error) {
	if !found {
		return false, nil
	}
	if err := record.Read(raw, into); err != nil {
		return false, fmt.Errorf("read what is kept of an object: %w", err)
	}
	return true, nil
}

// room counts bytes and things that come, in steps which end their run where there is no room for them.
type room struct{ bytes, things store.Increment }

func roomFor(bytes, things int64) *room {
	return &room{
		bytes:  store.Increment{Key: bytesKey, Delta: bytes, Limit: maxBytes},
		things: store.Increment{Key: thingsKey, Delta: things, Limit: maxThings},
	}
}

func (r *room) steps() []store.Step { return []store.Step{&r.bytes, &r.things} }

// lacking takes back what was counted where there was no room, and refuses the call.
func (r *room) lacking(ctx context.Context, space store.Space) error {
	full := ""
	back := []store.Step{&store.Increment{Key: bytesKey, Delta: -r.bytes.Delta}}
	switch {
	case r.bytes.Sum > maxBytes:
		full = fmt.Sprintf("The objects of the sandbox have no room for %d bytes more: together they have at most %d.",
			r.bytes.Delta, maxBytes)
	case r.things.Sum > maxThings:
		full = fmt.Sprintf("The sandbox has %d objects, uploads and parts, and no room for more.", maxThings)
		back = append(back, &store.Increment{Key: thingsKey, Delta: -r.things.Delta})
	default:
		return nil
	}
	if err := space.Do(ctx, back...); err != nil {
		return err
	}
	return api.Refuse("ServiceUnavailable", "room for objects", full+" Delete some, or reset the sandbox.")
}

// freed are the steps that count what went.
func freed(bytes, things int64) []store.Step {
	return []store.Step{
		&store.Increment{Key: bytesKey, Delta: -bytes}, &store.Increment{Key: thingsKey, Delta: -things},
	}
}

// remove are the steps that take away the bytes of an object and what was counted of it.
func (o *object) remove() []store.Step {
	steps := freed(o.Size, 1)
	for _, b := range o.Blocks {
		steps = append(steps, &store.Take{Key: b.Key})
	}
	return steps
}

// keep writes an object over one of its name, unless that is forbidden. What comes first, such as its bytes and the
// room that they need, travels with it.
func keep(
	ctx context.Context, turn *sandbox.Turn, key string, o *object, forbid bool, needs *room, before ...store.Step,
) error {
	raw, err := record.Write(o)
	if err != nil {
		return fmt.Errorf("keep an object: %w", err)
	}
	add, exchange := store.Add{Key: key, Value: raw, Needed: true}, store.Exchange{Key: key, Value: raw}
	steps := append(needs.steps(), before...)
	if forbid {
		steps = append(steps, &add)
	} else {
		steps = append(steps, &exchange)
	}
	space := turn.Space()
	if err := space.Do(ctx, steps...); err != nil {
		return err
	}
	if err := needs.lacking(ctx, space); err != nil {
		return err
	}
	if forbid && !add.Added {
		return errors.Join(space.Do(ctx, o.remove()...), errExists)
	}
	var old object
	if found, err := load(exchange.Old, exchange.Found, &old); err != nil || !found {
		return err
	}
	return space.Do(ctx, old.remove()...)
}

// errExists is the refusal of what would replace an object.
var errExists = errors.New("the object exists")

// refusal words an error of keep.
func refusal(err error) error {
	if errors.Is(err, errExists) {
		return api.Refuse("FileAlreadyExists", "x-oss-forbid-overwrite",
			"There is an object of that name, and the call forbids to replace it.")
	}
	return err
}

// find reads an object.
func find(ctx context.Context, turn *sandbox.Turn, bucket, name string) (*object, error) {
	raw, found, err := turn.Space().Get(ctx, objectKey(bucket, name))
	if err != nil {
		return nil, err
	}
	var o object
	if found, err = load(raw, found, &o); err != nil {
		return nil, err
	}
	if !found {
		return nil, api.Refuse("NoSuchKey", "parameter object", "The bucket has no such object in this sandbox.")
	}
	return &o, nil
}

// errChanged says that an object was replaced while it was read.
var errChanged = errors.New("the object was replaced")

// read reads the bytes of an object from start up to end.
func (o *object) read(ctx context.Context, space store.Space, start, end int64) ([]byte, error) {
	gets := make([]store.Get, len(o.Blocks))
	steps := make([]store.Step, 0, len(gets))
	offset := int64(0)
	for i, b := range o.Blocks {
		if offset < end && offset+b.Size > start {
			gets[i].Key = b.Key
			steps = append(steps, &gets[i])
		}
		offset += b.Size
	}
	if len(steps) == 0 {
		return []byte{}, nil
	}
	if err := space.Do(ctx, steps...); err != nil {
		return nil, err
	}
	content := make([]byte, 0, end-start)
	offset = 0
	for i, b := range o.Blocks {
		if gets[i].Key != "" {
			if !gets[i].Found {
				return nil, errChanged
			}
			content = append(content, gets[i].Value[max(start-offset, 0):min(end-offset, b.Size)]...)
		}
		offset += b.Size
	}
	return content, nil
}

// forbids reports whether a call forbids to replace an object.
func forbids(text string) bool { return text == "true" }

// tooLarge refuses an object beyond the bound of one.
func tooLarge(size int64) error {
	return &wire.Fault{Kind: wire.TooLarge, Findings: []wire.Finding{{
		Check: "object", Level: wire.LevelError,
		Message: fmt.Sprintf("The object has %d bytes; the emulator keeps at most %d of one.", size, maxObject),
	}}}
}
