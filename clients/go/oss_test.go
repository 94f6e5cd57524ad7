package clients_test

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	ossv2 "github.com/aliyun/alibabacloud-oss-go-sdk-v2/oss"
	"github.com/aliyun/alibabacloud-oss-go-sdk-v2/oss/credentials"
	ossv1 "github.com/aliyun/aliyun-oss-go-sdk/oss"
)

// issued is what the TOP call returned, as far as an upload needs it, and nothing else.
type issued struct {
	Key      string `json:"access_key_id"`
	Secret   string `json:"access_key_secret"`
	Token    string `json:"token"`
	Endpoint string `json:"end_point_public"`
	Ends     string `json:"expiration"`
	Policy   struct {
		Statement struct {
			Datas []struct {
				Resource struct {
					String []string `json:"string"`
				} `json:"resource"`
			} `json:"datas"`
		} `json:"statement"`
	} `json:"policy"`
}

// place is the bucket and the prefix that the policy opens.
func (i *issued) place(t *testing.T) (bucket, prefix string) {
	t.Helper()
	for _, statement := range i.Policy.Statement.Datas {
		for _, resource := range statement.Resource.String {
			if rest, ok := strings.CutPrefix(resource, "acs:oss:*:*:"); ok {
				bucket, prefix, _ = strings.Cut(strings.TrimSuffix(rest, "*"), "/")
				return bucket, prefix
			}
		}
	}
	t.Fatal("the policy opens no bucket")
	return "", ""
}

// ossRegion is that of an endpoint which names one.
func (i *issued) region() string {
	if _, rest, ok := strings.Cut(i.Endpoint, "oss-"); ok {
		region, _, _ := strings.Cut(rest, ".")
		return strings.TrimSuffix(region, "-internal")
	}
	return region
}

// issue makes the TOP call.
func (b *box) issue(t *testing.T) *issued {
	t.Helper()
	form := url.Values{
		"method": {"alibaba.security.deepvision.proxy.security.common.token.get"}, "app_key": {b.Credentials.Top[0].Key},
		"v": {"2.0"}, "format": {"json"}, "sign_method": {"hmac-sha256"},
		"timestamp": {time.Now().In(time.FixedZone("GMT+8", 8*60*60)).Format(time.DateTime)},
		"param":     {`{"product_code":"oss","scene_code":"s","usage_scene":"upload","op_poi_id":"poi","op_tenant_code":"tenant"}`},
	}
	mac := hmac.New(sha256.New, []byte(b.Credentials.Top[0].Secret))
	for _, name := range slices.Sorted(maps.Keys(form)) {
		mac.Write([]byte(name + form.Get(name)))
	}
	form.Set("sign", strings.ToUpper(hex.EncodeToString(mac.Sum(nil))))
	response, err := http.PostForm("http://"+os.Getenv(dataEnv)+"/router/rest", form)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	var reply struct {
		Response struct {
			Result *issued `json:"result"`
		} `json:"alibaba_security_deepvision_proxy_security_common_token_get_response"`
	}
	if err := json.NewDecoder(response.Body).Decode(&reply); err != nil || reply.Response.Result == nil {
		t.Fatalf("no credentials: %v", err)
	}
	return reply.Response.Result
}

// storage is what an app does with objects, by one of the SDKs.
type storage interface {
	put(name, content string) error
	get(name string) (string, error)
	size(name string) (int64, error)
	remove(name string) error
	// inParts uploads parts and lists them before they become the object.
	inParts(name string, parts ...string) error
	// presigned is a URL by which anybody can read for a minute.
	presigned(name string) (string, error)
	list() error
	// code is that of the service's refusal, and the id of the request, which must be the SDK's own error type.
	code(err error) (code, requestID string)
}

// older is aliyun-oss-go-sdk.
type older struct{ *ossv1.Bucket }

func newOlder(i *issued, bucket string, options ...ossv1.ClientOption) (storage, error) {
	options = append(options, ossv1.SecurityToken(i.Token), ossv1.Region(i.region()))
	client, err := ossv1.New(i.Endpoint, i.Key, i.Secret, options...)
	if err != nil {
		return nil, err
	}
	b, err := client.Bucket(bucket)
	return older{b}, err
}

func (s older) put(name, content string) error {
	return s.PutObject(name, strings.NewReader(content), ossv1.Meta("owner", "alice"), ossv1.ContentType("text/x-cat"))
}

func (s older) get(name string) (string, error) {
	body, err := s.GetObject(name)
	if err != nil {
		return "", err
	}
	defer body.Close()
	content, err := io.ReadAll(body) // the SDK compares the CRC at its end
	return string(content), err
}

func (s older) size(name string) (int64, error) {
	header, err := s.GetObjectDetailedMeta(name)
	if err != nil {
		return 0, err
	}
	if header.Get("X-Oss-Meta-Owner") != "alice" || header.Get("Content-Type") != "text/x-cat" {
		return 0, fmt.Errorf("not what was said of the object: %v", header)
	}
	var size int64
	_, err = fmt.Sscan(header.Get("Content-Length"), &size)
	return size, err
}

func (s older) remove(name string) error { return s.DeleteObject(name) }

func (s older) inParts(name string, contents ...string) error {
	upload, err := s.InitiateMultipartUpload(name)
	if err != nil {
		return err
	}
	var parts []ossv1.UploadPart
	for i, content := range contents {
		part, err := s.UploadPart(upload, strings.NewReader(content), int64(len(content)), i+1)
		if err != nil {
			return err
		}
		parts = append(parts, part)
	}
	listed, err := s.ListUploadedParts(upload)
	if err != nil || len(listed.UploadedParts) != len(contents) {
		return fmt.Errorf("listed %v, %w", listed.UploadedParts, err)
	}
	if _, err = s.CompleteMultipartUpload(upload, parts); err != nil {
		return err
	}
	gone, err := s.InitiateMultipartUpload(name)
	if err != nil {
		return err
	}
	return s.AbortMultipartUpload(gone)
}

func (s older) presigned(name string) (string, error) { return s.SignURL(name, ossv1.HTTPGet, 60) }

func (s older) list() error {
	_, err := s.ListObjectsV2()
	return err
}

func (s older) code(err error) (code, requestID string) {
	var refusal ossv1.ServiceError
	if errors.As(err, &refusal) {
		return refusal.Code, refusal.RequestID
	}
	return "", ""
}

// newer is alibabacloud-oss-go-sdk-v2.
type newer struct {
	*ossv2.Client

	bucket string
}

func newNewer(i *issued, bucket string, change ...func(*ossv2.Config)) (storage, error) {
	config := ossv2.LoadDefaultConfig().WithEndpoint(i.Endpoint).WithRegion(i.region()).
		WithCredentialsProvider(credentials.NewStaticCredentialsProvider(i.Key, i.Secret, i.Token))
	for _, f := range change {
		f(config)
	}
	return newer{ossv2.NewClient(config), bucket}, nil
}

func (s newer) put(name, content string) error {
	_, err := s.PutObject(context.Background(), &ossv2.PutObjectRequest{
		Bucket: &s.bucket, Key: &name, Body: strings.NewReader(content),
		Metadata: map[string]string{"owner": "alice"}, ContentType: ossv2.Ptr("text/x-cat"),
	})
	return err
}

func (s newer) get(name string) (string, error) {
	result, err := s.GetObject(context.Background(), &ossv2.GetObjectRequest{Bucket: &s.bucket, Key: &name})
	if err != nil {
		return "", err
	}
	defer result.Body.Close()
	content, err := io.ReadAll(result.Body)
	return string(content), err
}

func (s newer) size(name string) (int64, error) {
	result, err := s.HeadObject(context.Background(), &ossv2.HeadObjectRequest{Bucket: &s.bucket, Key: &name})
	if err != nil {
		return 0, err
	}
	if result.Metadata["owner"] != "alice" || *result.ContentType != "text/x-cat" {
		return 0, fmt.Errorf("not what was said of the object: %v", result.Metadata)
	}
	return result.ContentLength, nil
}

func (s newer) remove(name string) error {
	_, err := s.DeleteObject(context.Background(), &ossv2.DeleteObjectRequest{Bucket: &s.bucket, Key: &name})
	return err
}

func (s newer) inParts(name string, contents ...string) error {
	ctx := context.Background()
	upload, err := s.InitiateMultipartUpload(ctx, &ossv2.InitiateMultipartUploadRequest{Bucket: &s.bucket, Key: &name})
	if err != nil {
		return err
	}
	var parts []ossv2.UploadPart
	for i, content := range contents {
		number := int32(i + 1)
		part, err := s.UploadPart(ctx, &ossv2.UploadPartRequest{
			Bucket: &s.bucket, Key: &name, UploadId: upload.UploadId, PartNumber: number, Body: strings.NewReader(content),
		})
		if err != nil {
			return err
		}
		parts = append(parts, ossv2.UploadPart{PartNumber: number, ETag: part.ETag})
	}
	listed, err := s.ListParts(ctx, &ossv2.ListPartsRequest{Bucket: &s.bucket, Key: &name, UploadId: upload.UploadId})
	if err != nil || len(listed.Parts) != len(contents) {
		return fmt.Errorf("listed %v, %w", listed, err)
	}
	_, err = s.CompleteMultipartUpload(ctx, &ossv2.CompleteMultipartUploadRequest{
		Bucket: &s.bucket, Key: &name, UploadId: upload.UploadId,
		CompleteMultipartUpload: &ossv2.CompleteMultipartUpload{Parts: parts},
	})
	if err != nil {
		return err
	}
	gone, err := s.InitiateMultipartUpload(ctx, &ossv2.InitiateMultipartUploadRequest{Bucket: &s.bucket, Key: &name})
	if err != nil {
		return err
	}
	_, err = s.AbortMultipartUpload(ctx, &ossv2.AbortMultipartUploadRequest{
		Bucket: &s.bucket, Key: &name, UploadId: gone.UploadId,
	})
	return err
}

func (s newer) presigned(name string) (string, error) {
	request := &ossv2.GetObjectRequest{Bucket: &s.bucket, Key: &name}
	result, err := s.Presign(context.Background(), request, ossv2.PresignExpires(time.Minute))
	if err != nil {
		return "", err
	}
	return result.URL, nil
}

func (s newer) list() error {
	_, err := s.ListObjectsV2(context.Background(), &ossv2.ListObjectsV2Request{Bucket: &s.bucket})
	return err
}

func (s newer) code(err error) (code, requestID string) {
	var refusal *ossv2.ServiceError
	if errors.As(err, &refusal) {
		return refusal.Code, refusal.RequestID
	}
	return "", ""
}

// storages are the ways to reach objects, by SDK and version of the signature.
var storages = map[string]func(i *issued, bucket string, proxy string) (storage, error){
	"aliyun-oss-go-sdk V1": func(i *issued, bucket, proxy string) (storage, error) {
		return newOlder(i, bucket, proxied(proxy)...)
	},
	"aliyun-oss-go-sdk V4": func(i *issued, bucket, proxy string) (storage, error) {
		return newOlder(i, bucket, append(proxied(proxy), ossv1.AuthVersion(ossv1.AuthV4))...)
	},
	"alibabacloud-oss-go-sdk-v2 V4": func(i *issued, bucket, proxy string) (storage, error) {
		return newNewer(i, bucket, func(c *ossv2.Config) { c.WithRetryMaxAttempts(1); withProxy(c, proxy) })
	},
	"alibabacloud-oss-go-sdk-v2 V1": func(i *issued, bucket, proxy string) (storage, error) {
		return newNewer(i, bucket, func(c *ossv2.Config) {
			c.WithRetryMaxAttempts(1).WithSignatureVersion(ossv2.SignatureVersionV1)
			withProxy(c, proxy)
		})
	},
}

func proxied(proxy string) []ossv1.ClientOption {
	if proxy == "" {
		return nil
	}
	return []ossv1.ClientOption{ossv1.Proxy(proxy)}
}

func withProxy(c *ossv2.Config, proxy string) {
	if proxy != "" {
		c.WithProxyHost(proxy)
	}
}

// TestUploads has each SDK upload with what the TOP call returned, and nothing else.
func TestUploads(t *testing.T) {
	for name, open := range storages {
		t.Run(name, func(t *testing.T) {
			b := newBox(t)
			issued := b.issue(t)
			bucket, prefix := issued.place(t)
			s, err := open(issued, bucket, "")
			if err != nil {
				t.Fatal(err)
			}
			for _, object := range []string{"cat.txt", "a b/+ %2F~*é!'().txt", "folder/"} {
				object = prefix + object
				checkObject(t, s, object, "the content of "+object)
			}
			checkParts(t, s, prefix+"large")
			checkPresigned(t, b, s, prefix+"cat.txt")
			checkRefusals(t, b, s, issued, prefix)
		})
	}
}

// TestUploadsToRealHosts has each SDK call the host of the bucket over HTTPS, given the endpoint of the service itself.
func TestUploadsToRealHosts(t *testing.T) {
	proxy := hostsFile(t)
	for name, open := range storages {
		t.Run(name, func(t *testing.T) {
			b := newBox(t)
			issued := b.issue(t)
			issued.Endpoint = "https://oss-cn-shanghai.aliyuncs.com"
			bucket, prefix := issued.place(t)
			s, err := open(issued, bucket, proxy)
			if err != nil {
				t.Fatal(err)
			}
			checkObject(t, s, prefix+"cat 1.txt", "meow")
			checkParts(t, s, prefix+"large")
		})
	}
}

func checkObject(t *testing.T, s storage, name, content string) {
	t.Helper()
	if err := s.put(name, content); err != nil {
		t.Fatalf("put %s: %v", name, err)
	}
	if got, err := s.get(name); err != nil || got != content {
		t.Errorf("got %q, %v, want %q", got, err, content)
	}
	if size, err := s.size(name); err != nil || size != int64(len(content)) {
		t.Errorf("%d bytes, %v, want %d", size, err, len(content))
	}
	if err := s.remove(name); err != nil {
		t.Errorf("remove %s: %v", name, err)
	}
	_, err := s.get(name)
	if code, id := s.code(err); code != "NoSuchKey" || len(id) != 24 {
		t.Errorf("what was removed is answered with %v", err)
	}
}

func checkParts(t *testing.T, s storage, name string) {
	t.Helper()
	first, second := strings.Repeat("0123456789", 10<<10), "the end"
	if err := s.inParts(name, first, second); err != nil {
		t.Fatal(err)
	}
	if got, err := s.get(name); err != nil || got != first+second {
		t.Errorf("%d bytes of parts, %v", len(got), err)
	}
	err := s.inParts(name, second, first) // the first has less than 100 KB
	if code, _ := s.code(err); code != "EntityTooSmall" {
		t.Errorf("small parts are answered with %v", err)
	}
}

// checkPresigned reads by a URL until it ends by the sandbox's clock.
func checkPresigned(t *testing.T, b *box, s storage, name string) {
	t.Helper()
	if err := s.put(name, "shared"); err != nil {
		t.Fatal(err)
	}
	link, err := s.presigned(name)
	if err != nil {
		t.Fatal(err)
	}
	if status, body := fetch(t, link); status != http.StatusOK || body != "shared" {
		t.Errorf("%d %s", status, body)
	}
	if status, body := fetch(t, strings.Replace(link, "cat.txt", "dog.txt", 1)); status != http.StatusForbidden {
		t.Errorf("the URL of another object is answered with %d %s", status, body)
	}
	control(t, http.MethodPatch, b.path("/clock"), map[string]any{"advance": "2m"}, nil)
	if status, body := fetch(t, link); status != http.StatusForbidden || !strings.Contains(body, "Request has expired.") {
		t.Errorf("a URL that ended is answered with %d %s", status, body)
	}
	control(t, http.MethodPatch, b.path("/clock"), map[string]any{"real": true}, nil)
}

func fetch(t *testing.T, link string) (status int, body string) {
	t.Helper()
	response, err := http.Get(link)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	var content bytes.Buffer
	if _, err := content.ReadFrom(response.Body); err != nil {
		t.Fatal(err)
	}
	return response.StatusCode, content.String()
}

// checkRefusals goes beyond what was issued: to other places, and past its end.
func checkRefusals(t *testing.T, b *box, s storage, issued *issued, prefix string) {
	t.Helper()
	for what, err := range map[string]error{"list": s.list(), "put": s.put("elsewhere/cat.txt", "meow")} {
		if code, id := s.code(err); code != "AccessDenied" || len(id) != 24 {
			t.Errorf("%s beyond the policy is answered with %v", what, err)
		}
	}
	ends, err := time.Parse(time.RFC3339, issued.Ends)
	if err != nil {
		t.Fatal(err)
	}
	control(t, http.MethodPatch, b.path("/clock"), map[string]any{"now": ends.Add(time.Second)}, nil)
	err = s.put(prefix+"cat.txt", "meow")
	if code, id := s.code(err); code != "SecurityTokenExpired" || len(id) != 24 {
		t.Errorf("credentials that ended are answered with %v", err)
	}
}
