package acs

import (
	"crypto/md5" //nolint:gosec // the provider's entity tag is made of it
	"encoding/base64"
	"encoding/hex"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// Headers of every reply, in the form in which net/http keeps them.
const (
	requestIDHeader  = "X-Acs-Request-Id"
	traceHeader      = "X-Acs-Trace-Id"
	retryAfterHeader = "X-Acs-Retry-After"
)

// What every reply says alike; nobody changes the values.
var (
	anyone    = []string{"*"}
	keepsOpen = []string{"keep-alive"}
	stayOpen  = []string{"timeout=25"}
)

// replyHeader holds what public transcripts of the live gateway show, but for the date, with room for that.
func (x *exchange) replyHeader(status int, content []string, body []byte) http.Header {
	header := make(http.Header, 10)
	header["Content-Type"] = content
	header["Access-Control-Allow-Origin"] = anyone
	header["Access-Control-Expose-Headers"] = anyone
	values := []string{x.call.ID, traceOf(x.call.ID), ""} // one piece of memory
	header[requestIDHeader], header[traceHeader] = values[:1:1], values[1:2:2]
	if status == http.StatusOK {
		values[2] = entityTag(body)
		header["Etag"] = values[2:3:3]
	}
	if !closes(x.req.Header) {
		header["Connection"], header["Keep-Alive"] = keepsOpen, stayOpen
	}
	return header
}

// closes reports whether the client closes the connection after the reply.
func closes(header http.Header) bool {
	for _, value := range header["Connection"] {
		for option := range strings.SplitSeq(value, ",") {
			if strings.EqualFold(strings.TrimSpace(option), "close") {
				return true
			}
		}
	}
	return false
}

// traceOf is the id of a call in the provider's tracing: 32 lower-case digits. It follows from the request id, so that
// it takes nothing from the sandbox's chance.
func traceOf(requestID string) string {
	var text, room [48]byte
	sum := md5.Sum(append(room[:0], requestID...)) //nolint:gosec // no secret
	return string(hex.AppendEncode(text[:0], sum[:]))
}

// entityTag is the Etag of a body, not in quotation marks: the first digit of its length, the base64 of its MD5 without
// padding, and the last digit of its length. A public transcript shows both: 5TMxmkRtXpXAdkf/r7rDdEA2 for 52 bytes.
func entityTag(body []byte) string {
	var room, digits [32]byte
	length := strconv.AppendInt(digits[:0], int64(len(body)), 10)
	sum := md5.Sum(body) //nolint:gosec // the provider's choice
	text := base64.RawStdEncoding.AppendEncode(append(room[:0], length[0]), sum[:])
	return string(append(text, length[len(length)-1]))
}

// throttled begins the codes of the gateway's own flow control, and usualWait is what it asks for where nothing says
// how long that lasts.
const (
	throttled = "Throttling"
	usualWait = time.Second
)

// retryAfter is what a refusal says about when to come again, in whole milliseconds: until the quota that refused it
// has room. Zero says nothing.
func retryAfter(code string, wait time.Duration) int64 {
	if wait <= 0 && (code == throttled || strings.HasPrefix(code, throttled+".")) {
		wait = usualWait
	}
	return int64((wait + time.Millisecond - 1) / time.Millisecond)
}
