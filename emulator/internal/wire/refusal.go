package wire

// Refusal is a request that net/http refused by itself, or what came in place of one. No gateway could see it.
type Refusal struct {
	// Status and Text are what the client was answered with; zero and empty where it got no answer.
	Status int
	Text   string
	// Why says the cause in sentences.
	Why string
	// Head is how the request begins, as far as it is known.
	Head []byte
	// Client is the address that it came from.
	Client string
	// Secure says that it came to a port for HTTPS.
	Secure bool
}
