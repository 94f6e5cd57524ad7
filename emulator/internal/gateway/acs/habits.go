package acs

import "github.com/tokenstage/tokenstage/emulator/internal/settings"

// Habits are those that the published sources of the clients show: alibaba-cloud-sdk-go (services, request.go),
// openapi-sdk-php-client (Request.php, $scheme), aliyun-python-sdk-core (http_response.py, get_verify_value) and Tea of
// alibabacloud-tea (core.py, get_adapter).
func (Profile) Habits() settings.Habits {
	return settings.Habits{
		PlainHTTP: []string{"alibaba-cloud-sdk-go", "alibabacloud/client for PHP"},
		Trust: []settings.Text{
			{
				Name: "python", Title: "Alibaba Cloud's SDK (alibabacloud-tea), which passes over REQUESTS_CA_BUNDLE",
				Text: "SSL_CERT_FILE={file} python app.py",
			},
			{
				Name: "python", Title: "Alibaba Cloud's older SDK (aliyun-python-sdk-core); it then trusts no other roots",
				Text: "ALIBABA_CLOUD_CA_BUNDLE={file} python app.py",
			},
		},
	}
}
