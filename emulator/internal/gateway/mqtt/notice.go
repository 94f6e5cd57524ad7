package mqtt

import (
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// System topics: Client-related methods.
const (
	UploadTopic  = "$SYS/uploadToken"
	ExpireTopic  = "$SYS/tokenExpireNotice"
	InvalidTopic = "$SYS/tokenInvalidNotice"
	// OrderTopic and OfflineTopic are taken and have no effect: the demos of the vendor publish to them.
	OrderTopic   = "$SYS/enableOrderMsg"
	OfflineTopic = "$SYS/getOfflineMsg"
)

// IsSystem reports whether a topic is one of the service's own.
func IsSystem(topic string) bool {
	return len(topic) >= len("$SYS") && strings.EqualFold(topic[:len("$SYS")], "$SYS")
}

// InvalidNotice is the payload of the notice that a token is not good, or not any more.
func InvalidNotice(code, kind string) []byte {
	number, _ := strconv.Atoi(code)
	return encode(struct {
		Code int    `json:"code"`
		Type string `json:"type"`
	}{number, kind})
}

// ExpireNotice is the payload of the notice that a token ends soon.
func ExpireNotice(ends time.Time, kind string) []byte {
	return encode(struct {
		ExpireTime int64  `json:"expireTime"`
		Type       string `json:"type"`
	}{ends.UnixMilli(), kind})
}

func encode(payload any) []byte {
	raw, err := json.Marshal(payload)
	if err != nil {
		panic(err) // numbers and short texts always have a JSON form
	}
	return raw
}

// ReadUpload reads what a client published to UploadTopic. One edition of the page writes the first member as Token.
func ReadUpload(payload []byte) (TypedToken, error) {
	var upload struct {
		Token string `json:"token"` // read whatever its case
		Type  string `json:"type"`
	}
	if err := json.Unmarshal(payload, &upload); err != nil {
		return TypedToken{}, fmt.Errorf(`an upload is JSON such as {"token":"TOKEN","type":"RW"}: %w`, err)
	}
	switch {
	case !IsType(upload.Type): // which may be a token in the wrong place: it is not repeated
		return TypedToken{}, errors.New("the type of an upload is R, W or RW")
	case upload.Token == "":
		return TypedToken{Type: upload.Type}, errors.New("the upload has no token")
	}
	return TypedToken{upload.Type, upload.Token}, nil
}
