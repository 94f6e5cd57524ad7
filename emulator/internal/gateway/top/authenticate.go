package top

import (
	"context"
	"strings"

	"github.com/tokenstage/tokenstage/emulator/internal/gateway"
	"github.com/tokenstage/tokenstage/emulator/internal/sandbox"
	"github.com/tokenstage/tokenstage/emulator/internal/wire"
)

// Authenticate implements gateway.Exchange. The live gateway is known to judge the app key before the signature; the
// rest of the order is ours. session is signed like any parameter and otherwise ignored: the method's page does not
// say that it needs one.
func (e *exchange) Authenticate(_ context.Context, turn *sandbox.Turn) ([]wire.Finding, error) {
	key, err := e.checkKey(turn)
	if err != nil {
		return nil, err
	}
	if err := e.checkTimestamp(turn); err != nil {
		return nil, err
	}
	if err := e.checkVersion(); err != nil {
		return nil, err
	}
	if err := e.checkFormat(); err != nil {
		return nil, err
	}
	if err := e.checkSignature(turn, key.Secret); err != nil {
		return nil, err
	}
	return e.params.advice(), nil
}

func (e *exchange) checkKey(turn *sandbox.Turn) (sandbox.Key, error) {
	if e.call.Credential.ID == "" {
		return sandbox.Key{}, gateway.Refuse(wire.MissingKey, "app_key", "The parameter app_key is absent.")
	}
	key, ok := turn.Key(e.call.Credential)
	if !ok {
		return key, gateway.Differ(wire.UnknownKey, "app_key", "No sandbox has an app with this key. "+gateway.WhereKeysAre,
			"", validUTF8(e.call.Credential.ID))
	}
	return key, nil
}

// version is the only one that the platform has, vendor page "public parameters".
const version = "2.0"

func (e *exchange) checkVersion() error {
	switch v := e.params.values["v"]; v {
	case version:
		return nil
	case "":
		return gateway.Refuse(wire.MissingVersion, "v", "The parameter v is absent.")
	default:
		return gateway.Differ(wire.UnknownVersion, "v", "The version is not served.", version, validUTF8(v))
	}
}

func (e *exchange) checkFormat() error {
	format := e.params.values["format"]
	if e.wantsJSON() || format == "" || strings.EqualFold(format, "xml") {
		return nil
	}
	return gateway.Differ(wire.WrongFormat, "format",
		"The format is not served; json2 and xml2 belong to another product of the platform.",
		"xml or json", validUTF8(format))
}

// wantsJSON: XML is the default, and answers also a format that is refused.
func (e *exchange) wantsJSON() bool { return strings.EqualFold(e.params.values["format"], "json") }
