package clients_test

import (
	"context"
	"crypto/hmac"
	"crypto/sha1"
	"crypto/tls"
	"encoding/base64"
	"encoding/json"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aliyun/alibaba-cloud-sdk-go/sdk"
	"github.com/aliyun/alibaba-cloud-sdk-go/sdk/requests"
	"github.com/aliyun/alibaba-cloud-sdk-go/services/onsmqtt"
	"github.com/eclipse/paho.golang/paho"
	paho3 "github.com/eclipse/paho.mqtt.golang"
)

const (
	deviceID = "GID_paho@@@device-1"
	patience = 10 * time.Second
)

// endpoint is a URL of the broker, by its name among a sandbox's endpoints.
func endpoint(t *testing.T, name string) string {
	t.Helper()
	var box struct {
		Endpoints map[string]string `json:"endpoints"`
	}
	control(t, http.MethodGet, "/v1/sandboxes/default", nil, &box)
	if box.Endpoints[name] == "" {
		t.Skip("the server was started without an address for " + name)
	}
	return box.Endpoints[name]
}

// signature is the password of a client in the mode Signature.
func (k acsKey) signature(clientID string) string {
	mac := hmac.New(sha1.New, []byte(k.Secret))
	mac.Write([]byte(clientID))
	return base64.StdEncoding.EncodeToString(mac.Sum(nil))
}

func (k acsKey) user(mode string) string { return mode + "|" + k.ID + "|" + instance }

// applyToken asks for a token that lives for an hour of the sandbox's clock, with the vendor's SDK.
func (b *box) applyToken(t *testing.T, actions, resources string) string {
	t.Helper()
	var clock struct {
		Now time.Time `json:"now"`
	}
	control(t, http.MethodGet, b.path("/clock"), nil, &clock)
	client, err := onsmqtt.NewClientWithOptions(region, sdk.NewConfig(), legacyCredential(b.Credentials.ACS[plainKey]))
	if err != nil {
		t.Fatal(err)
	}
	request := onsmqtt.CreateApplyTokenRequest()
	request.Domain = os.Getenv(dataEnv)
	request.Actions, request.Resources, request.InstanceId = actions, resources, instance
	request.ExpireTime = requests.Integer(strconv.FormatInt(clock.Now.Add(time.Hour).UnixMilli(), 10))
	response, err := client.ApplyToken(request)
	if err != nil {
		t.Fatal(err)
	}
	return response.Token
}

// pahoClient is a client of paho.mqtt.golang that keeps what comes to it.
type pahoClient struct {
	paho3.Client

	messages chan paho3.Message
	lost     chan error
	logins   atomic.Int64
}

func newPaho(t *testing.T, url, user, password string, change ...func(*paho3.ClientOptions)) *pahoClient {
	t.Helper()
	c := &pahoClient{messages: make(chan paho3.Message, 100), lost: make(chan error, 100)}
	options := paho3.NewClientOptions().AddBroker(url).SetClientID(deviceID).SetUsername(user).SetPassword(password).
		SetAutoReconnect(false).SetProtocolVersion(4).
		SetDefaultPublishHandler(func(_ paho3.Client, m paho3.Message) { c.messages <- m }).
		SetConnectionLostHandler(func(_ paho3.Client, err error) { c.lost <- err }).
		SetOnConnectHandler(func(paho3.Client) { c.logins.Add(1) })
	for _, f := range change {
		f(options)
	}
	c.Client = paho3.NewClient(options)
	t.Cleanup(func() { c.Disconnect(0) })
	return c
}

// enter is newPaho with a login that must work.
func enter(t *testing.T, url, user, password string, change ...func(*paho3.ClientOptions)) *pahoClient {
	t.Helper()
	c := newPaho(t, url, user, password, change...)
	done(t, c.Connect())
	return c
}

// named gives a client another client id.
func named(id string) func(*paho3.ClientOptions) {
	return func(o *paho3.ClientOptions) { o.SetClientID(id) }
}

func done(t *testing.T, token paho3.Token) {
	t.Helper()
	if !token.WaitTimeout(patience) || token.Error() != nil {
		t.Fatalf("not done: %v", token.Error())
	}
}

func (c *pahoClient) wantMessage(t *testing.T, topic, payload string) {
	t.Helper()
	select {
	case m := <-c.messages:
		if m.Topic() != topic || string(m.Payload()) != payload {
			t.Fatalf("got %s %s, want %s %s", m.Topic(), m.Payload(), topic, payload)
		}
	case <-time.After(patience):
		t.Fatalf("no %s came", topic)
	}
}

func (c *pahoClient) wantLost(t *testing.T) {
	t.Helper()
	select {
	case <-c.lost:
	case <-time.After(patience):
		t.Fatal("the client was not cut")
	}
}

func TestPahoLogsIn(t *testing.T) {
	t.Parallel()
	at := endpoint(t, "mqtt")
	b := newBox(t)
	key := b.Credentials.ACS[plainKey]
	c := enter(t, at, key.user("Signature"), key.signature(deviceID))
	done(t, c.Subscribe("TopicA/#", 1, nil))
	done(t, c.Publish("TopicA/1", 1, false, "hello"))
	c.wantMessage(t, "TopicA/1", "hello")
	c.Disconnect(100)
	read, write := b.applyToken(t, "R", "TopicA/#"), b.applyToken(t, "W", "TopicA/#")
	c = enter(t, at, key.user("Token"), "R|"+read+"|W|"+write)
	done(t, c.Subscribe("TopicA/#", 2, nil))
	done(t, c.Publish("TopicA/1", 2, false, "again"))
	c.wantMessage(t, "TopicA/1", "again")
	for name, password := range map[string]string{"forged": "R|bm9uZQ==", "more than issued": "RW|" + read} {
		err := connectError(newPaho(t, at, key.user("Token"), password))
		if err == nil || !strings.Contains(err.Error(), "bad user name or password") {
			t.Errorf("%s: %v", name, err)
		}
	}
	err := connectError(newPaho(t, at, key.user("Signature"), key.signature("x"), named("no group")))
	if err == nil || !strings.Contains(err.Error(), "identifier rejected") {
		t.Errorf("%v", err)
	}
}

func connectError(c *pahoClient) error {
	token := c.Connect()
	token.WaitTimeout(patience)
	return token.Error()
}

// A token bites when the client publishes or subscribes. The client hears why, and is cut; it takes the message that no
// PUBACK came for as sent.
func TestPahoIsCut(t *testing.T) {
	t.Parallel()
	at := endpoint(t, "mqtt")
	b := newBox(t)
	key := b.Credentials.ACS[plainKey]
	c := enter(t, at, key.user("Token"), "R|"+b.applyToken(t, "R", "TopicA/#"))
	sent := c.Publish("TopicA/1", 1, false, "forbidden")
	c.wantMessage(t, "$SYS/tokenInvalidNotice", `{"code":5,"type":"R"}`)
	c.wantLost(t)
	if !sent.WaitTimeout(patience) || sent.Error() != nil {
		t.Logf("this version of the client says that the message was lost: %v", sent.Error())
	}
	c = enter(t, at, key.user("Token"), "R|"+b.applyToken(t, "R", "TopicA/#"))
	c.Subscribe("TopicB", 1, nil)
	c.wantMessage(t, "$SYS/tokenInvalidNotice", `{"code":4,"type":"R"}`)
	c.wantLost(t)
}

// Five minutes ahead comes the notice; a token that is uploaded then, at any QoS, goes on; without one comes the cut.
func TestPahoKeepsItsTokenFresh(t *testing.T) {
	t.Parallel()
	at := endpoint(t, "mqtt")
	b := newBox(t, func(d *definition) { d.Quotas = map[string]string{"onsmqtt.ApplyToken": "off"} })
	key := b.Credentials.ACS[plainKey]
	c := enter(t, at, key.user("Token"), "RW|"+b.applyToken(t, "R,W", "TopicA/#"))
	for qos := range byte(3) {
		b.advance(t, 56*time.Minute)
		select {
		case m := <-c.messages:
			if m.Topic() != "$SYS/tokenExpireNotice" {
				t.Fatalf("got %s %s", m.Topic(), m.Payload())
			}
		case <-time.After(patience):
			t.Fatal("no notice")
		}
		payload, _ := json.Marshal(map[string]string{"token": b.applyToken(t, "R,W", "TopicA/#"), "type": "RW"})
		done(t, c.Publish("$SYS/uploadToken", qos, false, payload))
		done(t, c.Publish("TopicA/1", 1, false, "still allowed"))
	}
	b.advance(t, 2*time.Hour)
	c.wantMessage(t, "$SYS/tokenInvalidNotice", `{"code":2,"type":"RW"}`)
	c.wantLost(t)
}

func TestPahoLogsInByUpload(t *testing.T) {
	t.Parallel()
	at := endpoint(t, "mqtt")
	b := newBox(t)
	c := enter(t, at, "", "")
	payload, _ := json.Marshal(map[string]string{"token": b.applyToken(t, "R,W", "TopicA/#"), "type": "RW"})
	done(t, c.Publish("$SYS/uploadToken", 1, false, payload))
	done(t, c.Subscribe("TopicA/+", 1, nil))
	done(t, c.Publish("TopicA/1", 1, false, "hello"))
	c.wantMessage(t, "TopicA/1", "hello")
}

func TestPahoPointToPoint(t *testing.T) {
	t.Parallel()
	at := endpoint(t, "mqtt")
	b := newBox(t)
	key := b.Credentials.ACS[plainKey]
	c := enter(t, at, key.user("Signature"), key.signature(deviceID))
	const writerID = "GID_paho@@@writer"
	writer := enter(t, at, key.user("Signature"), key.signature(writerID), named(writerID))
	done(t, writer.Publish("TopicA/p2p/"+deviceID, 1, false, "to you"))
	c.wantMessage(t, "TopicA/p2p/"+deviceID, "to you")
}

// Over WebSocket, and over TLS at the host of the real instance, whose certificate the client checks.
func TestPahoOverWebSocketAndTLS(t *testing.T) {
	t.Parallel()
	b := newBox(t)
	key := b.Credentials.ACS[plainKey]
	secure, err := url.Parse(endpoint(t, "mqtts"))
	if err != nil {
		t.Fatal(err)
	}
	realHost := func(o *paho3.ClientOptions) {
		o.SetDialer(&net.Dialer{Resolver: nil}).SetTLSConfig(&tls.Config{ServerName: instance + ".mqtt.aliyuncs.com"})
		o.SetCustomOpenConnectionFn(func(*url.URL, paho3.ClientOptions) (net.Conn, error) {
			return tls.Dial("tcp", secure.Host, &tls.Config{ServerName: instance + ".mqtt.aliyuncs.com"})
		})
	}
	for name, c := range map[string]*pahoClient{
		"WebSocket": enter(t, endpoint(t, "mqttWs"), key.user("Signature"), key.signature("GID_paho@@@ws"), named("GID_paho@@@ws")),
		"TLS":       enter(t, "ssl://"+instance+".mqtt.aliyuncs.com:8883", key.user("Signature"), key.signature(deviceID), realHost),
	} {
		done(t, c.Subscribe("Over/"+name, 1, nil))
		done(t, c.Publish("Over/"+name, 1, false, "hello"))
		c.wantMessage(t, "Over/"+name, "hello")
		c.Disconnect(100)
	}
}

// With a token that does not cover what it sends, a client that reconnects by itself and resumes sends it again and is
// cut again, until somebody stops it.
func TestPahoStorm(t *testing.T) {
	t.Parallel()
	at := endpoint(t, "mqtt")
	b := newBox(t)
	key := b.Credentials.ACS[plainKey]
	token := b.applyToken(t, "R", "TopicA/#")
	c := enter(t, at, key.user("Token"), "R|"+token, func(o *paho3.ClientOptions) {
		o.SetAutoReconnect(true).SetMaxReconnectInterval(20 * time.Millisecond).SetCleanSession(false)
		o.SetConnectRetryInterval(20 * time.Millisecond).SetResumeSubs(true)
		o.SetOnConnectHandler(func(client paho3.Client) {
			client.Subscribe("TopicB", 1, nil) // as apps do
		})
	})
	deadline := time.Now().Add(patience)
	cuts := 0
	for cuts < 5 && time.Now().Before(deadline) {
		select {
		case <-c.lost:
			cuts++
		case <-time.After(patience):
		}
	}
	c.Disconnect(0)
	refused := 0
	for _, e := range b.journal(t) {
		if e.Operation == "mqtt.SUBSCRIBE" && e.Outcome == "4" {
			refused++
		}
	}
	if cuts < 5 || refused < 5 {
		t.Errorf("%d cuts, %d refused subscriptions", cuts, refused)
	}
}

// The client of MQTT 5.0 hears reason codes, what the service can do, and its keep-alive.
func TestPaho5(t *testing.T) {
	t.Parallel()
	at, err := url.Parse(endpoint(t, "mqtt"))
	if err != nil {
		t.Fatal(err)
	}
	b := newBox(t)
	key := b.Credentials.ACS[plainKey]
	ended := make(chan *paho.Disconnect, 1)
	messages := make(chan *paho.Publish, 10)
	open := func(password string) (*paho.Client, *paho.Connack, error) {
		conn, err := net.Dial("tcp", at.Host)
		if err != nil {
			t.Fatal(err)
		}
		c := paho.NewClient(paho.ClientConfig{
			Conn: conn, OnServerDisconnect: func(d *paho.Disconnect) { ended <- d },
			OnPublishReceived: []func(paho.PublishReceived) (bool, error){func(p paho.PublishReceived) (bool, error) {
				messages <- p.Packet
				return true, nil
			}},
		})
		ctx, cancel := context.WithTimeout(t.Context(), patience)
		t.Cleanup(cancel)
		ack, err := c.Connect(ctx, &paho.Connect{
			ClientID: deviceID, KeepAlive: 1000, CleanStart: true, UsernameFlag: true, Username: key.user("Token"),
			PasswordFlag: true, Password: []byte(password),
		})
		return c, ack, err
	}
	if _, ack, err := open("R|bm9uZQ=="); err == nil || ack == nil || ack.ReasonCode != 134 {
		t.Errorf("%+v, %v", ack, err)
	}
	c, ack, err := open("R|" + b.applyToken(t, "R", "TopicA/#"))
	if err != nil {
		t.Fatal(err)
	}
	if p := ack.Properties; p.ServerKeepAlive == nil || *p.ServerKeepAlive != 480 || p.SharedSubAvailable || !p.WildcardSubAvailable {
		t.Errorf("%+v", p)
	}
	if _, err := c.Subscribe(t.Context(), &paho.Subscribe{Subscriptions: []paho.SubscribeOptions{{Topic: "TopicA/+", QoS: 1}}}); err != nil {
		t.Error(err)
	}
	go func() {
		_, _ = c.Subscribe(t.Context(), &paho.Subscribe{Subscriptions: []paho.SubscribeOptions{{Topic: "TopicB", QoS: 1}}})
	}()
	select {
	case m := <-messages:
		if m.Topic != "$SYS/tokenInvalidNotice" || string(m.Payload) != `{"code":4,"type":"R"}` {
			t.Errorf("got %s %s", m.Topic, m.Payload)
		}
	case <-time.After(patience):
		t.Fatal("no notice")
	}
	select {
	case d := <-ended:
		if d.ReasonCode != 135 {
			t.Errorf("reason %d", d.ReasonCode)
		}
	case <-time.After(patience):
		t.Fatal("not cut")
	}
}

// tool finds a program of the system; where CI requires it, its absence fails.
func tool(t *testing.T, name string) string {
	t.Helper()
	path, err := exec.LookPath(name)
	if err != nil && os.Getenv("TOKENSTAGE_MQTT_TOOLS") == "required" {
		t.Fatal(err)
	}
	if err != nil {
		t.Skip(name + " is not installed")
	}
	return path
}

// mosquitto_pub and mosquitto_sub end in the code of the CONNACK, and carry a message.
func TestMosquitto(t *testing.T) {
	t.Parallel()
	pub, sub := tool(t, "mosquitto_pub"), tool(t, "mosquitto_sub")
	at, err := url.Parse(endpoint(t, "mqtt"))
	if err != nil {
		t.Fatal(err)
	}
	b := newBox(t)
	key := b.Credentials.ACS[plainKey]
	args := func(id, mode, password string, more ...string) []string {
		return append([]string{"-h", at.Hostname(), "-p", at.Port(), "-i", id, "-u", key.user(mode), "-P", password}, more...)
	}
	err = exec.Command(pub, args(deviceID, "Token", "R|bm9uZQ==", "-t", "TopicA", "-m", "x")...).Run()
	if exit := new(exec.ExitError); err == nil || !asExit(err, &exit) || exit.ExitCode() != 4 {
		t.Errorf("a forged token: %v", err)
	}
	const reader = "GID_paho@@@mosquitto"
	token := b.applyToken(t, "R,W", "TopicA/#")
	listening := exec.Command(sub, args(reader, "Signature", key.signature(reader), "-t", "TopicA/#", "-q", "1", "-C", "1", "-W", "10")...)
	out := new(strings.Builder)
	listening.Stdout = out
	if err := listening.Start(); err != nil {
		t.Fatal(err)
	}
	b.wait(t, "mqtt.SUBSCRIBE")
	if said, err := exec.Command(pub, args(deviceID, "Token", "RW|"+token, "-t", "TopicA/1", "-m", "hello", "-q", "2")...).CombinedOutput(); err != nil {
		t.Errorf("%v: %s", err, said)
	}
	if err := listening.Wait(); err != nil || out.String() != "hello\n" {
		t.Errorf("%v: %q", err, out)
	}
}

func asExit(err error, exit **exec.ExitError) bool {
	found, ok := err.(*exec.ExitError)
	*exit = found
	return ok
}

// wait waits until an operation stands in the journal.
func (b *box) wait(t *testing.T, operation string) {
	t.Helper()
	ticker := time.NewTicker(10 * time.Millisecond)
	defer ticker.Stop()
	for range 500 {
		for _, e := range b.journal(t) {
			if e.Operation == operation {
				return
			}
		}
		<-ticker.C
	}
	t.Fatalf("no %s came", operation)
}

// The client for Python of Debian: refusal codes, a message, and how the notice arrives before the cut.
func TestPahoPython(t *testing.T) {
	t.Parallel()
	python := "/usr/bin/python3"
	if err := exec.Command(python, "-c", "import paho.mqtt.client").Run(); err != nil {
		if os.Getenv("TOKENSTAGE_MQTT_TOOLS") == "required" {
			t.Fatal(err)
		}
		t.Skip("python3-paho-mqtt is not installed")
	}
	at, err := url.Parse(endpoint(t, "mqtt"))
	if err != nil {
		t.Fatal(err)
	}
	b := newBox(t)
	key := b.Credentials.ACS[plainKey]
	run := func(password string) string {
		t.Helper()
		command := exec.Command(python, "testdata/python.py", at.Hostname(), at.Port(), deviceID, key.user("Token"), password)
		said, err := command.CombinedOutput()
		if err != nil {
			t.Fatalf("%v: %s", err, said)
		}
		return string(said)
	}
	if got := run("RW|bm9uZQ=="); got != "connected 4\n" {
		t.Errorf("a forged token: %q", got)
	}
	want := "connected 0\nsubscribed (1,)\nTopicA/1 hello\n" +
		"$SYS/tokenInvalidNotice {\"code\":4,\"type\":\"RW\"}\ncut\n"
	if got := run("RW|" + b.applyToken(t, "R,W", "TopicA/#")); got != want {
		t.Errorf("got %q\nwant %q", got, want)
	}
}

func querySession() operation {
	return onsmqttOperation("QuerySessionByClientId", map[string]string{"ClientId": deviceID})
}

func sendMessage(topic, payload string) operation {
	return onsmqttOperation("SendMessage", map[string]string{"MqttTopic": topic, "Payload": payload})
}

func closeConnection() operation {
	return onsmqttOperation("CloseConnection", map[string]string{"ClientId": deviceID})
}

// A server sees its device come and go, sends to it and cuts it, with the vendor's SDK in each signature mode.
func TestServerAndDevice(t *testing.T) {
	t.Parallel()
	url := endpoint(t, "mqtt")
	for _, sdk := range darabonbaClients() {
		t.Run(sdk.name, func(t *testing.T) {
			t.Parallel()
			b := newBox(t)
			key := b.Credentials.ACS[plainKey]
			call := func(op operation, into any) {
				t.Helper()
				got, err := sdk.call(key, op)
				if err != nil {
					t.Fatal(err)
				}
				mustRead(t, got.body, into)
			}
			wantOnline := func(want bool) {
				t.Helper()
				var got struct{ OnlineStatus *bool }
				if call(querySession(), &got); got.OnlineStatus == nil || *got.OnlineStatus != want {
					t.Errorf("OnlineStatus is %v, want %v", got.OnlineStatus, want)
				}
			}
			wantOnline(false)
			device := enter(t, url, key.user("Signature"), key.signature(deviceID))
			wantOnline(true)
			done(t, device.Subscribe("TopicA/+", 1, nil))
			for topic, payload := range map[string]string{"TopicA/1": "to all: ü +/=", "TopicB/p2p/" + deviceID: "to you"} {
				var sent struct{ MsgId string }
				if call(sendMessage(topic, payload), &sent); sent.MsgId == "" {
					t.Error("no MsgId")
				}
				select {
				case m := <-device.messages:
					if m.Topic() != topic || string(m.Payload()) != payload {
						t.Errorf("got %s %q, want %s %q", m.Topic(), m.Payload(), topic, payload)
					}
				case <-time.After(patience):
					t.Fatalf("no message to %s came", topic)
				}
			}
			var closed struct {
				Code    int
				Success bool
			}
			if call(closeConnection(), &closed); closed.Code != http.StatusOK || !closed.Success {
				t.Errorf("%+v", closed)
			}
			wantOnline(false)
			select {
			case <-device.lost:
			case <-time.After(patience):
				t.Error("the device was not cut")
			}
		})
	}
}
