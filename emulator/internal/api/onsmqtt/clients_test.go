package onsmqtt_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/tokenstage/tokenstage/emulator/internal/api/onsmqtt"
	"github.com/tokenstage/tokenstage/emulator/internal/sandbox"
	"github.com/tokenstage/tokenstage/emulator/internal/wire"
)

// What cannot be a message is refused: Limits, and MQTT 3.1.1, section 4.7.
func TestMessages(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ topic, payload, code string }{
		"plain":              {"TopicA", "x", ""},
		"64 characters":      {strings.Repeat("é", 64), "x", ""},
		"65 characters":      {strings.Repeat("é", 65), "x", parameterCheckFailed},
		"64 KB":              {"TopicA", strings.Repeat("x", 64<<10), ""},
		"64 KB and 1":        {"TopicA", strings.Repeat("x", 64<<10+1), parameterCheckFailed},
		"64 KB and 1 in é":   {"TopicA", strings.Repeat("é", 32<<10) + "x", parameterCheckFailed},
		"one level wildcard": {"TopicA/+", "x", parameterCheckFailed},
		"all below":          {"#", "x", parameterCheckFailed},
		"wildcard in a name": {"Topic+", "x", parameterCheckFailed},
		"control character":  {"a\x00b", "x", parameterCheckFailed},
		"no text":            {"a\xff", "x", parameterCheckFailed},
		"of the service":     {"$SYS/uploadToken", "x", parameterCheckFailed},
		"in another case":    {"$sys/x", "x", parameterCheckFailed},
		"point to point":     {"TopicA/p2p/GID_a@@@b", "x", ""},
		"slashes":            {"//", "x", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := do(t, newSandbox(t), "SendMessage", map[string]any{
				"InstanceId": instance, "MqttTopic": c.topic, "Payload": c.payload,
			})
			wantCode(t, err, c.code)
		})
	}
}

// Instances that the sandbox does not have are refused before a client is touched.
func TestInstancesOfClients(t *testing.T) {
	t.Parallel()
	limited := newSandbox(t, func(d *sandbox.Definition) { d.Fixtures.Instances = []string{"post-cn-*"} })
	for _, operation := range []string{"QuerySessionByClientId", "SendMessage", "CloseConnection"} {
		_, err := do(t, limited, operation, map[string]any{
			"InstanceId": "mqtt-1", "ClientId": "GID_a@@@b", "MqttTopic": "T", "Payload": "x",
		})
		wantCode(t, err, "InstancePermissionCheckFailed")
	}
}

// A broker that fails is an internal error of the service.
func TestBrokerFails(t *testing.T) {
	t.Parallel()
	failure := errors.New("broken")
	failing := onsmqtt.New(onsmqtt.Clients{
		Online: func(context.Context, *sandbox.Sandbox, string, string) (bool, error) { return true, failure },
		Send:   func(*sandbox.Turn, string, string, []byte) error { return failure },
		Close: func(context.Context, *sandbox.Sandbox, string, string, string) (bool, error) {
			return true, failure
		},
	})
	for _, operation := range []string{"QuerySessionByClientId", "SendMessage", "CloseConnection"} {
		turn, err := newSandbox(t).Begin(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		_, err = failing.Handlers[operation](t.Context(), turn, &wire.Call{ID: "the-id", Params: map[string]any{
			"InstanceId": instance, "ClientId": "GID_a@@@b", "MqttTopic": "T", "Payload": "x",
		}})
		if !errors.Is(err, failure) {
			t.Errorf("%s: %v", operation, err)
		}
	}
}

// The limits are those of the pages: QuerySessionByClientId 500 a second, SendMessage 1,000.
func TestQuotasOfClients(t *testing.T) {
	t.Parallel()
	for action, limit := range map[string]int{"QuerySessionByClientId": 500, "SendMessage": 1000} {
		t.Run(action, func(t *testing.T) {
			t.Parallel()
			s := newServer(t)
			params := map[string]string{"InstanceId": instance, "ClientId": "GID_a@@@b", "MqttTopic": "T", "Payload": "x"}
			for i := range limit {
				if status, reply := s.call(t, action, params); status != http.StatusOK {
					t.Fatalf("call %d: %d %v", i+1, status, reply)
				}
			}
			if status, reply := s.call(t, action, params); status != http.StatusInternalServerError || reply["Code"] != "SystemOverFlow" {
				t.Errorf("beyond the limit: %d %v", status, reply)
			}
			advance(t, s.box, time.Second)
			if status, reply := s.call(t, action, params); status != http.StatusOK {
				t.Errorf("a second later: %d %v", status, reply)
			}
		})
	}
}
