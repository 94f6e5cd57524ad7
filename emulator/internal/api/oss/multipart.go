package oss

import (
	"bytes"
	"cmp"
	"context"
	"crypto/md5" //nolint:gosec // the service's entity tag is made of it
	"encoding/hex"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"github.com/tokenstage/tokenstage/emulator/internal/api"
	"github.com/tokenstage/tokenstage/emulator/internal/record"
	"github.com/tokenstage/tokenstage/emulator/internal/sandbox"
	"github.com/tokenstage/tokenstage/emulator/internal/store"
	"github.com/tokenstage/tokenstage/emulator/internal/wire"
)

const (
	uploadIDName   = "uploadId"
	partNumberName = "partNumber"
	// minPart is how many bytes each part has but the last (documentation, CompleteMultipartUpload, EntityTooSmall).
	minPart = 100 << 10
	// uploadIDLength is that of the samples.
	uploadIDLength = 32
	upperHex       = "0123456789ABCDEF"
)

func initiate(ctx context.Context, turn *sandbox.Turn, call *wire.Call) (wire.Result, error) {
	bucket, name, err := named(call)
	if err != nil {
		return wire.Result{}, err
	}
	headers, err := headersOf(call.Request.Header)
	if err != nil {
		return wire.Result{}, err
	}
	raw, err := record.Write(upload{Bucket: bucket, Object: name, Headers: headers})
	if err != nil {
		return wire.Result{}, fmt.Errorf("keep an upload: %w", err)
	}
	id := turn.Draw(uploadIDLength, upperHex)
	space, needs, existing := turn.Space(), roomFor(0, 1), store.Get{Key: objectKey(bucket, name)}
	if err := space.Do(ctx, append([]store.Step{&existing}, needs.steps()...)...); err != nil {
		return wire.Result{}, err
	}
	if err := needs.lacking(ctx, space); err != nil {
		return wire.Result{}, err
	}
	if existing.Found && forbids(api.Text(call, forbidName)) {
		return wire.Result{}, errors.Join(space.Do(ctx, freed(0, 1)...), refusal(errExists))
	}
	turn.Write(&store.Put{Key: uploadKey(id), Value: raw})
	return wire.Result{Body: wire.Object{{Name: "InitiateMultipartUploadResult", Value: encoded(call, wire.Object{
		{Name: "Bucket", Value: bucket}, {Name: "Key", Value: shown(call, name)}, {Name: "UploadId", Value: id},
	})}}}, nil
}

// encoded adds what says how names are written, where the caller asked for another way.
func encoded(call *wire.Call, body wire.Object) wire.Object {
	if api.Text(call, "encoding-type") == "" {
		return body
	}
	return append(wire.Object{{Name: "EncodingType", Value: "url"}}, body...)
}

// shown is a name as the caller wants it written.
func shown(call *wire.Call, name string) string {
	if api.Text(call, "encoding-type") == "" {
		return name
	}
	return escape(name)
}

// openUpload is the upload that a call names, as it was read.
func openUpload(call *wire.Call, get *store.Get) (*upload, error) {
	var u upload
	found, err := load(get.Value, get.Found, &u)
	if err != nil {
		return nil, err
	}
	switch {
	case !found:
		return nil, api.Refuse("NoSuchUpload", "parameter "+uploadIDName,
			"The sandbox has no such upload: it was never begun, completed, aborted, or the sandbox was reset.")
	case u.Bucket != api.Text(call, "bucket") || u.Object != api.Text(call, "object"):
		return nil, api.Refuse("NoSuchUpload", "parameter "+uploadIDName,
			"The upload is that of "+u.Bucket+"/"+u.Object+", and the call names another object.")
	}
	return &u, nil
}

func uploadPart(ctx context.Context, turn *sandbox.Turn, call *wire.Call) (wire.Result, error) {
	id, content := api.Text(call, uploadIDName), call.Request.Body
	number, _ := api.Integer(call, partNumberName) // required
	p := part{
		Block: block{Key: blockKey(turn), Size: int64(len(content))}, ETag: tagOf(content), CRC: crcOf(content),
		Modified: turn.Now.Unix(),
	}
	raw, err := record.Write(p)
	if err != nil {
		return wire.Result{}, fmt.Errorf("keep a part: %w", err)
	}
	space, needs := turn.Space(), roomFor(p.Block.Size, 1)
	of, exchange := store.Get{Key: uploadKey(id), Needed: true}, store.Exchange{Key: partKey(id, number), Value: raw}
	steps := append([]store.Step{&of}, needs.steps()...)
	steps = append(steps, &store.Put{Key: p.Block.Key, Value: content}, &exchange)
	if err := space.Do(ctx, steps...); err != nil {
		return wire.Result{}, err
	}
	if _, err := openUpload(call, &of); err != nil {
		if of.Found { // that of another object: what was kept goes again
			err = errors.Join(err, space.Do(ctx, append(freed(p.Block.Size, 1), &store.Take{Key: partKey(id, number)},
				&store.Take{Key: p.Block.Key})...))
		}
		return wire.Result{}, err
	}
	if err := needs.lacking(ctx, space); err != nil {
		return wire.Result{}, err
	}
	var old part
	found, err := load(exchange.Old, exchange.Found, &old)
	if err == nil && found {
		err = space.Do(ctx, append(freed(old.Block.Size, 1), &store.Take{Key: old.Block.Key})...)
	}
	header := told(p.ETag, p.CRC)
	header["Content-Md5"] = []string{base64Of(p.ETag)}
	return wire.Result{Header: header}, err
}

// numbered is a part with its number.
type numbered struct {
	part

	number int64
}

// readUpload reads an upload with its parts, in the order of their numbers.
func readUpload(ctx context.Context, turn *sandbox.Turn, call *wire.Call) (*upload, []numbered, error) {
	id := api.Text(call, uploadIDName)
	of := store.Get{Key: uploadKey(id), Needed: true}
	list := store.Values{Prefix: partsKey(id), Most: maxBytes}
	if err := turn.Space().Do(ctx, &of, &list); err != nil {
		return nil, nil, err
	}
	u, err := openUpload(call, &of)
	if err != nil {
		return nil, nil, err
	}
	parts := make([]numbered, len(list.Values))
	for i, v := range list.Values {
		if _, err := load(v.Value, true, &parts[i].part); err != nil {
			return nil, nil, err
		}
		parts[i].number, _ = strconv.ParseInt(strings.TrimPrefix(v.Key, list.Prefix), 10, 64)
	}
	return u, parts, nil
}

// listed is the body of CompleteMultipartUpload.
type listed struct {
	XMLName xml.Name `xml:"CompleteMultipartUpload"`
	Parts   []struct {
		PartNumber int64  `xml:"PartNumber"`
		ETag       string `xml:"ETag"`
	} `xml:"Part"`
}

// choose picks the parts that a call lists.
func choose(call *wire.Call, parts []numbered) ([]numbered, error) {
	if api.Text(call, "x-oss-complete-all") == "yes" {
		if len(bytes.TrimSpace(call.Request.Body)) > 0 {
			return nil, api.Refuse("InvalidArgument", "body", "With x-oss-complete-all the body must be empty.", "body")
		}
		if len(parts) == 0 {
			return nil, api.Refuse("InvalidPart", "body", "No part was uploaded.")
		}
		return parts, nil
	}
	list, err := readList(call.Request.Body)
	if err != nil {
		return nil, err
	}
	chosen := make([]numbered, len(list.Parts))
	for i, wanted := range list.Parts {
		if i > 0 && wanted.PartNumber <= list.Parts[i-1].PartNumber {
			return nil, api.Refuse("InvalidPartOrder", "body",
				fmt.Sprintf("Part %d stands behind part %d.", wanted.PartNumber, list.Parts[i-1].PartNumber))
		}
		at := slices.IndexFunc(parts, func(p numbered) bool { return p.number == wanted.PartNumber })
		if at < 0 || !strings.EqualFold(strings.Trim(wanted.ETag, `"`), parts[at].ETag) {
			return nil, api.Refuse("InvalidPart", "body", fmt.Sprintf(
				"Part %d with the ETag %s was not uploaded.", wanted.PartNumber, strings.ToValidUTF8(wanted.ETag, "\uFFFD")))
		}
		chosen[i] = parts[at]
	}
	return chosen, nil
}

func readList(body []byte) (listed, error) {
	var list listed
	decoder := xml.NewDecoder(bytes.NewReader(body))
	err := decoder.Decode(&list)
	if err == nil {
		if _, more := decoder.Token(); !errors.Is(more, io.EOF) {
			err = errors.New("something stands behind its root")
		}
	}
	if err == nil && len(list.Parts) == 0 {
		err = errors.New("it lists no part")
	}
	if err != nil {
		return list, api.Refuse("MalformedXML", "body",
			"The list of parts cannot be read: "+strings.ToValidUTF8(err.Error(), "\uFFFD")+".")
	}
	return list, nil
}

func complete(ctx context.Context, turn *sandbox.Turn, call *wire.Call) (wire.Result, error) {
	u, parts, err := readUpload(ctx, turn, call)
	if err != nil {
		return wire.Result{}, err
	}
	chosen, err := choose(call, parts)
	if err != nil {
		return wire.Result{}, err
	}
	o, err := assemble(ctx, turn, u, chosen)
	if err != nil {
		return wire.Result{}, err
	}
	if err := finish(ctx, turn, call, u, o, parts); err != nil {
		return wire.Result{}, err
	}
	return wire.Result{
		Header: told(o.ETag, o.CRC),
		Body: wire.Object{{Name: "CompleteMultipartUploadResult", Value: encoded(call, wire.Object{
			{Name: "Location", Value: locationOf(call, u.Bucket, u.Object)},
			{Name: "Bucket", Value: u.Bucket},
			{Name: "Key", Value: shown(call, u.Object)},
			{Name: "ETag", Value: quoted(o.ETag)},
		})}},
	}, nil
}

// assemble makes the object of parts.
func assemble(ctx context.Context, turn *sandbox.Turn, u *upload, parts []numbered) (*object, error) {
	o := &object{Modified: turn.Now.Unix(), Parts: len(parts), Headers: u.Headers}
	var tags []byte
	for i, p := range parts {
		if i < len(parts)-1 && p.Block.Size < minPart {
			return nil, api.Refuse("EntityTooSmall", "part", fmt.Sprintf(
				"Part %d has %d bytes; all but the last have at least %d.", p.number, p.Block.Size, minPart))
		}
		o.Blocks, o.Size = append(o.Blocks, p.Block), o.Size+p.Block.Size
		sum, _ := hex.DecodeString(p.ETag) // it was made here
		tags = append(tags, sum...)
	}
	if o.Size > maxObject {
		return nil, tooLarge(o.Size)
	}
	sum := md5.Sum(tags) //nolint:gosec // the service's choice
	o.ETag = fmt.Sprintf("%X-%d", sum, len(parts))
	content, err := o.read(ctx, turn.Space(), 0, o.Size)
	o.CRC = crcOf(content)
	return o, err
}

// finish takes the upload, of whose callers one gets it, and keeps its object.
func finish(
	ctx context.Context, turn *sandbox.Turn, call *wire.Call, u *upload, o *object, parts []numbered,
) error {
	taken := store.Take{Key: uploadKey(api.Text(call, uploadIDName)), Needed: true}
	space, key, forbid := turn.Space(), objectKey(u.Bucket, u.Object), forbids(api.Text(call, forbidName))
	if forbid {
		if _, found, err := space.Get(ctx, key); err != nil || found {
			return cmp.Or(err, refusal(errExists))
		}
	}
	if err := space.Do(ctx, &taken); err != nil {
		return err
	}
	if _, err := openUpload(call, &store.Get{Value: taken.Value, Found: taken.Found}); err != nil {
		return err
	}
	// What the parts took is the object's now, so that nothing more is needed; those that it leaves out go.
	if err := keep(ctx, turn, key, o, false, roomFor(0, 0)); err != nil {
		return refusal(err)
	}
	var steps []store.Step
	left := int64(0)
	for _, p := range parts {
		steps = append(steps, &store.Take{Key: partKey(api.Text(call, uploadIDName), p.number)})
		if !slices.Contains(o.Blocks, p.Block) {
			left += p.Block.Size
			steps = append(steps, &store.Take{Key: p.Block.Key})
		}
	}
	return space.Do(ctx, append(steps, freed(left, int64(len(parts)))...)...)
}

func abort(ctx context.Context, turn *sandbox.Turn, call *wire.Call) (wire.Result, error) {
	_, parts, err := readUpload(ctx, turn, call)
	if err != nil {
		return wire.Result{}, err
	}
	steps := []store.Step{&store.Take{Key: uploadKey(api.Text(call, uploadIDName)), Needed: true}}
	bytes := int64(0)
	for _, p := range parts {
		bytes += p.Block.Size
		steps = append(steps, &store.Take{Key: partKey(api.Text(call, uploadIDName), p.number)},
			&store.Take{Key: p.Block.Key})
	}
	return noContent(), turn.Space().Do(ctx, append(steps, freed(bytes, int64(len(parts))+1)...)...)
}

func listParts(ctx context.Context, turn *sandbox.Turn, call *wire.Call) (wire.Result, error) {
	u, parts, err := readUpload(ctx, turn, call)
	if err != nil {
		return wire.Result{}, err
	}
	most, given := api.Integer(call, "max-parts")
	if !given {
		most = 1000
	}
	after, _ := api.Integer(call, "part-number-marker")
	parts = slices.DeleteFunc(parts, func(p numbered) bool { return p.number <= after })
	cut := int64(len(parts)) > most
	parts = parts[:min(int64(len(parts)), most)]
	next := after
	var list []any
	for _, p := range parts {
		next = p.number
		list = append(list, wire.Object{
			{Name: "PartNumber", Value: p.number},
			{Name: "LastModified", Value: lastModified(p.Modified)},
			{Name: "ETag", Value: quoted(p.ETag)},
			{Name: "HashCrc64ecma", Value: strconv.FormatUint(p.CRC, 10)},
			{Name: "Size", Value: p.Block.Size},
		})
	}
	body := wire.Object{
		{Name: "Bucket", Value: u.Bucket},
		{Name: "Key", Value: shown(call, u.Object)},
		{Name: "UploadId", Value: api.Text(call, uploadIDName)},
		{Name: "StorageClass", Value: storageClass},
		{Name: "PartNumberMarker", Value: after},
		{Name: "NextPartNumberMarker", Value: next},
		{Name: "MaxParts", Value: most},
		{Name: "IsTruncated", Value: cut},
	}
	if len(list) > 0 {
		body = append(body, wire.Member{Name: "Part", Value: list})
	}
	return wire.Result{Body: wire.Object{{Name: "ListPartsResult", Value: encoded(call, body)}}}, nil
}
