package broker

// ReadConnect and Resend give tests the reader of a CONNECT.
var (
	ReadPacket    = readPacket
	DecodeConnect = decodeConnect
)

// MaxConnect is the largest CONNECT.
const MaxConnect = maxConnect
