package uploadapp_test

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/tokenstage/tokenstage/examples/uploadapp"
	"github.com/tokenstage/tokenstage/testkit/client"
	"github.com/tokenstage/tokenstage/testkit/inprocess"
)

const (
	ask    = "deepvision.SecurityTokenGet"
	put    = "oss.PutObject"
	begin  = "oss.InitiateMultipartUpload"
	upload = "oss.UploadPart"
	finish = "oss.CompleteMultipartUpload"
)

// open puts the device into a sandbox whose clock is its own.
func open(t *testing.T, options ...client.SandboxOption) (*client.Box, *uploadapp.Device) {
	t.Helper()
	em := inprocess.Start(t)
	box := em.Sandbox(t, append(options, client.At(time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC)), client.Frozen())...)
	return box, &uploadapp.Device{
		Top: em.URL() + "/router/rest", AppKey: box.Top.AppKey, AppSecret: box.Top.AppSecret, Tenant: "acme", Shop: "shop-1",
		Now: box.Now,
	}
}

func show(t *testing.T, device *uploadapp.Device, name string) {
	t.Helper()
	if err := device.Upload(t.Context(), name, strings.NewReader("a picture")); err != nil {
		t.Fatal(err)
	}
}

// A day of uploads takes milliseconds: credentials are kept while they last, and replaced before they end.
func TestCredentialsAreReplacedInTime(t *testing.T) {
	t.Parallel()
	box, device := open(t)
	for range 24 {
		show(t, device, "front.jpg")
		box.Advance(30 * time.Minute)
		show(t, device, "back.jpg")
		box.Advance(30 * time.Minute)
	}
	box.Expect(t, ask).Outcome("ok").Times(24)
	box.Expect(t, put).Outcome("ok").Times(48)
	box.Expect(t, put).Param("object", "acme/shop-1/front.jpg").Times(24)
}

// Credentials that were revoked are replaced once, whoever revoked them.
func TestRevokedCredentialsAreReplaced(t *testing.T) {
	t.Parallel()
	box, device := open(t)
	show(t, device, "1.jpg")
	box.Revoke(box.Tokens()[0].ID)
	show(t, device, "2.jpg")
	box.Expect(t, ask).Outcomes("ok", "ok")
	box.Expect(t, put).Outcomes("ok", "SecurityTokenExpired", "ok")
}

func TestCredentialsThatEndMidway(t *testing.T) {
	t.Parallel()
	box, device := open(t, client.Play("oss-credentials-end-midway"))
	for range 5 {
		show(t, device, "1.jpg")
	}
	box.Expect(t, put).Outcomes("ok", "ok", "SecurityTokenExpired", "ok", "ok", "SecurityTokenExpired", "ok")
	box.Expect(t, ask).Times(3)
}

// A device that is refused for good says so, and does not ask for ever.
func TestRefusalsAreReported(t *testing.T) {
	t.Parallel()
	box, device := open(t, client.Play("error/oss.PutObject/SecurityTokenExpired"))
	err := device.Upload(t.Context(), "1.jpg", strings.NewReader("a picture"))
	if err == nil || !strings.Contains(err.Error(), "SecurityTokenExpired") {
		t.Errorf("got %v", err)
	}
	box.Expect(t, ask).Outcomes("ok", "ok")
	box.Stop("error/oss.PutObject/SecurityTokenExpired")
	box.Play("top-throttled-then-banned")
	box.Revoke(box.Tokens()[0].ID)
	device.AppSecret = "fake-wrong-secret"
	box.Advance(time.Hour)
	if err := device.Upload(t.Context(), "1.jpg", strings.NewReader("a picture")); err == nil {
		t.Error("uploaded with a wrong secret")
	}
}

// A large picture goes up in parts. The second breaks off and fails once, and the SDK sends that part again, not the
// picture.
func TestLargePicturesSurviveABadNetwork(t *testing.T) {
	t.Parallel()
	box, device := open(t, client.Play("oss-upload-interrupted"))
	picture := bytes.Repeat([]byte("picture"), 1<<20) // 7 MiB: two parts
	if err := device.Upload(t.Context(), "large.jpg", bytes.NewReader(picture)); err != nil {
		t.Fatal(err)
	}
	box.Expect(t, begin).Outcomes("ok")
	box.Expect(t, upload).Param("partNumber", "1").Outcomes("ok")
	box.Expect(t, upload).Param("partNumber", "2").Delivery(client.DeliveryReset).Once()
	box.Expect(t, upload).Param("partNumber", "2").Outcome("InternalError").Once()
	box.Expect(t, finish).Outcomes("ok")
}
