// Command app is an app that knows nothing of Tokenstage: it asks Alibaba Cloud for a token of MQTT, with the vendor's
// own SDK at the SDK's own endpoint, over HTTPS.
package main

import (
	"fmt"
	"os"
	"strconv"
	"time"

	"github.com/aliyun/alibaba-cloud-sdk-go/sdk"
	"github.com/aliyun/alibaba-cloud-sdk-go/sdk/auth/credentials"
	"github.com/aliyun/alibaba-cloud-sdk-go/sdk/requests"
	"github.com/aliyun/alibaba-cloud-sdk-go/services/onsmqtt"
)

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "app:", err)
		os.Exit(1)
	}
}

func run() error {
	key := credentials.NewAccessKeyCredential(
		os.Getenv("ALIBABA_CLOUD_ACCESS_KEY_ID"), os.Getenv("ALIBABA_CLOUD_ACCESS_KEY_SECRET"))
	client, err := onsmqtt.NewClientWithOptions("cn-hangzhou", sdk.NewConfig().WithScheme("HTTPS"), key)
	if err != nil {
		return err
	}
	request := onsmqtt.CreateApplyTokenRequest()
	request.InstanceId = "post-cn-0pp12gl0001"
	request.Resources = "TopicA/+"
	request.Actions = "R"
	request.ExpireTime = requests.Integer(strconv.FormatInt(time.Now().Add(time.Hour).UnixMilli(), 10))
	response, err := client.ApplyToken(request)
	if err != nil {
		return err
	}
	fmt.Printf("a token from https://%s: %s\n", request.GetDomain(), response.Token)
	return nil
}
