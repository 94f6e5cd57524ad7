package app_test

import (
	"os"
	"testing"

	"github.com/tokenstage/tokenstage/testkit/client"
)

func TestApp(t *testing.T) {
	em := client.Connect(t, os.Getenv("CONSUMER_CONTROL"))
	em.Sandbox(t).Expect(t, "onsmqtt.ApplyToken").Never()
}
