package main

import (
	"bytes"
	"net/http"
	"net/url"
	"time"

	"github.com/tokenstage/tokenstage/emulator/internal/gatewaytest"
)

// operation is the call that is measured. A server authenticates and validates it, counts it against its quota, issues
// a token, checks its own reply and writes the call to the journal.
const operation = "onsmqtt.ApplyToken"

// caller makes signed calls to one sandbox.
type caller struct {
	host, sandbox string
	signer        *gatewaytest.ACS
}

func newCaller(host, box, id, secret string) *caller {
	return &caller{host, box, &gatewaytest.ACS{AccessKeyID: id, AccessKeySecret: secret, Now: time.Now}}
}

// request returns a signed call as it goes over the wire. Each has a nonce of its own.
func (c *caller) request() ([]byte, error) {
	signed := c.signer.V3(gatewaytest.Request{
		Method: http.MethodPost, Path: "/", Host: c.host, Header: http.Header{"Accept": {"application/json"}},
		Query: url.Values{
			"Actions": {"R,W"}, "ExpireTime": {"1893456000000"}, "InstanceId": {"post-cn-test001"},
			"Resources": {"TopicA/+,TopicB/#"},
		},
	}, "ApplyToken", "2020-04-20")
	req, err := signed.HTTP()
	if err != nil {
		return nil, err
	}
	var raw bytes.Buffer
	err = req.Write(&raw)
	return raw.Bytes(), err
}

// requests returns count signed calls, made by each of the callers in turn.
func requests(callers []*caller, count int) ([][]byte, error) {
	all := make([][]byte, count)
	for i := range all {
		raw, err := callers[i%len(callers)].request()
		if err != nil {
			return nil, err
		}
		all[i] = raw
	}
	return all, nil
}
