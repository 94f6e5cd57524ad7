package oss

import (
	"context"
	"net/http"
	"net/url"
	"strings"

	"github.com/tokenstage/tokenstage/emulator/internal/api"
	"github.com/tokenstage/tokenstage/emulator/internal/sandbox"
	"github.com/tokenstage/tokenstage/emulator/internal/wire"
)

// postObject keeps what a browser's form uploads. The gateway puts the object into the parameter file.
func postObject(ctx context.Context, turn *sandbox.Turn, call *wire.Call) (wire.Result, error) {
	bucket, name := api.Text(call, "bucket"), api.Text(call, "key")
	if err := checkName(name); err != nil {
		return wire.Result{}, err
	}
	headers, err := headersOf(fieldsOf(call.Text))
	if err != nil {
		return wire.Result{}, err
	}
	o, err := put(ctx, turn, objectKey(bucket, name), []byte(api.Text(call, "file")), headers,
		forbids(api.Text(call, forbidName)))
	if err != nil {
		return wire.Result{}, err
	}
	return posted(call, bucket, name, o), nil
}

// fieldsOf are the fields of a form that say what the headers of an upload say.
func fieldsOf(text map[string]string) http.Header {
	header := http.Header{}
	for name, value := range text {
		header.Set(name, value)
	}
	if kind := header.Get("X-Oss-Content-Type"); kind != "" {
		header.Set(typeHeader, kind)
	}
	return header
}

// posted is the answer that the form asks for.
func posted(call *wire.Call, bucket, name string, o *object) wire.Result {
	result := wire.Result{Status: http.StatusNoContent, Header: told(o.ETag, o.CRC)}
	location := locationOf(call, bucket, name)
	result.Header["Location"] = []string{location}
	if target, err := url.Parse(api.Text(call, "success_action_redirect")); err == nil && target.Host != "" {
		query := target.Query()
		query.Set("bucket", bucket)
		query.Set("key", name)
		query.Set("etag", quoted(o.ETag))
		target.RawQuery = query.Encode()
		result.Status = http.StatusSeeOther
		result.Header["Location"] = []string{target.String()}
		return result
	}
	switch api.Text(call, "success_action_status") {
	case "200":
		result.Status = http.StatusOK
	case "201":
		result.Status = http.StatusCreated
		result.Body = wire.Object{{Name: "PostResponse", Value: wire.Object{
			{Name: "Bucket", Value: bucket},
			{Name: "ETag", Value: quoted(o.ETag)},
			{Name: "Key", Value: name},
			{Name: "Location", Value: location},
		}}}
	}
	return result
}

// locationOf is the URL of an object, at the host that was called.
func locationOf(call *wire.Call, bucket, name string) string {
	path := "/" + escape(name)
	if !strings.HasPrefix(call.Request.Host, bucket+".") {
		path = "/" + bucket + path
	}
	return call.Request.Scheme + "://" + call.Request.Host + path
}

// escape writes a name as it stands in a URL.
func escape(name string) string {
	return strings.NewReplacer("+", "%20", "%2F", "/").Replace(url.QueryEscape(name))
}
