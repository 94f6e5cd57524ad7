package oss

import (
	"context"
	"encoding/base64"
	"strings"

	"github.com/tokenstage/tokenstage/emulator/internal/api"
	"github.com/tokenstage/tokenstage/emulator/internal/sandbox"
	"github.com/tokenstage/tokenstage/emulator/internal/store"
	"github.com/tokenstage/tokenstage/emulator/internal/wire"
)

// usualKeys is how many names are listed where the caller does not say (documentation, ListObjects, max-keys).
const usualKeys = 100

// page is what a list shows of a bucket.
type page struct {
	prefix, delimiter string
	most              int64
	contents, groups  []any
	// last is the name or group that was listed last; more says that others follow.
	last string
	more bool
}

// list lists the objects of a bucket behind a name.
func list(ctx context.Context, turn *sandbox.Turn, call *wire.Call, after string, owners bool) (*page, error) {
	p := &page{prefix: api.Text(call, "prefix"), delimiter: api.Text(call, "delimiter"), most: usualKeys}
	if most, given := api.Integer(call, "max-keys"); given {
		p.most = most
	}
	bucket := objectKey(api.Text(call, "bucket"), "")
	values := store.Values{Prefix: bucket + p.prefix, Most: maxThings * (maxMeta + maxListed)}
	if err := turn.Space().Do(ctx, &values); err != nil {
		return nil, err
	}
	for _, v := range values.Values {
		name := strings.TrimPrefix(v.Key, bucket)
		if name <= after {
			continue
		}
		group := p.groupOf(name)
		if group != "" && (group == p.last || group <= after) {
			continue
		}
		if int64(len(p.contents)+len(p.groups)) == p.most {
			p.more = true
			break
		}
		if group != "" {
			p.last = group
			p.groups = append(p.groups, wire.Object{{Name: "Prefix", Value: shown(call, group)}})
			continue
		}
		p.last = name
		entry, err := entryOf(call, name, v.Value, owners)
		if err != nil {
			return nil, err
		}
		p.contents = append(p.contents, entry)
	}
	return p, nil
}

// maxListed is what an object's record has at most beside its user's headers.
const maxListed = 64 << 10

// groupOf is the name up to the delimiter behind the prefix, empty where there is none.
func (p *page) groupOf(name string) string {
	if p.delimiter == "" {
		return ""
	}
	at := strings.Index(name[len(p.prefix):], p.delimiter)
	if at < 0 {
		return ""
	}
	return name[:len(p.prefix)+at+len(p.delimiter)]
}

func entryOf(call *wire.Call, name string, raw []byte, owners bool) (wire.Object, error) {
	var o object
	if _, err := load(raw, true, &o); err != nil {
		return nil, err
	}
	entry := wire.Object{
		{Name: "Key", Value: shown(call, name)},
		{Name: "LastModified", Value: lastModified(o.Modified)},
		{Name: "ETag", Value: quoted(o.ETag)},
		{Name: "Type", Value: o.kind()},
		{Name: "Size", Value: o.Size},
		{Name: "StorageClass", Value: storageClass},
	}
	if owners {
		entry = append(entry, wire.Member{Name: "Owner", Value: owner()})
	}
	return entry, nil
}

// result is a page as the documents of both ways to list have it.
func (p *page) result(call *wire.Call, further wire.Object) wire.Result {
	body := wire.Object{
		{Name: "Name", Value: api.Text(call, "bucket")},
		{Name: "Prefix", Value: shown(call, p.prefix)},
		{Name: "MaxKeys", Value: p.most},
		{Name: "Delimiter", Value: shown(call, p.delimiter)},
		{Name: "IsTruncated", Value: p.more},
	}
	body = append(body, further...)
	if len(p.contents) > 0 {
		body = append(body, wire.Member{Name: "Contents", Value: p.contents})
	}
	if len(p.groups) > 0 {
		body = append(body, wire.Member{Name: "CommonPrefixes", Value: p.groups})
	}
	return wire.Result{Body: wire.Object{{Name: "ListBucketResult", Value: encoded(call, body)}}}
}

func listObjects(ctx context.Context, turn *sandbox.Turn, call *wire.Call) (wire.Result, error) {
	marker := api.Text(call, "marker")
	p, err := list(ctx, turn, call, marker, true)
	if err != nil {
		return wire.Result{}, err
	}
	further := wire.Object{{Name: "Marker", Value: shown(call, marker)}}
	if p.more {
		further = append(further, wire.Member{Name: "NextMarker", Value: shown(call, p.last)})
	}
	return p.result(call, further), nil
}

func listObjectsV2(ctx context.Context, turn *sandbox.Turn, call *wire.Call) (wire.Result, error) {
	after, token := api.Text(call, "start-after"), api.Text(call, "continuation-token")
	if token != "" {
		raw, err := base64.StdEncoding.DecodeString(token)
		if err != nil {
			return wire.Result{}, api.Refuse("InvalidArgument", "parameter continuation-token",
				"The token is none that a list returned.", "continuation-token")
		}
		after = max(after, string(raw))
	}
	p, err := list(ctx, turn, call, after, api.Flag(call, "fetch-owner"))
	if err != nil {
		return wire.Result{}, err
	}
	further := wire.Object{
		{Name: "StartAfter", Value: shown(call, api.Text(call, "start-after"))},
		{Name: "KeyCount", Value: int64(len(p.contents) + len(p.groups))},
	}
	if token != "" {
		further = append(further, wire.Member{Name: "ContinuationToken", Value: token})
	}
	if p.more {
		next := base64.StdEncoding.EncodeToString([]byte(p.last))
		further = append(further, wire.Member{Name: "NextContinuationToken", Value: next})
	}
	return p.result(call, further), nil
}
