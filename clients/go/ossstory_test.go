package clients_test

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	ossv2 "github.com/aliyun/alibabacloud-oss-go-sdk-v2/oss"
	"github.com/aliyun/alibabacloud-oss-go-sdk-v2/oss/credentials"
)

// TestUploadStory is what a device does with its credentials, from their issue to their end: it uploads a picture, finds
// no way to another shop's, and is refused an hour later, which the sandbox's clock makes at once.
func TestUploadStory(t *testing.T) {
	b := newBox(t)
	issued := b.issue(t)
	bucket, prefix := issued.place(t)
	client := ossv2.NewClient(ossv2.LoadDefaultConfig().WithEndpoint(issued.Endpoint).WithRegion(issued.region()).
		WithCredentialsProvider(credentials.NewStaticCredentialsProvider(issued.Key, issued.Secret, issued.Token)))
	upload := func(name string) string {
		_, err := client.PutObject(context.Background(), &ossv2.PutObjectRequest{
			Bucket: &bucket, Key: &name, Body: strings.NewReader("a picture"),
		})
		if code, _ := (newer{}).code(err); code != "" {
			return code
		}
		return fmt.Sprint(err == nil)
	}
	told := []string{upload(prefix + "1.jpg"), upload("tenant/another-shop/1.jpg")}
	control(t, http.MethodPatch, b.path("/clock"), map[string]any{"advance": "59m"}, nil)
	told = append(told, upload(prefix+"2.jpg"))
	control(t, http.MethodPatch, b.path("/clock"), map[string]any{"advance": "2m"}, nil)
	told = append(told, upload(prefix+"3.jpg"))
	const want = "true AccessDenied true SecurityTokenExpired"
	if got := strings.Join(told, " "); got != want {
		t.Errorf("the uploads came to %s, want %s", got, want)
	}
	var outcomes []string
	for _, e := range b.journal(t) {
		if e.Operation == "oss.PutObject" {
			outcomes = append(outcomes, e.Outcome)
		}
	}
	if got := strings.Join(outcomes, " "); got != "ok AccessDenied ok SecurityTokenExpired" {
		t.Errorf("the journal has %s", got)
	}
	if ends, err := time.Parse(time.RFC3339, issued.Ends); err != nil || ends.IsZero() {
		t.Errorf("the credentials end at %q, %v", issued.Ends, err)
	}
}
