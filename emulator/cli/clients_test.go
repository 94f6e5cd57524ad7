package cli_test

import (
	"encoding/json"
	"os"
	"strings"
	"testing"

	"github.com/tokenstage/tokenstage/emulator/internal/gateways"
)

// TestREADMENamesEveryClient: each client that has settings to paste stands in the table of the README.
func TestREADMENamesEveryClient(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	acs, _ := gateways.Find("acs")
	made, err := acs.Settings("127.0.0.1:4010", []json.RawMessage{[]byte(`{"accessKeyId":"ak","accessKeySecret":"s"}`)})
	if err != nil {
		t.Fatal(err)
	}
	named := 0
	for _, text := range made.Groups[0].Texts {
		language, clients, _ := strings.Cut(text.Title, ", ")
		for client := range strings.SplitSeq(clients, " and ") {
			client = "`" + strings.TrimSuffix(client, " v2") + "`"
			if language == "aliyun" {
				client = "`aliyun`"
			}
			named++
			if !strings.Contains(string(page), client) {
				t.Errorf("the README does not say how %s is pointed at the emulator", client)
			}
		}
	}
	if named < 16 {
		t.Errorf("only %d clients", named)
	}
	for _, client := range []string{"TOP SDKs for Java, PHP, Go, C# and Node", "TOP SDK for Python", "`TZ=Asia/Shanghai`", "`date.timezone`"} {
		if !strings.Contains(string(page), client) {
			t.Errorf("the README does not say %s", client)
		}
	}
	for _, profile := range gateways.Profiles() {
		for _, client := range profile.Habits().PlainHTTP {
			if name := strings.Fields(client)[0]; name != "the" && !strings.Contains(string(page), "`"+name+"`") {
				t.Errorf("the README does not name %s", client)
			}
		}
	}
}
