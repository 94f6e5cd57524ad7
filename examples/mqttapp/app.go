// Package mqttapp is an app that stays connected to an MQTT instance with tokens: it applies for a new one when the
// service says that the old one ends soon, and uploads it over the open connection.
package mqttapp

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	mqtt "github.com/eclipse/paho.mqtt.golang"
)

// The topics of the service: the page "Client-related methods in token authentication".
const (
	expireNotice  = "$SYS/tokenExpireNotice"
	invalidNotice = "$SYS/tokenInvalidNotice"
	uploadToken   = "$SYS/uploadToken"
)

// answerTime is how long the app waits for the broker.
const answerTime = 10 * time.Second

// Options are what an App is made of.
type Options struct {
	// Broker is its URL, such as tcp://host:1883.
	Broker      string
	InstanceID  string
	AccessKeyID string
	// ClientID is group id and device id with "@@@" between.
	ClientID string
	// Token applies for a token for reading and writing, or returns one that is still good for a while.
	Token func(ctx context.Context) (string, error)
	// Received is told of each message; Failed of what went wrong in the background.
	Received func(topic string, payload []byte)
	Failed   func(error)
}

// App is a connected client.
type App struct {
	options Options
	client  mqtt.Client
}

// Connect logs in. The client stays connected, and its token fresh, until Close.
func Connect(ctx context.Context, o Options) (*App, error) {
	a := &App{options: o}
	a.client = mqtt.NewClient(mqtt.NewClientOptions().
		AddBroker(o.Broker).SetClientID(o.ClientID).SetProtocolVersion(4).SetOrderMatters(false).
		// A login after a cut needs a token that is good then, not the one of the first login.
		SetCredentialsProvider(func() (string, string) {
			token, err := o.Token(ctx)
			if err != nil {
				o.Failed(err)
			}
			return "Token|" + o.AccessKeyID + "|" + o.InstanceID, "RW|" + token
		}).
		SetDefaultPublishHandler(func(_ mqtt.Client, m mqtt.Message) { a.receive(ctx, m) }))
	return a, await(a.client.Connect())
}

// Subscribe asks for the messages of a topic.
func (a *App) Subscribe(topic string) error { return await(a.client.Subscribe(topic, 1, nil)) }

// Publish sends a message.
func (a *App) Publish(topic string, payload []byte) error {
	return await(a.client.Publish(topic, 1, false, payload))
}

// Close leaves.
func (a *App) Close() { a.client.Disconnect(uint(time.Second.Milliseconds())) }

// receive takes the notices of the service, which come without a subscription.
func (a *App) receive(ctx context.Context, m mqtt.Message) {
	switch m.Topic() {
	case expireNotice:
		if err := a.refresh(ctx); err != nil {
			a.options.Failed(err)
		}
	case invalidNotice: // the cut follows; the client logs in again with a new token
		a.options.Failed(fmt.Errorf("the token is not good any more: %s", m.Payload()))
	default:
		a.options.Received(m.Topic(), m.Payload())
	}
}

// refresh uploads a new token. Until its acknowledgement came the old one counts.
func (a *App) refresh(ctx context.Context) error {
	token, err := a.options.Token(ctx)
	if err != nil {
		return err
	}
	payload, err := json.Marshal(map[string]string{"token": token, "type": "RW"})
	if err != nil {
		return err
	}
	return await(a.client.Publish(uploadToken, 1, false, payload))
}

// errSlow says that the broker did not answer.
var errSlow = errors.New("the broker does not answer")

func await(t mqtt.Token) error {
	if !t.WaitTimeout(answerTime) {
		return errSlow
	}
	return t.Error()
}
