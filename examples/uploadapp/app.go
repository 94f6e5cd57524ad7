// Package uploadapp is a device that uploads pictures: it asks the TOP for temporary credentials, uploads with the vendor's
// SDK where their policy lets it, and replaces them before they end, or when the storage says that they have.
package uploadapp

import (
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
	"slices"
	"strings"
	"time"

	"github.com/aliyun/alibabacloud-oss-go-sdk-v2/oss"
	"github.com/aliyun/alibabacloud-oss-go-sdk-v2/oss/credentials"
)

const (
	method = "alibaba.security.deepvision.proxy.security.common.token.get"
	// region is where the bucket is.
	region = "cn-hangzhou"
	// margin is how long before their end credentials are replaced, so that a long upload does not outlive them.
	margin = 5 * time.Minute
)

// Device uploads the pictures of a shop.
type Device struct {
	// Top is the URL of the TOP's router.
	Top               string
	AppKey, AppSecret string
	Tenant, Shop      string
	// Now is time.Now in production.
	Now func() time.Time

	place  place
	client *oss.Client
}

// place is where the credentials in use let the device upload, and until when.
type place struct {
	bucket, prefix string
	ends           time.Time
}

// Upload uploads a picture by its name, in one piece or, where it is large, in parts.
func (d *Device) Upload(ctx context.Context, name string, picture io.ReadSeeker) error {
	for replaced := false; ; replaced = true {
		if err := d.prepare(ctx); err != nil {
			return fmt.Errorf("get credentials: %w", err)
		}
		key := d.place.prefix + name
		_, err := d.client.NewUploader().UploadFrom(ctx, &oss.PutObjectRequest{Bucket: &d.place.bucket, Key: &key}, picture)
		var refusal *oss.ServiceError
		if replaced || !errors.As(err, &refusal) || refusal.Code != "SecurityTokenExpired" {
			return err
		}
		d.client = nil // somebody revoked them, or their end was moved
		if _, err := picture.Seek(0, io.SeekStart); err != nil {
			return err
		}
	}
}

// prepare sees to it that there are credentials which last a while.
func (d *Device) prepare(ctx context.Context) error {
	if d.client != nil && d.Now().Add(margin).Before(d.place.ends) {
		return nil
	}
	issued, err := d.ask(ctx)
	if err != nil {
		return err
	}
	if d.place.ends, err = time.Parse(time.RFC3339, issued.Ends); err != nil {
		return fmt.Errorf("the end of the credentials: %w", err)
	}
	resource, found := issued.resource()
	if !found {
		return errors.New("the policy lets nobody upload")
	}
	d.place.bucket, d.place.prefix, _ = strings.Cut(resource, "/")
	d.client = oss.NewClient(oss.LoadDefaultConfig().WithEndpoint(issued.Endpoint).WithRegion(region).
		WithCredentialsProvider(credentials.NewStaticCredentialsProvider(issued.Key, issued.Secret, issued.Token)))
	return nil
}

// issued is what the TOP answers, as far as an upload needs it.
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

// resource is the bucket and the prefix that the policy opens, as BUCKET/PREFIX.
func (i *issued) resource() (string, bool) {
	for _, statement := range i.Policy.Statement.Datas {
		for _, resource := range statement.Resource.String {
			if place, ok := strings.CutPrefix(resource, "acs:oss:*:*:"); ok {
				return strings.TrimSuffix(place, "*"), true
			}
		}
	}
	return "", false
}

// TopError is an error that the TOP answered with.
type TopError struct {
	Code    int    `json:"code"`
	SubCode string `json:"sub_code"`
	Msg     string `json:"msg"`
}

func (e *TopError) Error() string { return fmt.Sprintf("%d %s: %s", e.Code, e.SubCode, e.Msg) }

// ask makes the TOP call.
func (d *Device) ask(ctx context.Context) (*issued, error) {
	param, err := json.Marshal(map[string]string{
		"product_code": "oss", "scene_code": "pictures", "usage_scene": "upload",
		"op_poi_id": d.Shop, "op_tenant_code": d.Tenant,
	})
	if err != nil {
		return nil, err
	}
	form := url.Values{
		"method": {method}, "app_key": {d.AppKey}, "v": {"2.0"}, "format": {"json"}, "sign_method": {"hmac-sha256"},
		"timestamp": {d.Now().In(time.FixedZone("GMT+8", 8*60*60)).Format(time.DateTime)},
		"param":     {string(param)},
	}
	form.Set("sign", d.sign(form))
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, d.Top, strings.NewReader(form.Encode()))
	if err != nil {
		return nil, err
	}
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded;charset=utf-8")
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	var reply struct {
		Good *struct {
			Result issued `json:"result"`
		} `json:"alibaba_security_deepvision_proxy_security_common_token_get_response"`
		Refusal *TopError `json:"error_response"`
	}
	if err := json.NewDecoder(response.Body).Decode(&reply); err != nil {
		return nil, err
	}
	switch {
	case reply.Refusal != nil:
		return nil, reply.Refusal
	case reply.Good == nil:
		return nil, errors.New("the answer holds no credentials")
	}
	return &reply.Good.Result, nil
}

// sign is the signature of a form: names and values, sorted by name, under the app's secret.
func (d *Device) sign(form url.Values) string {
	mac := hmac.New(sha256.New, []byte(d.AppSecret))
	for _, name := range slices.Sorted(maps.Keys(form)) {
		mac.Write([]byte(name + form.Get(name)))
	}
	return strings.ToUpper(hex.EncodeToString(mac.Sum(nil)))
}
