package oss

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/tokenstage/tokenstage/emulator/internal/api"
	"github.com/tokenstage/tokenstage/emulator/internal/sandbox"
	"github.com/tokenstage/tokenstage/emulator/internal/store"
	"github.com/tokenstage/tokenstage/emulator/internal/wire"
)

const (
	typeHeader  = "Content-Type"
	usualType   = "application/octet-stream"
	metaPrefix  = "X-Oss-Meta-"
	forbidName  = "x-oss-forbid-overwrite"
	crcHeader   = "X-Oss-Hash-Crc64ecma"
	rangeHeader = "Range"
)

// keptHeaders come back with an object, beside its user's own (documentation, PutObject, request headers).
var keptHeaders = []string{
	typeHeader, "Cache-Control", "Content-Disposition", "Content-Encoding", "Content-Language", "Expires",
}

// headersOf are the headers of an upload that are kept, sorted by name.
func headersOf(header http.Header) ([][2]string, error) {
	var kept [][2]string
	meta := 0
	for name, values := range header {
		isMeta := strings.HasPrefix(name, metaPrefix)
		if isMeta {
			meta += len(name) + len(values[0])
		}
		if isMeta || slices.Contains(keptHeaders, name) && values[0] != "" {
			kept = append(kept, [2]string{name, values[0]})
		}
	}
	if meta > maxMeta {
		return nil, api.Refuse("InvalidArgument", "x-oss-meta-", fmt.Sprintf(
			"The headers x-oss-meta- have %d bytes; together they have at most %d.", meta, maxMeta), "x-oss-meta-")
	}
	if header.Get(typeHeader) == "" {
		kept = append(kept, [2]string{typeHeader, usualType})
	}
	slices.SortFunc(kept, func(a, b [2]string) int { return strings.Compare(a[0], b[0]) })
	return kept, nil
}

// put keeps bytes as an object.
func put(
	ctx context.Context, turn *sandbox.Turn, key string, content []byte, headers [][2]string, forbid bool,
) (*object, error) {
	at := block{Key: blockKey(turn), Size: int64(len(content))}
	o := &object{
		Blocks: []block{at}, Size: at.Size, ETag: tagOf(content), CRC: crcOf(content), Modified: turn.Now.Unix(),
		Headers: headers,
	}
	err := keep(ctx, turn, key, o, forbid, roomFor(at.Size, 1), &store.Put{Key: at.Key, Value: content})
	return o, refusal(err)
}

// told are the headers that tell of what was uploaded.
func told(tag string, crc uint64) http.Header {
	return http.Header{"Etag": {quoted(tag)}, crcHeader: {strconv.FormatUint(crc, 10)}}
}

func putObject(ctx context.Context, turn *sandbox.Turn, call *wire.Call) (wire.Result, error) {
	bucket, name, err := named(call)
	if err != nil {
		return wire.Result{}, err
	}
	headers, err := headersOf(call.Request.Header)
	if err != nil {
		return wire.Result{}, err
	}
	o, err := put(ctx, turn, objectKey(bucket, name), call.Request.Body, headers, forbids(api.Text(call, forbidName)))
	if err != nil {
		return wire.Result{}, err
	}
	header := told(o.ETag, o.CRC)
	header["Content-Md5"] = []string{base64Of(o.ETag)}
	return wire.Result{Header: header}, nil
}

func deleteObject(ctx context.Context, turn *sandbox.Turn, call *wire.Call) (wire.Result, error) {
	bucket, name, err := named(call)
	if err != nil {
		return wire.Result{}, err
	}
	raw, found, err := turn.Space().Take(ctx, objectKey(bucket, name))
	if err != nil {
		return wire.Result{}, err
	}
	var o object
	if found, err = load(raw, found, &o); err != nil || !found {
		return noContent(), err
	}
	return noContent(), turn.Space().Do(ctx, o.remove()...)
}

// header is what every answer about an object says of it.
func (o *object) header() http.Header {
	header := told(o.ETag, o.CRC)
	for _, kept := range o.Headers {
		header[kept[0]] = []string{kept[1]}
	}
	header["Last-Modified"] = []string{o.modified().Format(http.TimeFormat)}
	header["Accept-Ranges"] = []string{"bytes"}
	header["X-Oss-Object-Type"] = []string{o.kind()}
	header["X-Oss-Storage-Class"] = []string{storageClass}
	if o.Parts == 0 {
		header["Content-Md5"] = []string{base64Of(o.ETag)}
	}
	return header
}

func headObject(ctx context.Context, turn *sandbox.Turn, call *wire.Call) (wire.Result, error) {
	bucket, name, err := named(call)
	if err != nil {
		return wire.Result{}, err
	}
	o, err := find(ctx, turn, bucket, name)
	if err != nil {
		return wire.Result{}, err
	}
	header := o.header()
	header["Content-Length"] = []string{strconv.FormatInt(o.Size, 10)}
	return wire.Result{Header: header}, o.checkConditions(call.Request.Header)
}

func getObject(ctx context.Context, turn *sandbox.Turn, call *wire.Call) (wire.Result, error) {
	bucket, name, err := named(call)
	if err != nil {
		return wire.Result{}, err
	}
	const tries = 5 // an object can be replaced between the two readings
	for try := 1; ; try++ {
		o, err := find(ctx, turn, bucket, name)
		if err != nil {
			return wire.Result{}, err
		}
		result, err := o.get(ctx, turn, call)
		if !errors.Is(err, errChanged) || try == tries {
			return result, err
		}
	}
}

// get answers with the object, or with the part of it that was asked for.
func (o *object) get(ctx context.Context, turn *sandbox.Turn, call *wire.Call) (wire.Result, error) {
	if err := o.checkConditions(call.Request.Header); err != nil {
		return wire.Result{}, err
	}
	result := wire.Result{Status: http.StatusOK, Header: o.header()}
	start, end := int64(0), o.Size
	if text := call.Request.Header.Get(rangeHeader); text != "" {
		from, to, ok := rangeOf(text, o.Size)
		switch {
		case ok:
			start, end, result.Status = from, to, http.StatusPartialContent
			result.Header["Content-Range"] = []string{fmt.Sprintf("bytes %d-%d/%d", start, end-1, o.Size)}
		case api.Text(call, "x-oss-range-behavior") == "standard":
			return wire.Result{}, api.Refuse("InvalidRange", rangeHeader,
				fmt.Sprintf("The range %q is not within the %d bytes of the object.", text, o.Size))
		}
	}
	for _, name := range keptHeaders {
		if value := api.Text(call, "response-"+strings.ToLower(name)); value != "" {
			result.Header[name] = []string{value}
		}
	}
	var err error
	result.Content, err = o.read(ctx, turn.Space(), start, end)
	result.Header["Content-Length"] = []string{strconv.Itoa(len(result.Content))}
	return result, err
}

// rangeOf reads bytes=a-b, bytes=a- or bytes=-n; it reports false for what is no such range within the size.
func rangeOf(text string, size int64) (start, end int64, ok bool) {
	first, last, found := strings.Cut(strings.TrimPrefix(text, "bytes="), "-")
	if !found || !strings.HasPrefix(text, "bytes=") {
		return 0, 0, false
	}
	if first == "" {
		n, err := strconv.ParseInt(last, 10, 64)
		return size - min(n, size), size, err == nil && n > 0 && size > 0
	}
	start, err := strconv.ParseInt(first, 10, 64)
	if err != nil || start < 0 || start >= size {
		return 0, 0, false
	}
	if last == "" {
		return start, size, true
	}
	end, err = strconv.ParseInt(last, 10, 64)
	if err != nil || end < start {
		return 0, 0, false
	}
	return start, min(end, size-1) + 1, true
}

// checkConditions holds an object to the conditions of a request, in the order that HTTP has (RFC 9110, section
// 13.2.2).
func (o *object) checkConditions(header http.Header) error {
	unchanged := func(name string) bool {
		at, err := http.ParseTime(header.Get(name))
		return err != nil || !o.modified().After(at)
	}
	match, none := header.Get("If-Match"), header.Get("If-None-Match")
	switch {
	case match != "" && !o.fits(match):
		return precondition("If-Match")
	case match == "" && !unchanged("If-Unmodified-Since"):
		return precondition("If-Unmodified-Since")
	case none != "" && o.fits(none):
		return notModified("If-None-Match")
	case none == "" && isTime(header.Get("If-Modified-Since")) && unchanged("If-Modified-Since"):
		return notModified("If-Modified-Since")
	}
	return nil
}

func isTime(text string) bool {
	_, err := http.ParseTime(text)
	return err == nil
}

// fits compares the ETag with one of a condition, with or without quotation marks.
func (o *object) fits(condition string) bool {
	for tag := range strings.SplitSeq(condition, ",") {
		if tag = strings.Trim(strings.TrimSpace(tag), `"`); tag == "*" || strings.EqualFold(tag, o.ETag) {
			return true
		}
	}
	return false
}

func precondition(header string) error {
	return api.Refuse("PreconditionFailed", header, "The object does not fit the condition of the request.")
}

func notModified(header string) error {
	return api.Refuse("NotModified", header, "The object is as the caller has it.")
}

// lastModified is when an object was written, for documents.
func lastModified(seconds int64) string { return instant(time.Unix(seconds, 0)) }
