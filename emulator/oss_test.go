package emulator_test

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"hash/crc64"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tokenstage/tokenstage/emulator"
	"github.com/tokenstage/tokenstage/emulator/internal/gatewaytest"
	"github.com/tokenstage/tokenstage/emulator/internal/sandbox"
	"github.com/tokenstage/tokenstage/emulator/internal/store"
	"github.com/tokenstage/tokenstage/emulator/internal/wire"
	steer "github.com/tokenstage/tokenstage/emulator/internal/world"
)

const catPath = "/deepvision/tenant/poi/cat.txt"

// owner calls the gateway oss with an AccessKey of the sandbox.
func (w *world) owner(t *testing.T, method, path string, query url.Values, body string, header ...string) answer {
	t.Helper()
	r := gatewaytest.Request{Method: method, Host: host, Path: path, Query: query, Body: body, Header: http.Header{}}
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	return w.do(t, w.oss().V4(r))
}

// TestObjectIsReadAsItWasWritten: bytes, digests, headers of its own, ranges and conditions.
func TestObjectIsReadAsItWasWritten(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	content := string(bytes.Repeat([]byte{0, 0xFF, 'm', '\r', '\n'}, 100))
	put := w.owner(t, http.MethodPut, catPath, nil, content, "Content-Type", "image/x-cat", "Cache-Control", "no-cache",
		"X-Oss-Meta-Owner", "alice")
	sum := strconv.FormatUint(crc64.Checksum([]byte(content), crc64.MakeTable(crc64.ECMA)), 10)
	const tag = `"C7B9F0C5D0C3BA7FF6B6B5C4B2A0B6C9"`
	etag := put.header.Get("Etag")
	if put.status != http.StatusOK || len(etag) != len(tag) || put.header.Get("X-Oss-Hash-Crc64ecma") != sum {
		t.Fatalf("%d %v", put.status, put.header)
	}
	got := w.owner(t, http.MethodGet, catPath, nil, "")
	for name, want := range map[string]string{
		"Etag": etag, "Content-Type": "image/x-cat", "Cache-Control": "no-cache", "X-Oss-Meta-Owner": "alice",
		"X-Oss-Hash-Crc64ecma": sum, "Last-Modified": instant.Format(http.TimeFormat), "X-Oss-Object-Type": "Normal",
		"Content-Length": "500", "Accept-Ranges": "bytes", "X-Oss-Storage-Class": "Standard",
	} {
		if got.header.Get(name) != want {
			t.Errorf("%s is %q, want %q", name, got.header.Get(name), want)
		}
	}
	if got.body != content {
		t.Errorf("%d bytes came back", len(got.body))
	}
	before, after := instant.Add(-time.Second).Format(http.TimeFormat), instant.Format(http.TimeFormat)
	for name, c := range map[string]struct {
		header []string
		status int
		body   string
	}{
		"range":                   {[]string{"Range", "bytes=1-3"}, 206, content[1:4]},
		"open range":              {[]string{"Range", "bytes=498-"}, 206, content[498:]},
		"suffix":                  {[]string{"Range", "bytes=-2"}, 206, content[498:]},
		"range past the end":      {[]string{"Range", "bytes=490-900"}, 206, content[490:]},
		"range beyond":            {[]string{"Range", "bytes=500-"}, 200, content},
		"range that is none":      {[]string{"Range", "bytes=3-1"}, 200, content},
		"range beyond, standard":  {[]string{"Range", "bytes=500-", "X-Oss-Range-Behavior", "standard"}, 416, ""},
		"match":                   {[]string{"If-Match", etag}, 200, content},
		"no match":                {[]string{"If-Match", `"00"`}, 412, ""},
		"none match":              {[]string{"If-None-Match", etag}, 304, ""},
		"none match, another":     {[]string{"If-None-Match", `"00"`}, 200, content},
		"not modified":            {[]string{"If-Modified-Since", after}, 304, ""},
		"modified":                {[]string{"If-Modified-Since", before}, 200, content},
		"not unmodified":          {[]string{"If-Unmodified-Since", before}, 412, ""},
		"unmodified":              {[]string{"If-Unmodified-Since", after}, 200, content},
		"a time that is none":     {[]string{"If-Modified-Since", "yesterday"}, 200, content},
		"an ETag before the time": {[]string{"If-None-Match", `"00"`, "If-Modified-Since", after}, 200, content},
	} {
		got := w.owner(t, http.MethodGet, catPath, nil, "", c.header...)
		if got.status != c.status || c.body != "" && got.body != c.body {
			t.Errorf("%s: %d, %d bytes, want %d, %d", name, got.status, len(got.body), c.status, len(c.body))
		}
	}
	if got := w.owner(t, http.MethodGet, catPath, nil, "", "Range", "bytes=1-3"); got.header.Get("Content-Range") != "bytes 1-3/500" {
		t.Errorf("the range is called %q", got.header.Get("Content-Range"))
	}
	if got := w.owner(t, http.MethodGet, catPath, url.Values{"response-content-type": {"text/plain"}}, ""); got.header.Get("Content-Type") != "text/plain" {
		t.Errorf("the type is %q", got.header.Get("Content-Type"))
	}
	if got := w.owner(t, http.MethodHead, catPath, nil, ""); got.body != "" || got.header.Get("Content-Length") != "500" {
		t.Errorf("HEAD: %d bytes, length %s", len(got.body), got.header.Get("Content-Length"))
	}
}

// TestUploadInParts: what the parts make, and what is refused of a list of them.
func TestUploadInParts(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	begin := func() url.Values {
		got := w.owner(t, http.MethodPost, catPath, url.Values{"uploads": {""}}, "", "Content-Type", "text/x-cat")
		_, rest, _ := strings.Cut(got.body, "<UploadId>")
		id, _, _ := strings.Cut(rest, "<")
		return url.Values{"uploadId": {id}}
	}
	upload := func(at url.Values, number int, content string) string {
		got := w.owner(t, http.MethodPut, catPath, url.Values{"uploadId": at["uploadId"], "partNumber": {strconv.Itoa(number)}}, content)
		if got.status != http.StatusOK {
			t.Fatalf("part %d: %d %s", number, got.status, got.body)
		}
		return got.header.Get("Etag")
	}
	list := func(parts ...string) string { // number, ETag
		var b strings.Builder
		for i := 0; i < len(parts); i += 2 {
			b.WriteString("<Part><PartNumber>" + parts[i] + "</PartNumber><ETag>" + parts[i+1] + "</ETag></Part>")
		}
		return "<CompleteMultipartUpload>" + b.String() + "</CompleteMultipartUpload>"
	}
	large := strings.Repeat("0123456789", 10<<10+1)
	at := begin()
	first, third := upload(at, 1, large), upload(at, 3, "end")
	small := upload(at, 2, "small")
	for name, c := range map[string]struct{ body, code string }{
		"order":          {list("3", third, "1", first), "InvalidPartOrder"},
		"twice":          {list("1", first, "1", first), "InvalidPartOrder"},
		"another ETag":   {list("1", third), "InvalidPart"},
		"no such part":   {list("4", third), "InvalidPart"},
		"too small":      {list("2", small, "3", third), "EntityTooSmall"},
		"empty":          {list(), "MalformedXML"},
		"nothing":        {"", "MalformedXML"},
		"no XML":         {"{}", "MalformedXML"},
		"another root":   {"<Other/>", "MalformedXML"},
		"no number":      {list("one", first), "MalformedXML"},
		"more behind it": {list("1", first) + "<more/>", "MalformedXML"},
	} {
		if got := w.owner(t, http.MethodPost, catPath, at, c.body); got.code != c.code {
			t.Errorf("%s: %d %s, want %s", name, got.status, got.body, c.code)
		}
	}
	listed := w.owner(t, http.MethodGet, catPath, url.Values{"uploadId": at["uploadId"], "max-parts": {"2"}}, "").body
	if !strings.Contains(listed, "<IsTruncated>true</IsTruncated>") || strings.Count(listed, "<Part>") != 2 ||
		!strings.Contains(listed, "<NextPartNumberMarker>2<") {
		t.Errorf("parts are listed as %s", listed)
	}
	if got := w.owner(t, http.MethodPost, "/deepvision/other", at, list("1", first)); got.code != "NoSuchUpload" {
		t.Errorf("an upload of another object: %d %s", got.status, got.body)
	}
	done := w.owner(t, http.MethodPost, catPath, at, list("1", first, "3", third))
	if done.status != http.StatusOK || !strings.Contains(done.body, "-2&#34;</ETag>") {
		t.Fatalf("%d %s", done.status, done.body)
	}
	got := w.owner(t, http.MethodGet, catPath, nil, "", "Range", "bytes=102405-")
	if got.body != large[102405:]+"end" || got.header.Get("Content-Type") != "text/x-cat" || got.header.Get("X-Oss-Object-Type") != "Multipart" {
		t.Errorf("%q %v", got.body, got.header)
	}
	for _, method := range []string{http.MethodGet, http.MethodPost, http.MethodDelete} {
		if got := w.owner(t, method, catPath, at, list("1", first)); got.code != "NoSuchUpload" {
			t.Errorf("%s of an upload that ended: %d %s", method, got.status, got.body)
		}
	}
	if got := w.owner(t, http.MethodDelete, catPath, nil, ""); got.status != http.StatusNoContent {
		t.Errorf("%d %s", got.status, got.body)
	}
	if left := w.kept(t); left != "0 0" {
		t.Errorf("what is counted when all is gone: %s", left)
	}
}

// kept is how many bytes and things are counted in the sandbox.
func (w *world) kept(t *testing.T) string {
	t.Helper()
	var all []string
	for _, key := range []string{"oss/bytes", "oss/things"} {
		raw, _, err := w.box.Space().Get(t.Context(), key)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, string(raw))
	}
	return strings.Join(all, " ")
}

// TestRoomForObjects: objects have room up to their bound, and are refused beyond it until there is room again.
func TestRoomForObjects(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	content := strings.Repeat("x", 4<<20)
	for i := range 8 {
		if got := w.owner(t, http.MethodPut, catPath+strconv.Itoa(i), nil, content); got.status != http.StatusOK {
			t.Fatalf("object %d: %d %s", i, got.status, got.body)
		}
	}
	seen := uint64(w.written(t.Context(), w.box))
	if got := w.owner(t, http.MethodPut, catPath, nil, "x"); got.code != "ServiceUnavailable" {
		t.Errorf("beyond the bound: %d %s", got.status, got.body)
	}
	if findings := w.entries(t, w.box, seen)[0].Findings; len(findings) == 0 || !strings.Contains(findings[0].Message, "33554432") {
		t.Errorf("the journal does not name the bound: %+v", findings)
	}
	if got := w.owner(t, http.MethodDelete, catPath+"0", nil, ""); got.status != http.StatusNoContent {
		t.Errorf("%d %s", got.status, got.body)
	}
	if got := w.owner(t, http.MethodPut, catPath, nil, "x"); got.status != http.StatusOK {
		t.Errorf("with room again: %d %s", got.status, got.body)
	}
	if err := w.Reset(t.Context(), w.box); err != nil {
		t.Fatal(err)
	}
	if got := w.owner(t, http.MethodGet, catPath, nil, ""); got.code != "NoSuchKey" {
		t.Errorf("after a reset: %d %s", got.status, got.body)
	}
	for i := range 1001 {
		want := ""
		if i == 1000 {
			want = "ServiceUnavailable"
		}
		if got := w.owner(t, http.MethodPut, "/deepvision/"+strconv.Itoa(i), nil, ""); got.code != want {
			t.Fatalf("object %d: %d %s", i, got.status, got.body)
		}
	}
}

// TestManyWritersOfOneObject: whatever comes between, one object is left, and counted as one.
func TestManyWritersOfOneObject(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	var all sync.WaitGroup
	for i := range 16 {
		caller := w.oss()
		all.Go(func() {
			r := gatewaytest.Request{Method: http.MethodPut, Host: host, Path: catPath, Body: strings.Repeat("x", i+1)}
			if i%4 == 3 {
				r.Method = http.MethodDelete
			}
			w.do(t, caller.V4(r))
			w.do(t, caller.V4(gatewaytest.Request{Method: http.MethodGet, Host: host, Path: catPath}))
		})
	}
	all.Wait()
	w.owner(t, http.MethodPut, catPath, nil, "last one")
	if kept := w.kept(t); kept != "8 1" {
		t.Errorf("bytes and things are counted as %s", kept)
	}
	blocks := w.keys(t, "oss/block/")
	if len(blocks) != 1 {
		t.Errorf("%d blocks are left", len(blocks))
	}
}

// TestOneKeepsFromOverwriting: of many who forbid to overwrite, one writes.
func TestOneKeepsFromOverwriting(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	codes := make([]string, 8)
	var all sync.WaitGroup
	for i := range codes {
		caller := w.oss()
		all.Go(func() {
			header := http.Header{"X-Oss-Forbid-Overwrite": {"true"}}
			r := gatewaytest.Request{Method: http.MethodPut, Host: host, Path: catPath, Body: "meow", Header: header}
			codes[i] = w.do(t, caller.V4(r)).code
		})
	}
	all.Wait()
	wrote := 0
	for _, code := range codes {
		switch code {
		case "":
			wrote++
		case "FileAlreadyExists":
		default:
			t.Errorf("refused with %s", code)
		}
	}
	if kept := w.kept(t); wrote != 1 || kept != "4 1" {
		t.Errorf("%d wrote, counted as %s", wrote, kept)
	}
}

// TestListing: pages, groups and both ways to list.
func TestListing(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, name := range []string{"a/1", "a/2", "b", "c d/1", "e"} {
		w.owner(t, http.MethodPut, "/deepvision/"+url.PathEscape(name), nil, name)
	}
	w.owner(t, http.MethodPut, "/another/z", nil, "z")
	names := func(body string) string {
		var all []string
		for _, tag := range []string{"<Key>", "<CommonPrefixes><Prefix>", "<NextMarker>", "<KeyCount>"} {
			for _, part := range strings.Split(body, tag)[1:] {
				name, _, _ := strings.Cut(part, "<")
				all = append(all, name)
			}
		}
		return strings.Join(all, " ")
	}
	for query, want := range map[string]string{
		"":                                      "a/1 a/2 b c d/1 e",
		"delimiter=/":                           "b e a/ c d/",
		"prefix=a/":                             "a/1 a/2",
		"prefix=a/&delimiter=/":                 "a/1 a/2",
		"max-keys=2":                            "a/1 a/2 a/2",
		"max-keys=2&marker=a/2":                 "b c d/1 c d/1",
		"delimiter=/&max-keys=1":                "a/ a/",
		"delimiter=/&max-keys=2&marker=a/":      "b c d/ c d/",
		"encoding-type=url&prefix=c":            "c%20d/1",
		"list-type=2&max-keys=3":                "a/1 a/2 b 3",
		"list-type=2&start-after=b":             "c d/1 e 2",
		"list-type=2&continuation-token=Yg==":   "c d/1 e 2",
		"list-type=2&delimiter=/&start-after=a": "b e a/ c d/ 4",
	} {
		values, err := url.ParseQuery(query)
		if err != nil {
			t.Fatal(err)
		}
		if got := w.owner(t, http.MethodGet, "/deepvision/", values, ""); names(got.body) != want {
			t.Errorf("%s: %q, want %q: %s", query, names(got.body), want, got.body)
		}
	}
	if got := w.owner(t, http.MethodGet, "/deepvision/", url.Values{"list-type": {"2"}, "continuation-token": {"%"}}, ""); got.code != "InvalidArgument" {
		t.Errorf("a token that is none: %d %s", got.status, got.body)
	}
}

// TestForms: what a signed form uploads, and how its policy limits it.
func TestForms(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	issued := w.issueForOSS(t)
	const ends = `"expiration":"2026-03-01T09:00:00Z"`
	policy := func(conditions string) string { return `{` + ends + `,"conditions":[` + conditions + `]}` }
	usual := map[string]string{"key": "tenant/poi/${filename}", "success_action_status": "201"}
	for name, c := range map[string]struct {
		policy string
		fields map[string]string
		status int
		code   string
	}{
		"good":                {policy(`{"bucket":"deepvision"},["starts-with","$key","tenant/poi/"]`), usual, 201, ""},
		"no status asked for": {policy(`["eq","$key","tenant/poi/cat.txt"]`), map[string]string{"key": "tenant/poi/cat.txt"}, 204, ""},
		"any other status":    {policy(`["eq","$key","tenant/poi/cat.txt"]`), map[string]string{"key": "tenant/poi/cat.txt", "success_action_status": "999"}, 204, ""},
		"redirect":            {policy(`{"bucket":"deepvision"}`), map[string]string{"key": "tenant/poi/a", "success_action_redirect": "https://app.test/done?a=1"}, 303, ""},
		"in":                  {policy(`["in","$x-oss-content-type",["text/x-cat"]]`), usual, 201, ""},
		"not in":              {policy(`["not-in","$x-oss-content-type",["text/x-cat"]]`), usual, 403, "AccessDenied"},
		"another key":         {policy(`["starts-with","$key","other/"]`), usual, 403, "AccessDenied"},
		"another bucket":      {policy(`{"bucket":"other"}`), usual, 403, "AccessDenied"},
		"too large":           {policy(`["content-length-range",0,3]`), usual, 400, "EntityTooLarge"},
		"too small":           {policy(`["content-length-range",5,9]`), usual, 400, "EntityTooSmall"},
		"beyond the key's":    {policy(`{"bucket":"deepvision"}`), map[string]string{"key": "elsewhere/a"}, 403, "AccessDenied"},
		"ended":               {`{"expiration":"2026-03-01T07:59:59Z","conditions":[{"bucket":"deepvision"}]}`, usual, 403, "AccessDenied"},
		"no end":              {`{"conditions":[{"bucket":"deepvision"}]}`, usual, 400, "InvalidPolicyDocument"},
		"no conditions":       {`{` + ends + `}`, usual, 400, "InvalidPolicyDocument"},
		"not JSON":            {`{`, usual, 400, "InvalidPolicyDocument"},
		"unknown operator":    {policy(`["like","$key","a"]`), usual, 400, "InvalidPolicyDocument"},
		"no dollar":           {policy(`["eq","key","a"]`), usual, 400, "InvalidPolicyDocument"},
		"two in one":          {policy(`{"bucket":"deepvision","key":"a"}`), usual, 400, "InvalidPolicyDocument"},
		"no key":              {policy(`{"bucket":"deepvision"}`), nil, 403, "AccessDenied"},
	} {
		got := w.do(t, issued.Form(host, "deepvision", c.policy, "meow", c.fields))
		if got.status != c.status || got.code != c.code {
			t.Errorf("%s: %d %s, want %d %s", name, got.status, got.body, c.status, c.code)
		}
		if location := got.header.Get("Location"); c.status == 303 && !strings.HasPrefix(location, "https://app.test/done?a=1&bucket=deepvision&etag=") {
			t.Errorf("redirected to %s", location)
		}
	}
	if got := w.owner(t, http.MethodGet, "/deepvision/tenant/poi/cat.txt", nil, ""); got.body != "meow" || got.header.Get("Content-Type") != "text/x-cat" {
		t.Errorf("%q %v", got.body, got.header)
	}
	r := issued.Form(host, "deepvision", policy(`{"bucket":"deepvision"}`), "meow", usual)
	for name, c := range map[string]struct{ from, to, code string }{
		"signature": {"Signature\"\r\n\r\n", "Signature\"\r\n\r\nA", "SignatureDoesNotMatch"},
		"policy":    {"policy\"\r\n\r\ne", "policy\"\r\n\r\nf", "SignatureDoesNotMatch"},
		"no token":  {"x-oss-security-token", "x-oss-other", "InvalidAccessKeyId"},
		"no policy": {"name=\"policy\"", "name=\"other\"", "InvalidArgument"},
		"no file":   {"name=\"file\"", "name=\"files\"", "InvalidArgument"},
		"cut":       {"--b--", "", "MalformedPOSTRequest"},
	} {
		changed := r
		changed.Body = strings.Replace(r.Body, c.from, c.to, 1)
		if got := w.do(t, changed); got.code != c.code {
			t.Errorf("%s: %d %s, want %s", name, got.status, got.body, c.code)
		}
	}
}

// TestSignaturesOfOSSAreExplained: what the journal says of signatures that people make.
func TestSignaturesOfOSSAreExplained(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	put := func() gatewaytest.Request {
		return gatewaytest.Request{
			Method: http.MethodPut, Host: host, Path: "/deepvision/f/a%20b.txt", Body: "meow",
			Header: http.Header{"Content-Type": {"text/x-cat"}, "X-Oss-Meta-A": {"b"}},
		}
	}
	v4 := func(r gatewaytest.Request) gatewaytest.Request { return w.oss().V4(r) }
	v1 := func(r gatewaytest.Request) gatewaytest.Request { return w.oss().V1(r) }
	for name, c := range map[string]struct {
		sign   func(gatewaytest.Request) gatewaytest.Request
		before func(*gatewaytest.Request)
		after  func(*gatewaytest.Request)
		says   string
	}{
		"type not signed": {
			v1, func(r *gatewaytest.Request) { r.Header.Del("Content-Type") },
			func(r *gatewaytest.Request) { r.Header.Set("Content-Type", "text/x-cat") }, "The client did not sign Content-Type, and sent it.",
		},
		"bucket left out": {
			v1, func(r *gatewaytest.Request) { r.Path = "/f/a%20b.txt" },
			func(r *gatewaytest.Request) { r.Path = "/deepvision/f/a%20b.txt" }, "The client left the bucket out of the resource",
		},
		"encoded name": {
			v1, func(r *gatewaytest.Request) { r.Path = "/deepvision/f/a%2520b.txt" },
			func(r *gatewaytest.Request) { r.Path = "/deepvision/f/a%20b.txt" }, "V1 signs it as plain text",
		},
		"header added": {
			v4, nil, func(r *gatewaytest.Request) { r.Header.Set("X-Oss-Meta-Later", "1") },
			"The client did not sign the header x-oss-meta-later, and sent it.",
		},
		"other method": {v1, nil, func(r *gatewaytest.Request) { r.Method = http.MethodDelete }, "The client signed the method PUT and sent DELETE."},
		"blank behind the secret": {func(r gatewaytest.Request) gatewaytest.Request {
			caller := w.oss()
			caller.AccessKeySecret += " "
			return caller.V4(r)
		}, nil, nil, "The client's secret has a blank at its end."},
		"nothing known": {v4, nil, func(r *gatewaytest.Request) { r.Header.Set("X-Oss-Meta-A", "other") }, "Either the secret is another one"},
	} {
		r := put()
		if c.before != nil {
			c.before(&r)
		}
		r = c.sign(r)
		if c.after != nil {
			c.after(&r)
		}
		seen := uint64(w.written(t.Context(), w.box))
		got := w.do(t, r)
		entry := w.entries(t, w.box, seen)[0]
		if got.code != "SignatureDoesNotMatch" || len(entry.Findings) == 0 || entry.Findings[0].Server == "" {
			t.Fatalf("%s: %d %s %+v", name, got.status, got.body, entry.Findings)
		}
		if says := entry.Findings[0].Message; !strings.Contains(says, c.says) {
			t.Errorf("%s: the journal says %q, want %q", name, says, c.says)
		}
		for _, member := range []string{"<StringToSign>", "<StringToSignBytes>", "<SignatureProvided>", "<EC>0002-00000"} {
			if !strings.Contains(got.body, member) {
				t.Errorf("%s: the answer has no %s: %s", name, member, got.body)
			}
		}
		checkSentences(t, entry.Findings)
	}
}

// TestURLsEnd: a signed URL is good until its end by the sandbox's clock.
func TestURLsEnd(t *testing.T) {
	t.Parallel()
	for rule, late := range map[sandbox.SignatureTime]bool{sandbox.ByEither: true, sandbox.ByClock: true, sandbox.ByReal: false} {
		w := newWorld(t, func(d *sandbox.Definition) { d.SignatureTime = rule; d.Frozen = false; now := w0(); d.Now = &now })
		w.acs.Now = w0
		real := w0()
		w.byNow(t, http.MethodPut)
		get := gatewaytest.Request{Method: http.MethodGet, Host: host, Path: catPath}
		for name, r := range map[string]gatewaytest.Request{
			"V1": w.oss().URLV1(get, real.Add(time.Hour)), "V4": w.oss().URLV4(get, time.Hour),
		} {
			if got := w.do(t, r); got.body != "meow" {
				t.Errorf("%s, %s: %d %s", rule, name, got.status, got.body)
			}
		}
		urls := []gatewaytest.Request{w.oss().URLV1(get, real.Add(time.Hour)), w.oss().URLV4(get, time.Hour)}
		ahead := real.Add(2 * time.Hour)
		if _, err := w.ChangeClock(t.Context(), w.box, sandbox.ClockChange{Now: &ahead}); err != nil {
			t.Fatal(err)
		}
		for i, r := range urls {
			got := w.do(t, r)
			if refused := got.code == "AccessDenied" && strings.Contains(got.body, "Request has expired."); refused != late {
				t.Errorf("%s, %d, after its end: %d %s", rule, i, got.status, got.body)
			}
		}
	}
	w := newWorld(t)
	get := gatewaytest.Request{Method: http.MethodGet, Host: host, Path: catPath}
	for name, c := range map[string]struct {
		r    gatewaytest.Request
		code string
	}{
		"no number":   {w.oss().URLV4(get, 0), "InvalidArgument"},
		"eight days":  {w.oss().URLV4(get, 8*24*time.Hour), "InvalidArgument"},
		"seven days":  {w.oss().URLV4(get, 7*24*time.Hour), "NoSuchKey"},
		"last second": {w.oss().URLV1(get, instant), "NoSuchKey"},
		"past":        {w.oss().URLV1(get, instant.Add(-time.Second)), "AccessDenied"},
	} {
		if got := w.do(t, c.r); got.code != c.code {
			t.Errorf("%s: %d %s, want %s", name, got.status, got.body, c.code)
		}
	}
}

// w0 is real time, in whole seconds.
func w0() time.Time { return time.Now().UTC().Truncate(time.Second) }

func (w *world) byNow(t *testing.T, method string) {
	t.Helper()
	if got := w.owner(t, method, catPath, nil, "meow"); got.status != http.StatusOK {
		t.Fatalf("%d %s", got.status, got.body)
	}
}

// TestObjectsInASnapshot: objects and uploads go with the sandbox into a file and come back.
func TestObjectsInASnapshot(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.owner(t, http.MethodPut, catPath, nil, "meow", "X-Oss-Meta-A", "b")
	other := loaded(t, w.saved(t, steer.SnapshotOptions{Secrets: true}), emulator.Options{})
	if got := other.owner(t, http.MethodGet, catPath, nil, ""); got.body != "meow" || got.header.Get("X-Oss-Meta-A") != "b" {
		t.Errorf("%d %q %v", got.status, got.body, got.header)
	}
	if kept := other.kept(t); kept != "4 1" {
		t.Errorf("counted as %s", kept)
	}
	if got := other.owner(t, http.MethodPut, catPath+"2", nil, "meow"); got.status != http.StatusOK {
		t.Errorf("%d %s", got.status, got.body)
	}
	if got := other.owner(t, http.MethodGet, catPath, nil, ""); got.body != "meow" {
		t.Errorf("a new object took the bytes of an older one: %q", got.body)
	}
}

// TestLargeBodiesAreForObjects: what is stored can be larger than any other body, in one piece, of an announced length or
// not, and no larger body gets in by the looks of its head.
func TestLargeBodiesAreForObjects(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	large := strings.Repeat("x", 16<<20)
	if put := w.owner(t, http.MethodPut, catPath, nil, large); put.status != http.StatusOK {
		t.Fatalf("%d %s", put.status, put.body)
	}
	if got := w.owner(t, http.MethodGet, catPath, nil, ""); got.body != large {
		t.Errorf("%d bytes came back", len(got.body))
	}
	for name, r := range map[string]gatewaytest.Request{
		"a form of another gateway": {
			Method: http.MethodPost, Path: "/router/rest", Host: host, Body: large[:5<<20],
			Header: http.Header{"Content-Type": {"multipart/form-data; boundary=b"}},
		},
		"a form of nobody": {
			Method: http.MethodPost, Path: "/deepvision", Host: host, Body: large[:5<<20],
			Header: http.Header{"Content-Type": {"multipart/form-data; boundary=b"}},
		},
	} {
		got := w.do(t, r)
		entry := w.lastEntry(t, w.Default(), 0)
		tooLarge := func(f wire.Finding) bool { return strings.Contains(f.Message, "at most 4194304 are read") }
		if !slices.ContainsFunc(entry.Findings, tooLarge) {
			t.Errorf("%s: %d %s, %+v", name, got.status, got.body, entry.Findings)
		}
	}
}

// TestParametersElsewhere: the journal names what stands in a path, a host or a multipart form, as a query would.
func TestParametersElsewhere(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	parameters := func() map[string]string { return w.lastEntry(t, w.box, 0).Request.Parameters }
	w.owner(t, http.MethodPut, catPath, nil, "meow")
	if got := parameters(); got["bucket"] != "deepvision" || "/deepvision/"+got["object"] != catPath {
		t.Errorf("of the path: %v", got)
	}
	inHost := gatewaytest.Request{Method: http.MethodGet, Host: "pictures.oss-cn-hangzhou.aliyuncs.com", Path: "/a/b"}
	w.do(t, w.oss().V4(inHost))
	if got := parameters(); got["bucket"] != "pictures" || got["object"] != "a/b" {
		t.Errorf("of the host: %v", got)
	}
	w.do(t, w.ossForm(map[string]string{"bucket": "deepvision", "key": "a/${filename}"}))
	if got := parameters(); got["bucket"] != "deepvision" || got["key"] == "" {
		t.Errorf("of the form: %v", got)
	}
	w.mqttToken(t)
	if got := parameters(); got != nil {
		t.Errorf("of a query: %v", got)
	}
}

// TestBrowsersMayCallOSS: a page of another origin may ask, call and read.
func TestBrowsersMayCallOSS(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	asked := w.do(t, gatewaytest.Request{Method: http.MethodOptions, Host: host, Path: catPath, Header: http.Header{
		"Origin": {"https://app.test"}, "Access-Control-Request-Method": {"PUT"},
		"Access-Control-Request-Headers": {"authorization, x-oss-date, content-type"},
	}})
	if asked.status != http.StatusOK || asked.header.Get("Access-Control-Allow-Origin") != "*" ||
		!strings.Contains(asked.header.Get("Access-Control-Allow-Methods"), "PUT") ||
		asked.header.Get("Access-Control-Allow-Headers") != "authorization, x-oss-date, content-type" {
		t.Errorf("%d %v", asked.status, asked.header)
	}
	put := w.owner(t, http.MethodPut, catPath, nil, "meow", "Origin", "https://app.test")
	if put.header.Get("Access-Control-Allow-Origin") != "*" || !strings.Contains(put.header.Get("Access-Control-Expose-Headers"), "ETag") {
		t.Errorf("%v", put.header)
	}
}

// TestOSSRefusals: bad input is refused in the words of the service.
func TestOSSRefusals(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for name, c := range map[string]struct {
		method, path string
		query        url.Values
		header       []string
		body         string
		status       int
		code         string
	}{
		"bucket's name":     {http.MethodPut, "/No/a", nil, nil, "", 400, "InvalidBucketName"},
		"object's name":     {http.MethodPut, "/deepvision//a", nil, nil, "", 400, "InvalidObjectName"},
		"a long name":       {http.MethodPut, "/deepvision/" + strings.Repeat("%C3%A9", 600), nil, nil, "", 400, "InvalidObjectName"},
		"not UTF-8":         {http.MethodPut, "/deepvision/%FF", nil, nil, "", 400, "InvalidArgument"},
		"digest":            {http.MethodPut, catPath, nil, []string{"Content-Md5", base64.StdEncoding.EncodeToString([]byte("0123456789abcdef"))}, "meow", 400, "InvalidDigest"},
		"metadata":          {http.MethodPut, catPath, nil, []string{"X-Oss-Meta-A", strings.Repeat("x", 8<<10)}, "", 400, "InvalidArgument"},
		"part number":       {http.MethodPut, catPath, url.Values{"uploadId": {"a"}, "partNumber": {"10001"}}, nil, "", 400, "InvalidArgument"},
		"acl":               {http.MethodPut, catPath, url.Values{"acl": {""}}, nil, "", 405, "MethodNotAllowed"},
		"copy":              {http.MethodPut, catPath, nil, []string{"X-Oss-Copy-Source", "/a/b"}, "", 405, "MethodNotAllowed"},
		"method":            {http.MethodPatch, catPath, nil, nil, "", 405, "MethodNotAllowed"},
		"create a bucket":   {http.MethodPut, "/deepvision/", nil, nil, "", 405, "MethodNotAllowed"},
		"list of buckets":   {http.MethodGet, "/", nil, nil, "", 405, "MethodNotAllowed"},
		"POST of an object": {http.MethodPost, catPath, nil, nil, "", 405, "MethodNotAllowed"},
		"too large":         {http.MethodPut, catPath, nil, nil, strings.Repeat("x", 16<<20+1), 400, "EntityTooLarge"},
		"max-keys":          {http.MethodGet, "/deepvision/", url.Values{"max-keys": {"1001"}}, nil, "", 400, "InvalidArgument"},
	} {
		got := w.owner(t, c.method, c.path, c.query, c.body, c.header...)
		if got.status != c.status || got.code != c.code || got.header.Get("Content-Type") != "application/xml" {
			t.Errorf("%s: %d %s, want %d %s", name, got.status, got.body, c.status, c.code)
		}
		id := got.header.Get("X-Oss-Request-Id")
		if len(id) != 24 || !strings.Contains(got.body, fmt.Sprintf("<RequestId>%s</RequestId>", id)) {
			t.Errorf("%s: the id %q is not in %s", name, id, got.body)
		}
	}
	if got := w.owner(t, http.MethodHead, catPath, nil, ""); got.status != http.StatusNotFound {
		t.Errorf("HEAD: %d", got.status)
	} else if raw, err := base64.StdEncoding.DecodeString(got.header.Get("X-Oss-Err")); err != nil || !strings.Contains(string(raw), "<Code>NoSuchKey</Code>") {
		t.Errorf("x-oss-err is %q, %v", raw, err)
	}
}

// keys are the keys of the sandbox that begin with a prefix.
func (w *world) keys(t *testing.T, prefix string) []string {
	t.Helper()
	step := store.Keys{Prefix: prefix}
	if err := w.box.Space().Do(t.Context(), &step); err != nil {
		t.Fatal(err)
	}
	return step.Keys
}
