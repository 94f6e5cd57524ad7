package broker

import (
	"bytes"
	"context"
	"crypto/hmac"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/mochi-mqtt/server/v2/packets"

	"github.com/tokenstage/tokenstage/emulator/internal/gateway"
	"github.com/tokenstage/tokenstage/emulator/internal/gateway/mqtt"
	"github.com/tokenstage/tokenstage/emulator/internal/sandbox"
	"github.com/tokenstage/tokenstage/emulator/internal/scenario"
	"github.com/tokenstage/tokenstage/emulator/internal/scenario/play"
	"github.com/tokenstage/tokenstage/emulator/internal/store"
	"github.com/tokenstage/tokenstage/emulator/internal/token"
	"github.com/tokenstage/tokenstage/emulator/internal/wire"
)

// attempt is a client that logs in.
type attempt struct {
	*act

	conn    *conn
	connect packets.Packet
	user    mqtt.User
	held    []held
}

// login reads the CONNECT of a connection, judges it, and hands a client that is let in to its room. It returns when
// the connection has ended.
func (b *Broker) login(c *conn) {
	ctx := b.ctx
	_ = c.SetReadDeadline(c.now().Add(maxConnectTime))
	header, raw, err := readPacket(c, maxConnect)
	if len(raw) == 0 || b.ctx.Err() != nil {
		return // it came and left without a word, as probes of a port do
	}
	var pk packets.Packet
	if err == nil {
		pk, err = decodeConnect(header, raw)
	}
	c.arrived = b.world.RealNow()
	if err != nil {
		b.unreadable(ctx, c, raw, err)
		return
	}
	if pk.Connect.UsernameFlag || pk.Connect.PasswordFlag || checkConnect(&pk) != nil {
		user, _ := mqtt.ReadUser(string(pk.Connect.Username))
		b.judge(ctx, b.newAttempt(c, pk, user))
		return
	}
	b.loginByUpload(ctx, c, pk)
}

// unreadable keeps in the journal of the default sandbox what was no CONNECT.
func (b *Broker) unreadable(ctx context.Context, c *conn, raw []byte, err error) {
	a := b.newAct(c, mqtt.Connect, nil)
	if failure := a.begin(ctx, wire.Credential{}); failure != nil {
		return
	}
	a.Fail(refuse(mqtt.BadVersion, "packet", capitalize(err.Error())+"."))
	if hint := hintOf(raw); hint != "" {
		a.advise("packet", hint)
	}
	a.Effects.Network = scenario.Close // nobody knows what the client would understand
	_ = a.record(ctx)
}

// hintOf says what a client that speaks no MQTT seems to speak.
func hintOf(raw []byte) string {
	switch {
	case raw[0] == 0x16:
		return "It looks like TLS: this port speaks plain MQTT; TLS is spoken at the address of --mqtts-addr."
	case bytes.ContainsRune([]byte("GPHDO"), rune(raw[0])):
		return "It looks like HTTP: MQTT over WebSocket is spoken at the address of --mqtt-ws-addr, the APIs at --addr."
	}
	return ""
}

// begin starts the turn of an act, in the sandbox of the credential.
func (a *act) begin(ctx context.Context, c wire.Credential) error {
	playlist := store.Get{Key: play.PlaylistKey}
	turn, err := a.broker.world.Begin(ctx, c, &playlist)
	if err != nil {
		a.broker.options.Log.Error("a client of the broker could not be served", "error", err)
		return err
	}
	a.turn, a.playlist, a.call.Credential = turn, playlist.Value, c
	return nil
}

// beginIn starts the turn of an act in a sandbox.
func (a *act) beginIn(ctx context.Context, box *sandbox.Sandbox, c wire.Credential) error {
	if err := a.broker.world.Sandboxes().Use(ctx, box); err != nil {
		return err
	}
	playlist := store.Get{Key: play.PlaylistKey}
	turn, err := box.Begin(ctx, &playlist)
	if err != nil {
		return err
	}
	a.turn, a.playlist, a.call.Credential = turn, playlist.Value, c
	return nil
}

// versionNames are the versions of the protocol as people write them.
func versionName(version byte) string {
	switch version {
	case version311:
		return "3.1.1"
	case version5:
		return "5.0"
	case 3:
		return "3.1"
	}
	return fmt.Sprintf("level %d", version)
}

// newAttempt describes a CONNECT. Its password is described by the types of its tokens alone.
func (b *Broker) newAttempt(c *conn, pk packets.Packet, user mqtt.User) *attempt {
	var types []string
	if user.Mode == mqtt.ModeToken {
		tokens, _ := mqtt.ReadTokens(string(pk.Connect.Password))
		for _, t := range tokens {
			types = append(types, t.Type)
		}
	}
	return &attempt{conn: c, connect: pk, user: user, act: b.newAct(
		c, mqtt.Connect, nil,
		parameter{mqtt.ClientID, pk.Connect.ClientIdentifier}, parameter{mqtt.InstanceID, user.InstanceID},
		parameter{mqtt.UserName, string(pk.Connect.Username)}, parameter{mqtt.Mode, user.Mode},
		parameter{mqtt.Types, joined(types)}, parameter{mqtt.CleanSession, pk.Connect.Clean},
		parameter{mqtt.KeepAlive, int64(pk.Connect.Keepalive)},
		parameter{mqtt.Version, versionName(pk.ProtocolVersion)},
	)}
}

// judge lets a client in that names itself, or refuses it.
func (b *Broker) judge(ctx context.Context, a *attempt) {
	credential := wire.Credential{Kind: wire.AccessKey, ID: a.user.AccessKeyID}
	if a.begin(ctx, credential) != nil {
		_, _ = a.conn.Write(a.connack(mqtt.Unavailable, 136))
		return
	}
	a.decide(ctx, func() {
		if err := a.authenticate(ctx); err != nil {
			a.Fail(err)
			a.alike()
		}
	})
	b.admit(ctx, a)
}

// admit answers an attempt that was judged.
func (b *Broker) admit(ctx context.Context, a *attempt) {
	var s *session
	if a.Fault == nil && a.Effects.Network == "" {
		var err error
		if s, err = b.seat(a); err != nil {
			a.Fail(err)
		}
	}
	a.remark()
	if err := a.record(ctx); err != nil && a.Fault == nil {
		a.Fault = gateway.AsFault(err) // who is in must be known
	}
	inTime := a.Effects.Delay == 0 || b.wait(b.ctx, a.Effects.Delay)
	if a.Fault == nil && s != nil && inTime {
		b.host(a, s)
		return
	}
	if s != nil {
		s.stage.unseat(s)
	}
	if inTime {
		a.refuse()
	}
}

// refuse tells the client that it is not let in, unless a scenario keeps that from it.
func (a *attempt) refuse() {
	switch a.Effects.Network {
	case scenario.Stall, scenario.Late:
		_, _ = io.Copy(io.Discard, a.conn) // until the client gives up
		return
	case scenario.Reset:
		a.conn.abrupt.Store(true)
		return
	case scenario.Close:
		return
	case scenario.Truncate, scenario.Drip, "":
	}
	if answer, failed := a.answer(); failed && !a.conn.acknowledged.Load() {
		_, _ = a.conn.Write(a.connack(answer.Name, answer.Number))
	}
}

// connack is the answer to a CONNECT that is refused with a code of 3.1.1, or a reason code of 5.0.
func (a *attempt) connack(code string, reason int) []byte {
	if a.connect.ProtocolVersion == version5 {
		return connack(byte(reason), version5)
	}
	number := byte(3)
	if len(code) == 1 && code[0] >= '1' && code[0] <= '5' {
		number = code[0] - '0'
	}
	return connack(number, version311)
}

// alike tells of the credential that was most likely meant where the named one is not known.
func (a *attempt) alike() {
	if _, known := a.turn.Key(a.call.Credential); known {
		return
	}
	if id, box := a.broker.world.Sandboxes().Nearest(a.call.Credential); id != "" {
		a.Findings = append(a.Findings, wire.Finding{
			Check: "credential", Level: wire.LevelAdvice, Expected: id, Got: a.call.Credential.ID,
			Message: fmt.Sprintf("The nearest credential that is known is %q, of the sandbox %s.", id, box),
		})
	}
}

// remark tells of what is odd about a login, whatever becomes of it.
func (a *attempt) remark() {
	if a.connect.Connect.WillFlag {
		a.advise("will", "The service has no will: this one is ignored.")
	}
	if seconds := time.Duration(a.connect.Connect.Keepalive) * time.Second; seconds > mqtt.MaxKeepAlive || seconds == 0 {
		a.advise("keep-alive", fmt.Sprintf("A keep-alive of %s counts as %s.", seconds, mqtt.MaxKeepAlive))
	}
}

// checkConnect finds what the protocol forbids in a CONNECT.
func checkConnect(pk *packets.Packet) *wire.Fault {
	version := pk.ProtocolVersion
	if string(pk.Connect.ProtocolName) != "MQTT" || version != version311 && version != version5 {
		return refuse(mqtt.BadVersion, "protocol", fmt.Sprintf(
			"The client speaks %q in version %s; MQTT in version 3.1.1 or 5.0 is spoken here.",
			pk.Connect.ProtocolName, versionName(version)))
	}
	if err := mqtt.CheckClientID(pk.Connect.ClientIdentifier); err != nil {
		return refuse(mqtt.BadClientID, "client id", capitalize(err.Error())+".")
	}
	if method := pk.Properties.AuthenticationMethod; method != "" {
		return refuse(mqtt.BadLogin, "authentication", fmt.Sprintf(
			"The client asks for the authentication method %q; there is none beside user name and password.", method))
	}
	if pk.ReservedBit != 0 {
		return refuse(mqtt.BadVersion, "protocol", "The reserved flag of the CONNECT is set.")
	}
	return nil
}

// authenticate judges a client that names itself.
func (a *attempt) authenticate(ctx context.Context) error {
	if fault := checkConnect(&a.connect); fault != nil {
		return fault
	}
	if _, err := mqtt.ReadUser(string(a.connect.Connect.Username)); err != nil {
		return refuse(mqtt.BadLogin, "user name", capitalize(err.Error())+".")
	}
	key, known := a.turn.Key(a.call.Credential)
	switch {
	case a.user.Mode == mqtt.ModeDevice:
		return refuse(mqtt.BadLogin, "user name",
			"Logins by device credentials are not emulated: no operation here registers a device. Use Signature or Token.")
	case !known || key.Temporary:
		return refuse(mqtt.BadLogin, "AccessKey", fmt.Sprintf(
			"No AccessKey %q is known. %s", a.user.AccessKeyID, gateway.WhereKeysAre))
	case key.Disabled:
		return refuse(mqtt.BadLogin, "AccessKey", fmt.Sprintf("The AccessKey %q is disabled.", key.ID))
	case !sandbox.Allows(a.turn.Fixtures.Instances, a.user.InstanceID):
		return refuse(mqtt.BadLogin, "instance", fmt.Sprintf(
			"This sandbox has no instance %q; it has %q.", a.user.InstanceID, a.turn.Fixtures.Instances))
	case a.user.Mode == mqtt.ModeSignature:
		return a.checkSignature(key)
	}
	return a.checkTokens(ctx)
}

func (a *attempt) checkSignature(key sandbox.Key) error {
	expected := mqtt.Sign(a.connect.Connect.ClientIdentifier, key.Secret)
	if hmac.Equal([]byte(expected), a.connect.Connect.Password) {
		return nil
	}
	fault := refuse(mqtt.BadLogin, "signature", "The password is not the base64 of the HMAC-SHA1 over the client id, "+
		"with the AccessKey Secret as key.")
	fault.Findings[0].Server = a.connect.Connect.ClientIdentifier
	if hint := passwordHint(a.connect.Connect, key.Secret); hint != "" {
		fault.Findings = append(fault.Findings, wire.Finding{
			Check: "signature", Level: wire.LevelAdvice, Message: hint,
		})
	}
	return fault
}

// passwordHint says what a wrong password of the mode Signature is instead; empty where that is not seen.
func passwordHint(c packets.ConnectParams, secret string) string {
	given, expected := string(c.Password), mqtt.Sign(c.ClientIdentifier, secret)
	raw, _ := base64.StdEncoding.DecodeString(expected)
	_, err := mqtt.ReadTokens(given)
	switch {
	case given == "":
		return "The password is empty."
	case strings.TrimSpace(given) == expected:
		return "The password is right but for the blanks or line ends around it."
	case strings.EqualFold(given, hex.EncodeToString(raw)):
		return "The password is in hexadecimal; it must be in base64."
	case given == string(raw):
		return "The password is the bytes of the signature; it must be in base64."
	case given == secret:
		return "The password is the AccessKey Secret itself."
	case given == mqtt.Sign(string(c.Username), secret):
		return "The password is the signature of the user name; the client id is signed."
	case given == mqtt.Sign(strings.Split(c.ClientIdentifier, "@@@")[0], secret):
		return "The password is the signature of the group id; the whole client id is signed."
	case err == nil:
		return "The password is one of the mode Token; the user name says Signature."
	}
	return ""
}

// checkTokens opens the tokens of the password. All of them must be good.
func (a *attempt) checkTokens(ctx context.Context) error {
	bad := mqtt.NotAuthorized
	if a.broker.options.BadToken != BadTokenAuthorized {
		bad = mqtt.BadLogin
	}
	given, err := mqtt.ReadTokens(string(a.connect.Connect.Password))
	if err != nil {
		return refuse(mqtt.BadLogin, "password", capitalize(err.Error())+".")
	}
	for _, t := range given {
		opened, err := a.broker.open(ctx, a.turn, t, a.user.InstanceID)
		if err != nil {
			return err
		}
		a.held = append(a.held, opened)
		if opened.bad == "" {
			continue
		}
		if a.broker.options.BadToken != BadTokenLater {
			return refuse(bad, "token", opened.why)
		}
		a.advise("token", opened.why+" The login passes: --mqtt-bad-token says later.")
	}
	return nil
}

// open judges a token that a client gives for an instance.
func (b *Broker) open(ctx context.Context, turn *sandbox.Turn, t mqtt.TypedToken, instance string) (held, error) {
	h := held{kind: t.Type}
	claims, ok := b.options.Tokens.Issued(turn.Sandbox, t.Text)
	if !ok {
		h.bad, h.why = mqtt.Forged, fmt.Sprintf("The token of the type %s was not issued by the sandbox %s.", t.Type, turn.ID)
		return h, nil
	}
	state, err := turn.TokenState(ctx, claims)
	if err != nil {
		return h, fmt.Errorf("look up the token: %w", err)
	}
	if h.grant, err = b.options.Tokens.GrantOf(ctx, turn.Space(), claims); err != nil {
		return h, err
	}
	h.bad, h.why = badState(state, claims, turn.Now)
	switch {
	case h.bad != "":
	case h.grant.Instance != instance:
		h.bad, h.why = mqtt.Forged, fmt.Sprintf("The token %s was issued for the instance %q, not for %q.",
			claims.ID(), h.grant.Instance, instance)
	case h.reads() && !h.grant.Read || h.writes() && !h.grant.Write:
		h.bad, h.why = mqtt.WrongType, fmt.Sprintf(
			"The token %s does not permit all that its type %s says: it was issued for %s.",
			claims.ID(), t.Type, h.grant.actions())
	}
	return h, nil
}

// badState is the code of a notice about a token in that state, and what it says to people; empty for an active one.
func badState(state token.State, claims token.Claims, now time.Time) (code, why string) {
	switch state {
	case token.Active:
		return "", ""
	case token.Expired:
		if claims.Expired(now) {
			return mqtt.Expired, fmt.Sprintf("The token %s ended at %s, %s before the sandbox's clock.",
				claims.ID(), claims.Ends().Format(wire.InstantLayout), now.Sub(claims.Ends()).Round(time.Millisecond))
		}
		return mqtt.Expired, fmt.Sprintf("The token %s was ended over the control plane.", claims.ID())
	default:
		return mqtt.Revoked, fmt.Sprintf("The token %s is %s.", claims.ID(), state)
	}
}

// loginByUpload lets a client in that does not name itself, and waits for the token that says who it is.
func (b *Broker) loginByUpload(ctx context.Context, c *conn, pk packets.Packet) {
	if _, err := c.Write(connack(0, pk.ProtocolVersion)); err != nil {
		return
	}
	raw, upload, err := awaitUpload(c, pk.ProtocolVersion)
	if err != nil {
		b.nameless(ctx, c, pk, mqtt.ProtocolError, err)
		return
	}
	box, claims, err := b.issuer(ctx, upload)
	if err != nil {
		b.nameless(ctx, c, pk, mqtt.Forged, err)
		return
	}
	a := b.newAttempt(c, pk, mqtt.User{Mode: mqtt.ModeUpload, InstanceID: claims.Subject})
	if a.beginIn(ctx, box, wire.Credential{}) != nil {
		return
	}
	a.decide(ctx, func() {})
	c.acknowledged.Store(true)
	c.ahead = raw
	b.admit(ctx, a)
}

// nameless keeps in the journal of the default sandbox that a client never said who it is, tells it and lets it go.
func (b *Broker) nameless(ctx context.Context, c *conn, pk packets.Packet, code string, err error) {
	end := b.newAct(c, mqtt.Disconnect, nil, parameter{mqtt.ClientID, pk.Connect.ClientIdentifier})
	if end.begin(ctx, wire.Credential{}) != nil {
		return
	}
	end.Fail(refuse(code, "upload", capitalize(err.Error())+"."))
	if code == mqtt.Forged {
		end.notice = mqtt.InvalidNotice(code, mqtt.ReadWrite)
		_, _ = c.Write(encode(noticePacket(mqtt.InvalidTopic, end.notice), pk.ProtocolVersion))
	}
	_ = end.record(ctx)
}

// awaitUpload reads packets until a token is published, and returns that packet too.
func awaitUpload(c *conn, version byte) (raw []byte, upload mqtt.TypedToken, err error) {
	for {
		header, raw, err := readPacket(c, maxConnect)
		if err != nil {
			return nil, upload, fmt.Errorf(
				"the client logged in without a user name and left before it published a token to %s: %w", mqtt.UploadTopic, err)
		}
		if header.Type == packets.Pingreq {
			_, _ = c.Write(encode(packets.Packet{FixedHeader: packets.FixedHeader{Type: packets.Pingresp}}, version))
			continue
		}
		pk := packets.Packet{FixedHeader: header, ProtocolVersion: version}
		if header.Type != packets.Publish || pk.PublishDecode(slices.Clone(bodyOf(header, raw))) != nil ||
			pk.TopicName != mqtt.UploadTopic {
			return nil, upload, fmt.Errorf("a client that logs in without a user name first has to publish a token to %s",
				mqtt.UploadTopic)
		}
		upload, err = mqtt.ReadUpload(pk.Payload)
		return raw, upload, err
	}
}

// issuer finds the sandbox that issued a token: the default one is asked first.
func (b *Broker) issuer(ctx context.Context, t mqtt.TypedToken) (*sandbox.Sandbox, token.Claims, error) {
	if claims, ok := b.options.Tokens.Issued(b.world.Default(), t.Text); ok {
		return b.world.Default(), claims, nil
	}
	boxes, err := b.world.AllSandboxes(ctx)
	if err != nil {
		return nil, token.Claims{}, err
	}
	for _, box := range boxes {
		if claims, ok := b.options.Tokens.Issued(box, t.Text); ok {
			return box, claims, nil
		}
	}
	return nil, token.Claims{}, errors.New("no sandbox issued the token that the client published")
}

// resend is the CONNECT that the library gets: without what it must not see or do.
func (a *attempt) resend() []byte {
	pk := a.connect
	pk.Connect.UsernameFlag, pk.Connect.PasswordFlag = false, false
	pk.Connect.Username, pk.Connect.Password = nil, nil
	pk.Connect.WillFlag, pk.Connect.WillRetain, pk.Connect.WillQos = false, false, 0
	if longest := uint32(mqtt.KeptFor.Seconds()); pk.Properties.SessionExpiryInterval > longest {
		pk.Properties.SessionExpiryInterval = longest
	}
	return encode(pk, pk.ProtocolVersion)
}

// keepAlive is what counts of a keep-alive, in seconds.
func keepAlive(seconds uint16) uint16 {
	longest := uint16(min(mqtt.MaxKeepAlive.Seconds(), math.MaxUint16))
	if seconds == 0 {
		return longest
	}
	return min(seconds, longest)
}
