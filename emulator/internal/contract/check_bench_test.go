package contract_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/tokenstage/tokenstage/emulator/internal/contract"
	"github.com/tokenstage/tokenstage/emulator/internal/wire"
)

// BenchmarkCheck is the validation of a usual request and of its reply.
func BenchmarkCheck(b *testing.B) {
	op := operation(b, shipped(b), "onsmqtt.ApplyToken")
	b.Run("request", func(b *testing.B) {
		b.ReportAllocs()
		values := contract.Values{Text: map[string]string{
			"Actions": "R,W", "ExpireTime": "1893456000000", "InstanceId": "post-cn-test001", "Resources": "TopicA/+,TopicB/#",
		}}
		for b.Loop() {
			if _, problems := op.Check(values); problems != nil {
				b.Fatal(problems)
			}
		}
	})
	b.Run("reply", func(b *testing.B) {
		b.ReportAllocs()
		value := wire.Object{
			{Name: "RequestId", Value: "31782AAF-D0CC-44C3-ABFD-1B500276F8CD"}, {Name: "Token", Value: strings.Repeat("a", 120)},
		}
		for b.Loop() {
			if err := op.CheckReply(http.StatusOK, value); err != nil {
				b.Fatal(err)
			}
		}
	})
}
