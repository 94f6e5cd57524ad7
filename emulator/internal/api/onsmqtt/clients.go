package onsmqtt

import (
	"context"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/tokenstage/tokenstage/emulator/internal/api"
	"github.com/tokenstage/tokenstage/emulator/internal/sandbox"
	"github.com/tokenstage/tokenstage/emulator/internal/wire"
)

// Clients are how the operations reach the MQTT clients of a sandbox, wherever those are connected.
type Clients struct {
	// Online reports whether a client of an instance is connected.
	Online func(ctx context.Context, box *sandbox.Sandbox, instance, clientID string) (bool, error)
	// Send delivers a message to the clients of an instance.
	Send func(turn *sandbox.Turn, instance, topic string, payload []byte) error
	// Close cuts a client of an instance, and reports whether it was connected. why says to people who did so.
	Close func(ctx context.Context, box *sandbox.Sandbox, instance, clientID, why string) (bool, error)
}

const (
	// maxMessage and maxMessageTopic are those of every message: Limits.
	maxMessage      = 64 << 10
	maxMessageTopic = 64
	// messageIDSize and hexadecimal are those of the sample: SendMessage, Response parameters, MsgId.
	messageIDSize = 32
	hexadecimal   = "0123456789ABCDEF"
)

func (c Clients) querySession(ctx context.Context, turn *sandbox.Turn, call *wire.Call) (wire.Result, error) {
	instance := api.Text(call, "InstanceId")
	if err := checkInstance(turn, instance); err != nil {
		return wire.Result{}, err
	}
	online, err := c.Online(ctx, turn.Sandbox, instance, api.Text(call, "ClientId"))
	if err != nil {
		return wire.Result{}, fmt.Errorf("look for the client: %w", err)
	}
	return wire.Result{Body: wire.Object{
		{Name: "OnlineStatus", Value: online},
		{Name: "RequestId", Value: call.ID},
	}}, nil
}

// sendMessage sends once the call is known to be within its limit: what was delivered cannot be taken back.
func (c Clients) sendMessage(ctx context.Context, turn *sandbox.Turn, call *wire.Call) (wire.Result, error) {
	instance, topic, payload := api.Text(call, "InstanceId"), api.Text(call, "MqttTopic"), api.Text(call, "Payload")
	if err := checkInstance(turn, instance); err != nil {
		return wire.Result{}, err
	}
	if reason := topicNameProblem(topic); reason != "" {
		return wire.Result{}, api.Refuse(parameterCheckFailed, "parameter MqttTopic",
			fmt.Sprintf("MqttTopic %q is no topic of a message: %s.", topic, reason))
	}
	if len(payload) > maxMessage {
		return wire.Result{}, api.Refuse(parameterCheckFailed, "parameter Payload",
			fmt.Sprintf("Payload has %d bytes; at most %d are allowed.", len(payload), maxMessage))
	}
	if err := turn.Settle(ctx); err != nil {
		return wire.Result{}, err
	}
	if err := c.Send(turn, instance, topic, []byte(payload)); err != nil {
		return wire.Result{}, fmt.Errorf("send the message: %w", err)
	}
	return wire.Result{Body: wire.Object{
		{Name: "MsgId", Value: turn.Draw(messageIDSize, hexadecimal)},
		{Name: "RequestId", Value: call.ID},
	}}, nil
}

// topicNameProblem says what keeps text from being the topic of a message; empty when nothing does.
func topicNameProblem(topic string) string {
	switch {
	case strings.ContainsAny(topic, "+#"):
		return "it holds a wildcard"
	case utf8.RuneCountInString(topic) > maxMessageTopic:
		return fmt.Sprintf("it has more than %d characters", maxMessageTopic)
	case strings.HasPrefix(strings.ToUpper(topic), "$SYS"):
		return "topics below $SYS are the service's own"
	}
	return topicFilterProblem(topic)
}

// closeConnection cuts once the call is known to be good, as sendMessage sends.
func (c Clients) closeConnection(ctx context.Context, turn *sandbox.Turn, call *wire.Call) (wire.Result, error) {
	instance, clientID := api.Text(call, "InstanceId"), api.Text(call, "ClientId")
	if err := checkInstance(turn, instance); err != nil {
		return wire.Result{}, err
	}
	if err := turn.Settle(ctx); err != nil {
		return wire.Result{}, err
	}
	was, err := c.Close(ctx, turn.Sandbox, instance, clientID, "CloseConnection of the request "+call.ID+" cut it.")
	if err != nil {
		return wire.Result{}, fmt.Errorf("close the connection: %w", err)
	}
	result := wire.Result{Body: wire.Object{
		{Name: "RequestId", Value: call.ID},
		{Name: "Code", Value: int64(200)},
		{Name: "Message", Value: "operation success."},
		{Name: "Success", Value: true},
	}}
	if !was {
		result.Findings = []wire.Finding{{Check: "client", Level: wire.LevelAdvice, Message: fmt.Sprintf(
			"No client %q is connected to the instance %q.", clientID, instance)}}
	}
	return result, nil
}
