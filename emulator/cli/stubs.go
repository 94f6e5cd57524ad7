package cli

type (
	envCommand         struct{ none }
	apisCommand        struct{ none }
	requestsCommand    struct{ none }
	clockCommand       struct{ none }
	sandboxCommand     struct{ none }
	healthcheckCommand struct{ none }
	versionCommand     struct{ none }
	none               struct{}
)

const defaultControl = "http://127.0.0.1:4011"

func (none) Run() error { return nil }
