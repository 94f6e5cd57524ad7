package gatewaytest

import (
	"crypto/hmac"
	"crypto/sha1" //nolint:gosec // the provider's signature of version 1 is HMAC-SHA1
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// OSS signs requests of gateway oss for a bucket that stands in the path.
type OSS struct {
	AccessKeyID, AccessKeySecret, SecurityToken string
	// Now is the time that requests carry.
	Now func() time.Time
}

// ossRegion is that of every signature of version 4.
const ossRegion = "cn-hangzhou"

// V1 signs a request in its header with HMAC-SHA1. The subresources are named: they are the parameters that are signed.
func (a *OSS) V1(r Request, subresources ...string) Request {
	r = a.prepared(r)
	r.Header.Set("Date", a.Now().UTC().Format(http.TimeFormat))
	text := strings.Join([]string{
		r.Method, r.Header.Get("Content-Md5"), r.Header.Get("Content-Type"), r.Header.Get("Date"),
	}, "\n") + "\n" + a.headers(r) + a.resource(r, subresources)
	r.Header.Set("Authorization", "OSS "+a.AccessKeyID+":"+a.sha1(text))
	return r
}

// URLV1 signs a request in its URL with HMAC-SHA1, until an end.
func (a *OSS) URLV1(r Request, ends time.Time, subresources ...string) Request {
	token := a.SecurityToken
	a = &OSS{AccessKeyID: a.AccessKeyID, AccessKeySecret: a.AccessKeySecret, Now: a.Now}
	r = a.prepared(r)
	expires := strconv.FormatInt(ends.Unix(), 10)
	if token != "" {
		r.Query.Set("security-token", token)
		subresources = append(subresources, "security-token")
	}
	text := strings.Join([]string{r.Method, r.Header.Get("Content-Md5"), r.Header.Get("Content-Type"), expires}, "\n") +
		"\n" + a.headers(r) + a.resource(r, subresources)
	r.Query.Set("OSSAccessKeyId", a.AccessKeyID)
	r.Query.Set("Expires", expires)
	r.Query.Set("Signature", a.sha1(text))
	return r
}

// V4 signs a request in its header with OSS4-HMAC-SHA256.
func (a *OSS) V4(r Request) Request {
	r = a.prepared(r)
	r.Header.Set("x-oss-date", a.stamp())
	r.Header.Set("x-oss-content-sha256", "UNSIGNED-PAYLOAD")
	r.Header.Set("Authorization", "OSS4-HMAC-SHA256 Credential="+a.AccessKeyID+"/"+a.scope()+",Signature="+a.v4(r))
	return r
}

// URLV4 signs a request in its URL with OSS4-HMAC-SHA256, for a while.
func (a *OSS) URLV4(r Request, lasts time.Duration) Request {
	token := a.SecurityToken
	a = &OSS{AccessKeyID: a.AccessKeyID, AccessKeySecret: a.AccessKeySecret, Now: a.Now}
	r = a.prepared(r)
	for name, value := range map[string]string{
		"x-oss-signature-version": "OSS4-HMAC-SHA256", "x-oss-credential": a.AccessKeyID + "/" + a.scope(),
		"x-oss-date": a.stamp(), "x-oss-expires": strconv.Itoa(int(lasts / time.Second)), "x-oss-security-token": token,
	} {
		if value != "" {
			r.Query.Set(name, value)
		}
	}
	r.Query.Set("x-oss-signature", a.v4(r))
	return r
}

// Form is a POST of an object by a browser's form, signed by version 1 over a policy.
func (a *OSS) Form(host, bucket, policy, content string, fields map[string]string) Request {
	encoded := base64.StdEncoding.EncodeToString([]byte(policy))
	all := map[string]string{
		"OSSAccessKeyId": a.AccessKeyID, "policy": encoded, "Signature": a.sha1(encoded),
		"x-oss-security-token": a.SecurityToken,
	}
	maps.Copy(all, fields)
	var body strings.Builder
	for _, name := range slices.Sorted(maps.Keys(all)) {
		if all[name] != "" {
			body.WriteString("--b\r\nContent-Disposition: form-data; name=\"" + name + "\"\r\n\r\n" + all[name] + "\r\n")
		}
	}
	body.WriteString("--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"cat.txt\"\r\n" +
		"Content-Type: text/x-cat\r\n\r\n" + content + "\r\n--b--\r\n")
	return Request{
		Method: http.MethodPost, Path: "/" + bucket, Host: host, Query: url.Values{}, Body: body.String(),
		Header: http.Header{"Content-Type": {"multipart/form-data; boundary=b"}},
	}
}

func (a *OSS) prepared(r Request) Request {
	if r.Header == nil {
		r.Header = http.Header{}
	}
	if r.Query == nil {
		r.Query = url.Values{}
	}
	if a.SecurityToken != "" {
		r.Header.Set("x-oss-security-token", a.SecurityToken)
	}
	return r
}

func (a *OSS) stamp() string { return a.Now().UTC().Format("20060102T150405Z") }

func (a *OSS) scope() string {
	return a.Now().UTC().Format("20060102") + "/" + ossRegion + "/oss/aliyun_v4_request"
}

func (a *OSS) sha1(text string) string {
	mac := hmac.New(sha1.New, []byte(a.AccessKeySecret))
	mac.Write([]byte(text))
	return base64.StdEncoding.EncodeToString(mac.Sum(nil))
}

// headers are the x-oss- headers, a line each.
func (a *OSS) headers(r Request) string {
	var lines []string
	for name := range r.Header {
		if lower := strings.ToLower(name); strings.HasPrefix(lower, "x-oss-") {
			lines = append(lines, lower+":"+r.Header.Get(name)+"\n")
		}
	}
	slices.Sort(lines)
	return strings.Join(lines, "")
}

// resource is the path as plain text, with the slash behind a bucket alone, and its subresources.
func (a *OSS) resource(r Request, subresources []string) string {
	text, _ := url.PathUnescape(withSlash(r.Path))
	slices.Sort(subresources)
	separator := "?"
	for _, name := range subresources {
		if !r.Query.Has(name) {
			continue
		}
		text += separator + name
		if value := r.Query.Get(name); value != "" {
			text += "=" + value
		}
		separator = "&"
	}
	return text
}

func withSlash(path string) string {
	if strings.Count(path, "/") == 1 && len(path) > 1 {
		return path + "/"
	}
	return path
}

func (a *OSS) v4(r Request) string {
	plain, _ := url.PathUnescape(withSlash(r.Path))
	var query []string
	for _, name := range slices.Sorted(maps.Keys(r.Query)) {
		part := escape(name)
		if value := r.Query.Get(name); value != "" {
			part += "=" + escape(value)
		}
		query = append(query, part)
	}
	headers := a.headers(r)
	for _, name := range []string{"content-type", "content-md5"} {
		if value := r.Header.Get(name); value != "" {
			headers = name + ":" + value + "\n" + headers
		}
	}
	canonical := strings.Join([]string{
		r.Method, strings.ReplaceAll(escape(plain), "%2F", "/"), strings.Join(query, "&"), headers, "", "UNSIGNED-PAYLOAD",
	}, "\n")
	digest := sha256.Sum256([]byte(canonical))
	key := []byte("aliyun_v4" + a.AccessKeySecret)
	for _, part := range append(strings.Split(a.scope(), "/"),
		"OSS4-HMAC-SHA256\n"+a.stamp()+"\n"+a.scope()+"\n"+hex.EncodeToString(digest[:])) {
		mac := hmac.New(sha256.New, key)
		mac.Write([]byte(part))
		key = mac.Sum(nil)
	}
	return hex.EncodeToString(key)
}
